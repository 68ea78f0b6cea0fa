// Carries out what a replica wants done, as the daemon would: disk, network, signatures.
#include "base/match.h"
#include "crypto/stand_in.h"
#include "sim/agreement/instance.h"
#include "sim/agreement/villain_view.h"
#include "sim/agreement/world.h"

#include <algorithm>
#include <utility>

namespace sim::agreement {

void World::apply(Instance& instance, consensus::Effect& effect, consensus::Effects& more) {
  base::match(
      effect, [&](consensus::Append& append) { write(instance, append); },
      [&](const consensus::Sync& sync) { synchronize(instance, sync); },
      [&](consensus::RewriteLog& rewrite) { write(instance, rewrite); },
      [&](consensus::Send& send) {
        send_as(instance, identity_of(send.to), std::move(send.message));
      },
      [&](consensus::Broadcast& out) { broadcast(instance, std::move(out.message)); },
      [&](const consensus::Publish& publish) { this->publish(instance, publish); },
      [&](const consensus::CheckSignatures& question) {
        std::vector<crypto::Verdict> verdicts;
        verdicts.reserve(question.checks.size());
        for (const crypto::SignatureCheck& check : question.checks) {
          verdicts.push_back(crypto::check_stand_in(check));
        }
        instance.replica->on_signatures_checked(question.request, verdicts, local(instance), more);
      },
      [&](const consensus::ReadRange& read) {
        instance.replica->on_range_read(read.request, instance.storage.read(read), local(instance),
                                        more);
      },
      [&](const consensus::Decided& decided) {
        instance.storage.add(decided, instance.application->state());
        if (instance.honest) see_decision(instance, decided);
      },
      // Its application hands no state over as a whole.
      [](const consensus::Installed&) {}, [](const consensus::KeepPiece&) {},
      [&](const consensus::EpochStarted& started) {
        instance.storage.add(started);
        instance.epoch = started.proof.descriptor.number;
        if (epochs_.emplace(instance.epoch, made(started.proof.descriptor)).second) {
          epoch_started_ = now_;
          deadlines_.on_epoch();
        }
        if (instance.honest) oracle_.on_epoch(instance.identity, started.proof);
      },
      [&](const consensus::SpendKey&) { instance.storage.spend_key(); },
      [&](const auto& claim) { hear(instance, claim); });
}

void World::write(Instance& instance, consensus::Append& append) {
  if (const auto* own = std::get_if<consensus::OwnVote>(&append.record)) {
    const consensus::Vote& vote = own->vote;
    instance.vote_positions[{vote.epoch, vote.view, vote.kind}] = append.position;
    if (instance.honest) oracle_.on_cast(instance.identity, vote, epochs_.at(vote.epoch));
  } else if (const auto* body = std::get_if<consensus::BlockBody>(&append.record)) {
    if (instance.honest) oracle_.on_body(instance.identity, body->block->hash());
  } else if (const auto* certificate = std::get_if<consensus::Certificate>(&append.record)) {
    // Not all that are held are relayed.
    if (instance.honest) see_certificate(instance, *certificate);
  }
  instance.storage.append(std::move(append));
}

void World::write(Instance& instance, consensus::RewriteLog& rewrite) {
  const consensus::LogPosition position = rewrite.position;
  instance.storage.rewrite(std::move(rewrite));
  if (instance.honest) oracle_.on_bodies_durable(instance.identity);
  push({.at = now_ + std::chrono::milliseconds(1),
        .kind = EventKind::durable,
        .instance = instance.number,
        .generation = instance.generation,
        .number = position});
}

void World::synchronize(Instance& instance, const consensus::Sync& sync) {
  base::Duration time = std::chrono::microseconds(disk_rng_.between(80, 400));
  if (!healed_ && disk_rng_.chance(200'000)) {
    time = base::Duration(disk_rng_.between(100'000, plan_.sync_max.count()));
  }
  push({.at = now_ + time,
        .kind = EventKind::durable,
        .instance = instance.number,
        .generation = instance.generation,
        .number = sync.position});
}

// The overlay of observers, roughly: each hears of it from somebody.
void World::publish(Instance& instance, const consensus::Publish& publish) {
  const auto shared = std::make_shared<const consensus::Message>(publish.finalization);
  for (std::uint32_t to = 0; to < plan_.identities; ++to) {
    if (epoch_of(instance).committee().index_of(identities_[to].node)) continue;
    if (network_rng_.chance(400'000)) transmit(instance, to, shared);
  }
}

void World::hear(const Instance& instance, const consensus::EvidenceFound& found) {
  if (!instance.honest) return;
  const consensus::Vote& vote = found.evidence.first;
  const base::NodeId& node = epoch_of(instance).committee().member(vote.signer).node;
  oracle_.on_evidence(instance.identity, found.evidence, epoch_of(instance),
                      !plan_.lies(identity_of(node)));
}

void World::hear(const Instance& instance, const consensus::Misbehaved& misbehaved) {
  if (!instance.honest) return;
  oracle_.on_misbehaved(instance.identity, misbehaved.what,
                        !plan_.lies(identity_of(misbehaved.peer)));
}

void World::hear(const Instance& instance, const consensus::Alarm& alarm) {
  if (instance.honest) oracle_.on_alarm(instance.identity, alarm, instance.restored);
}

void World::hear(const Instance&, const consensus::ReadinessHeard&) {}
void World::hear(const Instance&, const base::Transition&) {}
void World::hear(const Instance&, const base::Notice&) {}

void World::see_certificate(const Instance& instance, const consensus::Certificate& certificate) {
  if (certificate.kind == consensus::VoteKind::finalize) {
    pace_.on_finalized(instance.identity, now_);
  }
  oracle_.on_certificate(instance.identity, certificate, epochs_.at(certificate.epoch));
}

void World::see_decision(Instance& instance, const consensus::Decided& decided) {
  // The state is that of the last decision of this step.
  const bool last = decided.decision.block->hash() == instance.application->committed().block;
  const base::Digest root = last ? instance.application->committed().state_root
                                 : decided.decision.block->header().state_root;
  oracle_.on_decided(instance.identity, decided, root);
  check_proofs(instance, decided);
  deadlines_.on_decided(instance.identity, decided.decision.block->hash(), now_);
  const consensus::BlockHeader& header = decided.decision.block->header();
  if (header.height <= top_) return;
  top_ = header.height;
  pace_.on_decided(header, epochs_.at(decided.epoch).committee().faults());
}

}  // namespace sim::agreement
