// Snapshots: offered to those who are farther behind than blocks make sense for, and taken in by
// ourselves. An offer proves itself: the epochs from the asker's on, the finalization of a block,
// and the manifest that gives that block's state root.
#include "base/check.h"
#include "consensus/replica_state.h"
#include "consensus/statements.h"

#include <algorithm>
#include <deque>
#include <utility>

namespace consensus {

// ---- for others ----

// One image serves all who ask within a while, so that no asker makes us keep another; and while
// pieces of it are fetched it is not replaced, or whoever fetches them would begin anew.
void Replica::State::renew_image(base::Instant now) {
  if (serving) {
    const bool near =
        serving->block->header().height + options.snapshot_after / 2 > tree->root().height;
    const bool fetched = serving->fetched && now - *serving->fetched <= options.image_kept &&
                         now - serving->made <= options.image_fetched_max;
    if (fetched || (near && now - serving->used <= options.image_kept)) return;
  }
  const auto& certificate = core->finalized().certificate;
  const BlockPtr block = tree->find(tree->root().hash);
  if (!certificate || certificate->block != tree->root().hash || !block) return;
  if (block->header().seal()) return;  // its state belongs to two epochs
  auto image = application.image();
  if (!image) return;
  serving = Serving{.block = block,
                    .finalization = *certificate,
                    .image = std::move(image),
                    .made = now,
                    .used = now,
                    .fetched = std::nullopt};
}

bool Replica::State::has_image_for(const GetRange& question, Height far, base::Instant now) {
  renew_image(now);
  return serving && serving->block->header().height + 1 >= question.from_height + (far + 1) / 2;
}

void Replica::State::offer_snapshot(const base::NodeId& to, EpochNumber from_epoch,
                                    base::Instant now, Effects& effects) {
  const EpochNumber ours = core->epoch().number();
  if (from_epoch < ours && ours - from_epoch > options.snapshot_epochs_max) {
    if (!pacer.allow(to, AnswerKind::proofs, delay(), now)) return;
    outbox.send(to, EpochProofs{.proofs = epochs.proofs_from(from_epoch, proofs_of_page(options))},
                effects);
    return;
  }
  renew_image(now);
  if (!serving || !pacer.allow(to, AnswerKind::snapshot, delay(), now)) return;
  const EpochNumber last = serving->finalization.epoch;
  if (from_epoch > last) return;
  serving->used = now;
  outbox.send(to,
              SnapshotOffer{.block = serving->block,
                            .finalization = serving->finalization,
                            .epochs = epochs.proofs_from(
                                from_epoch, static_cast<std::size_t>(last - from_epoch)),
                            .manifest = serving->image->manifest()},
              effects);
}

void Replica::State::receive(const base::NodeId& from, GetPieces& question, base::Instant now,
                             Effects& effects) {
  if (!serving || serving->block->header().state_root != question.root) return;
  serving->used = now;
  serving->fetched = now;
  Pieces answer{.root = question.root, .pieces = {}};
  std::size_t room = options.range_bytes_max;
  const std::size_t most = std::min(question.pieces.size(), options.pieces_asked_max);
  for (std::size_t i = 0; i < most && room > 0; ++i) {
    const base::Bytes whole = serving->image->piece(question.pieces[i]);
    const std::size_t offset = i == 0 ? question.offset : 0;
    if (whole.empty() || offset > whole.size()) continue;
    const base::ByteView part =
        base::ByteView(whole).subspan(offset, std::min(room, whole.size() - offset));
    room -= part.size();
    answer.pieces.push_back({.index = question.pieces[i],
                             .offset = static_cast<std::uint32_t>(offset),
                             .size = static_cast<std::uint32_t>(whole.size()),
                             .bytes = {part.begin(), part.end()}});
  }
  outbox.send(from, std::move(answer), effects);
}

// ---- for ourselves ----

void Replica::State::receive(const base::NodeId& from, SnapshotOffer& offer, base::Instant now,
                             Effects& effects) {
  if (!repair.on_answer(from) || !offer.block) return;
  if (offer.block->header().height <= tree->root().height) return;
  const BlockHeader& header = offer.block->header();
  if (!offer.block->complete() || header.seal() || header.tail()) return;
  std::vector<crypto::SignatureCheck> checks;
  const auto append = [&checks](const Certificate& certificate, const Epoch& epoch) {
    for (const Vote& vote : votes_of(certificate)) checks.push_back(check_of(vote, epoch));
  };
  const EpochNumber first =
      offer.epochs.empty() ? offer.finalization.epoch : offer.epochs.front().descriptor.number - 1;
  const Epoch* epoch = epochs.find(first);
  if (epoch == nullptr) epoch = ahead.find(first);
  if (epoch == nullptr) return;
  std::deque<Epoch> later;
  for (const EpochProof& proof : offer.epochs) {
    if (fault_of(proof, *epoch)) return;
    append(proof.finalization, *epoch);
    epoch = &later.emplace_back(proof.descriptor);
  }
  const Certificate& finalization = offer.finalization;
  if (header.epoch_id != epoch->id() || !well_formed(finalization, *epoch)) return;
  if (finalization.kind != VoteKind::finalize || finalization.view != header.view) return;
  if (finalization.block != offer.block->hash()) return;
  append(finalization, *epoch);
  check(from, core->epoch().number(), std::move(offer), std::move(checks), false, now, effects);
}

// Who serves keeps an image for a while, so it may be half as far behind its own blocks.
bool Replica::State::far_ahead(const SnapshotOffer& offer) const {
  return offer.block->header().height >= tree->root().height + (options.snapshot_after + 1) / 2;
}

// All who answer may have come by a snapshot themselves, or have a smaller bound than we do.
bool Replica::State::has_to_do(const base::NodeId& from, const SnapshotOffer& offer) {
  if (offer.block->header().height <= tree->root().height) return false;
  if (far_ahead(offer)) return true;
  if (without_blocks.size() < options.heard_max) without_blocks.insert(from);
  return without_blocks.size() > core->epoch().committee().faults();
}

void Replica::State::take_offer(const base::NodeId& from, const SnapshotOffer& offer,
                                Effects& effects) {
  if (fetch.active() || !has_to_do(from, offer)) return;
  auto begun = application.begin_intake(offer.block->header().state_root, offer.manifest,
                                        fetch.take_intake());
  if (!begun) {
    effects.push_back(Misbehaved{.peer = from, .what = "a manifest of another state"});
    return;
  }
  repair.on_range();
  fetch.start(from, offer, std::move(begun));
}

void Replica::State::receive(const base::NodeId& from, Pieces& pieces, base::Instant now,
                             Effects& effects) {
  static_cast<void>(now);
  if (pieces.pieces.size() > options.pieces_asked_max) return;
  if (fetch.on_pieces(from, pieces, effects)) return;
  effects.push_back(Misbehaved{.peer = from, .what = "a piece of another state"});
  fetch.abandon();
}

void Replica::State::tend_snapshot(base::Instant now, Effects& effects) {
  if (fetch.complete()) install_snapshot(now, effects);
  fetch.on_time(delay(), now, outbox, effects);
}

void Replica::State::install_snapshot(base::Instant now, Effects& effects) {
  SnapshotOffer offer = fetch.take_offer();
  auto whole = fetch.take_intake();
  if (offer.block->header().height <= tree->root().height) return;
  bool begins = false;
  std::vector<EpochProof> way = ahead.take();
  std::move(offer.epochs.begin(), offer.epochs.end(), std::back_inserter(way));
  for (EpochProof& proof : way) {
    const EpochNumber number = proof.descriptor.number;
    // Of a page that came late some may lie beyond the block.
    if (number != epochs.newest().number() + 1 || number > offer.finalization.epoch) continue;
    outbox.drop_held();  // 3.9: the old Core is inert
    outbox.append(EpochStart{.proof = proof}, effects);
    effects.push_back(EpochStarted{.proof = proof});
    epochs.add(std::move(proof));
    begins = true;
  }
  // Of epochs that came otherwise meanwhile, this would be a state of the past.
  if (offer.finalization.epoch != epochs.newest().number()) return;
  const BlockHeader& header = offer.block->header();
  const Height own = tree->root().height;
  application.install(std::move(whole), {.block = offer.block->hash(),
                                         .height = header.height,
                                         .timestamp_ms = header.timestamp_ms,
                                         .state_root = header.state_root});
  tree->restart(offer.block);
  serving.reset();  // of before what we passed over now
  if (begins) {
    make_core(epochs.newest(), now);
    if (listening_until) start_listening(now);
  }
  proven.reset();
  core->on_certificate(crypto::Verified<Certificate>::own(offer.finalization), moment(now),
                       effects);
  core->on_uncommitted(now);
  effects.push_back(
      Installed{.decision = {.block = offer.block, .finalization = offer.finalization, .tail = {}},
                .epoch = offer.finalization.epoch,
                .passed_over_from = own + 1});
}

}  // namespace consensus
