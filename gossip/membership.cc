#include "gossip/membership.h"

#include "gossip/membership_state.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace gossip {

Membership::Membership(Options options, Self self, const crypto::Identity& identity, base::Rng rng)
    : state_(std::make_unique<State>(options, std::move(self), identity, rng)) {}
Membership::~Membership() = default;
Membership::Membership(Membership&&) noexcept = default;

void Membership::guard(std::function<bool(const base::NodeId& id)> welcomes) {
  state_->view.guard(std::move(welcomes));
}

void Membership::on_doors_changed(std::span<const base::NodeId> whom, base::Instant now,
                                  Effects& effects) {
  state_->begin(now, effects);
  state_->view.on_doors_changed(whom, now, effects);
  state_->finish(now, effects);
}

void Membership::on_start(base::WallTime wall, base::Instant now, Effects& effects) {
  State& s = *state_;
  s.heeded = effects.size();
  effects.push_back(ClaimEpoch{s.own.current().record.version.epoch});
  s.rounds.on_wall_clock(wall, now);
  s.join_by = now + s.options.join_timeout;
  // Signs the first record, so that it can go along with the first questions.
  s.publish_if_due(now, effects);
  for (const base::Endpoint& seed : s.start.seeds) s.seeds.add(seed, now);
  s.screen(s.start.known, {}, {.id = s.self, .at = s.start.endpoint, .linked = true}, now);
  s.finish(now, effects);
}

void Membership::on_wall_clock(base::WallTime wall, base::Instant now, Effects& effects) {
  state_->begin(now, effects);
  state_->rounds.on_wall_clock(wall, now);
  state_->finish(now, effects);
}

void Membership::on_time(base::Instant now, Effects& effects) {
  state_->begin(now, effects);
  state_->finish(now, effects);
}

base::Instant Membership::next_deadline() const {
  return state_->deadline;
}

void Membership::on_waited(base::Duration waited, base::Instant now) {
  state_->health.on_waited(waited, now);
}

void Membership::on_packet(const base::NodeId& from, const base::Endpoint& address, Packet packet,
                           base::Instant now, Effects& effects) {
  State& s = *state_;
  s.begin(now, effects);
  ++s.counters.packets_received;
  const Member* sender = s.view.find(from);
  if (from != s.self && (sender == nullptr || !sender->barred)) {
    if (const auto* ack = std::get_if<Ack>(&packet.body)) {
      s.on_candidate_ack(from, *ack, now, effects);
    }
    const bool known = s.view.find(from) != nullptr;
    const bool introduces = packet.introduces && !packet.records.empty() &&
                            packet.records.front().record.subject == from;
    if (known) s.heard(from, false, effects);
    if (known || introduces) {
      if (s.health.behind(now)) s.lighten(from, packet);
      s.screen(std::move(packet.records), packet.accusations, {.id = from, .at = address}, now);
      // A stranger gets its answer too: it is smaller than the introduction that asks for it.
      s.on_body(from, address, packet, now, effects);
    }
  }
  s.finish_unless_pressed(now, effects);
}

void Membership::on_question(std::uint64_t number, const base::NodeId& from,
                             const base::Endpoint& address, Question question, base::Instant now,
                             Effects& effects) {
  state_->begin(now, effects);
  state_->heard(from, true, effects);
  const Source source{.id = from, .at = address, .linked = true};
  effects.push_back(Answer{number, state_->answer(source, std::move(question), now)});
  state_->finish_unless_pressed(now, effects);
}

void Membership::on_reply(std::uint64_t request, const base::NodeId& from, Reply reply,
                          base::Instant now, Effects& effects) {
  State& s = *state_;
  s.begin(now, effects);
  if (const auto asked = s.asks.extract(request)) {
    s.on_reply(asked.mapped(), from, std::move(reply), now, effects);
  }
  s.finish_unless_pressed(now, effects);
}

void Membership::on_ask_failed(std::uint64_t request, base::Instant now, Effects& effects) {
  State& s = *state_;
  s.begin(now, effects);
  if (const auto asked = s.asks.extract(request)) s.on_asked_in_vain(asked.mapped(), now, effects);
  s.finish_unless_pressed(now, effects);
}

void Membership::on_link_lost(const base::NodeId& peer, base::Instant now, Effects& effects) {
  state_->begin(now, effects);
  state_->probe(peer, ProbeReason::look, now);
  state_->finish(now, effects);
}

void Membership::on_signatures_checked(std::uint64_t batch,
                                       std::span<const crypto::Verdict> verdicts, base::Instant now,
                                       Effects& effects) {
  State& s = *state_;
  s.begin(now, effects);
  s.counters.signatures_checked += verdicts.size();
  for (const Checked& checked : s.verification.take(batch, verdicts, s.counters)) {
    if (const auto* record = std::get_if<crypto::Verified<SignedRecord>>(&checked.item)) {
      s.admit(*record, checked.from, now, effects);
    } else if (const auto* accusation =
                   std::get_if<crypto::Verified<SignedAccusation>>(&checked.item)) {
      s.admit(*accusation, now);
    } else if (const auto* report = std::get_if<crypto::Verified<SignedReport>>(&checked.item)) {
      s.reports.admit(*report, now, effects);
    }
  }
  s.finish_unless_pressed(now, effects);
}

void Membership::on_local_status(const LocalStatus& status, base::Instant now, Effects& effects) {
  State& s = *state_;
  s.own.set_status(status, now);
  s.descriptors.own(status.descriptor);
  const base::Instant due = s.own.next_deadline();
  if (now < due && now < s.deadline) {  // as after nearly every call: its load is all that is new
    s.deadline = std::min(s.deadline, due);
    return;
  }
  s.begin(now, effects);
  s.finish(now, effects);
}

void Membership::on_descriptor(const base::Digest& digest, base::Bytes descriptor) {
  static_cast<void>(state_->descriptors.keep(digest, std::move(descriptor)));
}

void Membership::want_descriptor(const base::NodeId& owner, const base::Digest& digest,
                                 base::Instant now, Effects& effects) {
  State& s = *state_;
  s.begin(now, effects);
  if (const base::Bytes* body = s.descriptors.find(digest)) {
    effects.push_back(DescriptorArrived{digest, *body});
  } else if (s.descriptors.begin(digest)) {
    s.pull_descriptor(owner, digest, effects);
  }
  s.finish(now, effects);
}

void Membership::on_observed(std::vector<Observed> observed, base::Instant now, Effects& effects) {
  state_->begin(now, effects);
  state_->ask_for_reports(std::move(observed), now, effects);
  state_->finish(now, effects);
}

void Membership::on_join(const base::Endpoint& seed, base::Instant now, Effects& effects) {
  state_->begin(now, effects);
  state_->seeds.retry(seed, now);
  state_->finish(now, effects);
}

void Membership::on_seed(const base::Endpoint& seed, base::Instant now, Effects& effects) {
  state_->begin(now, effects);
  state_->seeds.add(seed, now);
  state_->finish(now, effects);
}

void Membership::on_leave(base::Instant now, Effects& effects) {
  State& s = *state_;
  s.begin(now, effects);
  if (!s.own.leaving()) {
    s.own.on_leave();
    s.leave_by = now + s.options.leave_timeout;
    s.leave_push = now;
  }
  s.finish(now, effects);
}

bool Membership::departed() const {
  return state_->departed;
}

const base::NodeId& Membership::self() const {
  return state_->self;
}
const Member* Membership::find(const base::NodeId& id) const {
  return state_->view.find(id);
}
const std::map<base::NodeId, Member>& Membership::members() const {
  return state_->view.members();
}
bool Membership::heard(const base::NodeId& id) const {
  const Member* member = state_->view.find(id);
  return member != nullptr && state_->view.heard(*member);
}
const Reports& Membership::reports() const {
  return state_->reports;
}
std::uint64_t Membership::table_digest() const {
  return state_->view.table_digest();
}

Counters Membership::counters() const {
  const State& s = *state_;
  Counters counters = s.counters;
  counters.false_alarms = s.view.false_alarms();
  counters.deaths = s.view.deaths();
  counters.detection = s.view.detection();
  counters.rumors = static_cast<std::uint32_t>(s.rumors.size());
  counters.checks_pending = static_cast<std::uint32_t>(s.verification.pending());
  counters.candidates = static_cast<std::uint32_t>(s.admission.waiting());
  counters.reports = static_cast<std::uint32_t>(s.reports.held());
  counters.health = s.health.score();
  return counters;
}

}  // namespace gossip
