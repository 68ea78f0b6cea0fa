// What a world looks at for its oracle besides effects: votes of liars as they are heard, what a
// log would give back, whether proofs hold for somebody else, and how full things are.
#include "consensus/decision_proof.h"
#include "sim/agreement/independent_verifier.h"
#include "sim/agreement/instance.h"
#include "sim/agreement/narrator.h"
#include "sim/agreement/situation.h"
#include "sim/agreement/villain_view.h"
#include "sim/agreement/world.h"

#include <algorithm>
#include <span>
#include <utility>

namespace sim::agreement {

// ---- I20 ----

// The vote in it that may prove a lie. That of a proposal counts only if nothing else in the
// proposal is a reason to refuse it whole.
std::optional<consensus::Vote> World::lie_in(const Instance& instance, std::uint32_t from,
                                             const consensus::Message& message) const {
  const consensus::Epoch& epoch = instance.replica->epoch();
  const auto lies_as = [&](consensus::SignerIndex signer) {
    return signer < epoch.committee().size() &&
           plan_.lies(identity_of(epoch.committee().member(signer).node));
  };
  if (const auto* vote = std::get_if<consensus::Vote>(&message)) {
    const bool own = vote->epoch == epoch.number() && lies_as(vote->signer) &&
                     epoch.committee().member(vote->signer).node == identities_[from].node;
    const bool names_block = vote->kind != consensus::VoteKind::nullify;
    if (!own || names_block == vote->block.is_zero()) return std::nullopt;
    return *vote;
  }
  const auto* proposal = std::get_if<consensus::Proposal>(&message);
  if (proposal == nullptr || !proposal->block || !proposal->block->complete()) return std::nullopt;
  const consensus::BlockHeader& header = proposal->block->header();
  if (header.epoch_id != epoch.id() || header.view == 0) return std::nullopt;
  const consensus::Vote vote{.kind = consensus::VoteKind::notarize,
                             .epoch = epoch.number(),
                             .view = header.view,
                             .block = proposal->block->hash(),
                             .signer = epoch.leader(header.view),
                             .signature = proposal->leader_signature};
  consensus::Options options;
  if (!lies_as(vote.signer) || proposal->justification.size() > options.justification_max ||
      header.ops_count > epoch.parameters().block_ops_max ||
      header.ops_bytes > epoch.parameters().block_bytes_max) {
    return std::nullopt;
  }
  std::vector<crypto::SignatureCheck> checks;
  for (const consensus::Certificate& certificate : proposal->justification) {
    if (!well_formed(certificate, epoch)) return std::nullopt;
    append_checks(certificate, epoch, checks);
  }
  const bool holds = std::all_of(checks.begin(), checks.end(), [](const auto& check) {
    return crypto::check_stand_in(check).holds();
  });
  return holds ? std::optional(vote) : std::nullopt;
}

// Inside the window in which votes are taken and tallies kept (3.12).
bool World::in_window(const Instance& instance, const consensus::Vote& vote) {
  const consensus::Options options;
  const consensus::Replica::Standing standing = instance.replica->standing();
  return vote.epoch == standing.epoch && vote.view > standing.finalized_view &&
         vote.view <= standing.view + options.window &&
         vote.view + options.tallied_views_max > standing.view;
}

void World::hear_out(Instance& instance, const Event& event, consensus::Effects& effects) {
  std::optional<consensus::Vote> lie;
  if (instance.honest && !plan_.liars.empty()) lie = lie_in(instance, event.from, *event.message);
  if (lie && !in_window(instance, *lie)) lie.reset();
  if (instance.honest && !plan_.choices.empty()) note_situation(instance, *event.message);
  instance.replica->on_message(identities_[event.from].node, *event.message, local(instance),
                               effects);
  if (lie) instance.heard_lie = std::move(lie);
}

// After all that followed from it.
void World::check_heard(Instance& instance) {
  const auto lie = std::exchange(instance.heard_lie, std::nullopt);
  if (!lie || !in_window(instance, *lie)) return;
  oracle_.on_heard(instance.identity, *lie, instance.replica->epoch());
  oracle_.check_evidence(instance.identity);
}

// ---- I24 ----

// From where the last vote that left was written, every cut of the log has to give back all of
// them, and so has the log read twice.
void World::check_recoveries(const Instance& instance) {
  if (!instance.honest || instance.restored || !plan_.rollbacks.empty()) return;
  if (!watch_rng_.chance(300'000)) return;
  Storage disk = instance.storage;
  const consensus::LogPosition least = std::max(instance.released_at, disk.rewritten());
  if (least > disk.position()) return;
  const auto some = static_cast<consensus::LogPosition>(watch_rng_.between(
      static_cast<std::int64_t>(least), static_cast<std::int64_t>(disk.position())));
  check_recovery(instance, disk, true);
  disk.cut(some);
  disk.lose_power(watch_rng_);
  check_recovery(instance, disk, false);
  disk.cut(least);
  check_recovery(instance, disk, false);
}

void World::check_recovery(const Instance& instance, const Storage& disk, bool twice) {
  Register application(disk.state(), identities_);
  consensus::Options options;
  options.weakness = plan_.weakness;
  const consensus::Validator& identity = identities_[instance.identity];
  consensus::Replica replica(
      options,
      consensus::Replica::Self{.node = identity.node,
                               .first = genesis_,
                               .voting_key = std::make_unique<StandInKey>(identity.vote_key)},
      application, base::Rng(1));
  consensus::Recovery recovery = disk.recovery();
  if (twice) {
    const std::vector<consensus::Record> once = recovery.log;
    recovery.log.insert(recovery.log.end(), once.begin(), once.end());
  }
  consensus::Effects effects;
  replica.on_start(std::move(recovery), false, base::WallTime{}, local(instance), effects);
  const consensus::Replica::Standing standing = replica.standing();
  std::vector<consensus::Vote> released;
  for (const auto& [key, vote] : instance.released) released.push_back(vote);
  oracle_.check_replayed(instance.identity, released, replica.own_votes(), standing.epoch,
                         standing.finalized_view);
}

// ---- I21 ----

void World::check_proofs(Instance& instance, const consensus::Decided& decided) {
  if (plan_.weakness == consensus::Weakness::small_quorum) return;
  instance.unproven.push_back(decided.decision);
  if (!decided.decision.finalization) return;
  const std::vector<consensus::Decision> decisions = std::exchange(instance.unproven, {});
  const consensus::EpochDescriptor& epoch = epochs_.at(decided.epoch).descriptor();
  for (std::size_t i = 0; i < decisions.size(); ++i) {
    const consensus::Block& block = *decisions[i].block;
    // By one node or two; the others hold the same.
    if (block.ops().empty() || block.header().height % 4 != instance.number % 4) continue;
    const auto index = static_cast<std::uint32_t>(block.header().height % block.ops().size());
    const auto proof = consensus::prove(std::span(decisions).subspan(i), index);
    const auto fault =
        proof ? fault_of(*proof, epoch) : std::optional<std::string>("there is none");
    if (!fault) continue;
    oracle_.violate("I21 proofs", "the proof of node " + std::to_string(instance.identity) +
                                      " of height " + std::to_string(block.header().height) +
                                      " does not hold: " + *fault);
  }
}

// ---- I9 ----

void World::check_fills(const Instance& instance) {
  for (const consensus::Replica::Fill& fill : instance.replica->fills()) {
    oracle_.check_fill(instance.identity, fill.what, fill.size, fill.limit);
  }
}

// ---- B28 ----

void World::note_situation(const Instance& instance, const consensus::Message& message) {
  situations_.insert(situation_of(*instance.replica, message));
}

// ---- B25 ----

void World::hint(std::uint32_t whom, const Hint& hint) {
  const Instance& target = *instances_[instances_of_[whom].front()];
  if (!target.honest) return;
  push({.at = now_ + std::chrono::milliseconds(5),
        .kind = EventKind::hint,
        .instance = target.number,
        .from = hint.about,
        .number = hint.dead ? 0U : static_cast<std::uint64_t>(hint.round_trip.count())});
  if (!hint.dead) return;
  // It is heard again, or says that it lives.
  push({.at = now_ + std::chrono::milliseconds(watch_rng_.between(200, 3000)),
        .kind = EventKind::hint,
        .instance = target.number,
        .from = hint.about,
        .number = UINT64_MAX});
}

void World::take_hint(Instance& instance, const Event& event, consensus::Effects& effects) {
  const base::NodeId& about = identities_[event.from].node;
  if (event.number == 0 || event.number == UINT64_MAX) {
    instance.replica->on_liveness(about, event.number != 0, local(instance), effects);
    return;
  }
  // Its prober times the others, too.
  for (std::uint32_t i = 0; i < plan_.identities; ++i) {
    if (plan_.lies(i) || i == instance.identity) continue;
    const base::Duration there = healed_ ? Pace::delta : plan_.latency_max;
    instance.replica->on_round_trip(identities_[i].node, 2 * there, there / 4);
  }
  const base::Duration claimed(static_cast<std::int64_t>(event.number));
  instance.replica->on_round_trip(about, claimed, claimed / 2);
}

// For whoever reads the story: what one replica was given, and where it stands now.
void World::tell(const Event& event) {
  const Instance& instance = *instances_[event.instance];
  std::string text;
  switch (event.kind) {
    case EventKind::deliver:
      text = "has from n" + std::to_string(event.from) + " " + narrate(*event.message);
      break;
    case EventKind::timer:
      text = "looks at its timers";
      break;
    case EventKind::durable:
      text = "has its log on disk up to " + std::to_string(event.number);
      break;
    case EventKind::crash:
      text = "loses power";
      break;
    case EventKind::restart:
      text = "starts";
      break;
    case EventKind::restore:
      text = "has a copy of its disk put back";
      break;
    case EventKind::jump:
      text = "has its clock set";
      break;
    case EventKind::hint:
      text = "hears who lives";
      break;
    case EventKind::regroup:
      return trace_.add(now_, std::nullopt, "the network is parted anew");
    case EventKind::heal:
      return trace_.add(now_, std::nullopt, "chaos ends");
    case EventKind::copy:
    case EventKind::submit:
    case EventKind::look:
    case EventKind::measure:
      return;
  }
  text += instance.up() ? "; " + narrate(instance.replica->standing()) : "; is down";
  trace_.add(now_, instance.number, std::move(text));
}

}  // namespace sim::agreement
