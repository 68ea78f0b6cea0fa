// Replays what a node finds on its disk. It must end in the same epoch and with the same own votes
// as were durable (CONSENSUS 3.11): the epochs come from their own records, not from executing
// again, and own votes enter the guard as they are.
#include "base/check.h"
#include "base/match.h"
#include "consensus/replica_state.h"

#include <utility>

namespace consensus {

namespace {

bool add_next(Epochs& epochs, const EpochProof& proof) {
  if (proof.descriptor.number != epochs.newest().number() + 1) return false;
  epochs.add(proof);
  return true;
}

}  // namespace

void Replica::State::recover(Recovery recovery, base::Instant now, Effects& effects) {
  // Storage and log both know epochs; whichever is ahead counts.
  for (const EpochProof& proof : recovery.epochs) static_cast<void>(add_next(epochs, proof));
  for (const Record& record : recovery.log) {
    const auto* start = std::get_if<EpochStart>(&record);
    if (start == nullptr || !add_next(epochs, start->proof)) continue;
    effects.push_back(EpochStarted{.proof = start->proof});  // storage lost it; the log will, too
  }
  const Application::Committed committed = application.committed();
  ParentBlock root;
  if (recovery.decision) {
    root = as_parent(recovery.decision->block->header(), recovery.decision->block->hash());
  } else {
    root.hash = epochs.find(EpochNumber{0})->descriptor().anchor_hash;
    root.timestamp_ms = committed.timestamp_ms;
    root.state_root = committed.state_root;
  }
  CHECK(committed.block == root.hash);
  tree.emplace(application, epochs, options, root);
  outbox.start_replay();
  make_core(epochs.newest(), now);
  const EpochNumber number = core->epoch().number();
  for (const Record& record : recovery.log) {
    base::match(
        record, [](const EpochStart&) {}, [&](const BlockBody& body) { tree->add(body.block); },
        [&](const Certificate& certificate) {
          if (certificate.epoch == number) core->restore(certificate, effects);
        },
        [&](const OwnVote& own) {
          guard.restore(own.vote);
          core->restore(own.vote);
        });
  }
  if (recovery.decision && recovery.decision->finalization &&
      recovery.decision->finalization->epoch == number) {
    for (const BlockHeader& header : recovery.decision->tail) {
      tree->add(make_block(header, {}));
    }
    core->restore(*recovery.decision->finalization, effects);
  }
  fetch.restore(std::move(recovery.pieces));
  outbox.end_replay(recovery.position);
  rewritten_at = recovery.position;
  stored = root.height;
}

void Replica::State::start_listening(base::Instant now) {
  echoed.clear();
  const bool alone = core->epoch().quorum() <= 1;
  if (alone || !guard.signer() || options.weakness == Weakness::no_echo_check) {
    listening_until.reset();
    guard.listen(false);
    return;
  }
  guard.listen(true);
  listening_until = now + options.echo_check_max;
  ask_again = now;
}

}  // namespace consensus
