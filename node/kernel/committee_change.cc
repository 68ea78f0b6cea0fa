#include "node/kernel/committee_change.h"

#include "base/check.h"
#include "consensus/statements.h"
#include "crypto/verified.h"

#include <algorithm>
#include <utility>

namespace kernel {

namespace {

std::string_view explain(consensus::Unready why) {
  switch (why) {
    case consensus::Unready::no:
      return "its signature does not hold";
    case consensus::Unready::behind:
      return "is still catching up";
    case consensus::Unready::other_epoch:
      return "is in another epoch";
    case consensus::Unready::other_key:
      return "does not hold that vote key (see parley keygen --data DIR; it is read at a start)";
    case consensus::Unready::abstains:
      return "abstains: not all that its vote key promised is known, so it needs a fresh one";
    case consensus::Unready::out_of_range:
      return "is asked for too long a promise";
  }
  return "";
}

// An attestation that holds for `seat`.
bool attests(const consensus::Readiness& readiness, const consensus::GetReady& question,
             const base::NodeId& vote_key) {
  if (readiness.why != consensus::Unready::no) return false;
  return crypto::check({.signer = vote_key,
                        .statement = consensus::ready_statement(question.epoch_id, question.next,
                                                                question.not_after_height),
                        .signature = readiness.signature})
      .holds();
}

}  // namespace

std::optional<ledger::Reconfigure> committee_change_in(const ledger::Payload& payload) {
  if (const auto* change = std::get_if<ledger::Reconfigure>(&payload)) return *change;
  const auto* ballot = std::get_if<ledger::OpenBallot>(&payload);
  if (ballot == nullptr || !ballot->effect) return std::nullopt;
  const auto effect = ledger::parse_payload(ballot->effect->kind, ballot->effect->payload);
  if (!effect) return std::nullopt;
  const auto* change = std::get_if<ledger::Reconfigure>(&*effect);
  return change == nullptr ? std::nullopt : std::optional(*change);
}

CommitteeChange::CommitteeChange(Options options, ledger::Payload payload,
                                 const ledger::Seats& old_seats, consensus::GetReady question,
                                 base::Instant now)
    : options_(options),
      payload_(std::move(payload)),
      question_(std::move(question)),
      next_(consensus::next_epoch_root(question_.next)),
      ask_at_(now),
      give_up_at_(now + options.give_up) {
  auto change = committee_change_in(payload_);
  CHECK(change.has_value());
  reconfigure_ = *std::move(change);
  reconfigure_.epoch_id = question_.epoch_id;
  for (const ledger::Seat& seat : reconfigure_.seats) {
    if (!std::binary_search(old_seats.begin(), old_seats.end(), seat)) newcomers_.insert(seat.node);
  }
}

std::vector<base::NodeId> CommitteeChange::on_time(base::Instant now) {
  std::vector<base::NodeId> asked;
  if (now < ask_at_) return asked;
  ask_at_ = now + options_.ask_every;
  for (const ledger::Seat& seat : reconfigure_.seats) {
    if (!ready_.contains(seat.node)) asked.push_back(seat.node);
  }
  return asked;
}

void CommitteeChange::on_readiness(const base::NodeId& from, const consensus::Readiness& readiness,
                                   base::Instant now) {
  if (readiness.next != next_ || readiness.epoch_id != question_.epoch_id) return;
  if (readiness.not_after_height != question_.not_after_height || ready_.contains(from)) return;
  const auto seat = question_.next.committee.index_of(from);
  if (!seat) return;
  // A bad signature is checked once, and then never again from the same node.
  const auto refused = refused_.find(from);
  if (refused != refused_.end() && refused->second == consensus::Unready::no) return;
  if (!attests(readiness, question_, question_.next.committee.member(*seat).vote_key)) {
    refused_[from] = readiness.why;
    return;
  }
  refused_.erase(from);
  ready_.emplace(from, readiness.signature);
  if (!enough_since_ && enough()) enough_since_ = now;
}

base::Instant CommitteeChange::next_deadline() const {
  base::Instant next = std::min(ask_at_, give_up_at_);
  if (enough_since_) next = std::min(next, *enough_since_ + options_.patience);
  return next;
}

bool CommitteeChange::enough() const {
  const bool newcomers_ready =
      std::all_of(newcomers_.begin(), newcomers_.end(),
                  [&](const base::NodeId& node) { return ready_.contains(node); });
  return newcomers_ready && ready_.size() >= ledger::quorum_of(reconfigure_.seats.size());
}

bool CommitteeChange::over(base::Instant now) const {
  if (complete() || now >= give_up_at_) return true;
  return enough_since_ && now >= *enough_since_ + options_.patience;
}

base::Result<ledger::Payload, std::string> CommitteeChange::outcome() const {
  if (!enough()) {
    const std::size_t seats = reconfigure_.seats.size();
    std::string text = "too few of the new committee are ready: " + std::to_string(ready_.size()) +
                       " of " + std::to_string(seats) + ", and " +
                       std::to_string(ledger::quorum_of(seats)) +
                       " must be, with everybody who is new in it.";
    for (const ledger::Seat& seat : reconfigure_.seats) {
      if (ready_.contains(seat.node)) continue;
      const auto refused = refused_.find(seat.node);
      text += " " + seat.node.short_hex() + " ";
      text += refused == refused_.end() ? "did not answer" : explain(refused->second);
      text += ";";
    }
    text.back() = '.';
    return base::Unexpected{text};
  }
  ledger::Reconfigure change = reconfigure_;
  change.ready.clear();
  for (std::size_t i = 0; i < change.seats.size(); ++i) {
    const auto ready = ready_.find(change.seats[i].node);
    if (ready == ready_.end()) continue;
    change.ready.push_back({.seat = static_cast<std::uint16_t>(i),
                            .not_after_height = question_.not_after_height,
                            .signature = ready->second});
  }
  ledger::Payload out = payload_;
  if (auto* ballot = std::get_if<ledger::OpenBallot>(&out)) {
    ballot->effect->payload = ledger::encode_payload(ledger::Payload(std::move(change)));
  } else {
    out = std::move(change);
  }
  return out;
}

}  // namespace kernel
