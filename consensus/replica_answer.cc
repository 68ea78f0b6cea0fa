// Answers to questions: bodies, ranges of decided blocks, certificates, proofs of epochs.
#include "base/check.h"
#include "consensus/replica_state.h"
#include "consensus/statements.h"

#include <algorithm>
#include <utility>

namespace consensus {

void Replica::State::receive(const base::NodeId& from, GetBlocks& question, base::Instant now,
                             Effects& effects) {
  static_cast<void>(now);
  Blocks answer;
  std::size_t bytes = 0;
  const std::size_t most = std::min(question.hashes.size(), options.get_max);
  for (std::size_t i = 0; i < most; ++i) {
    BlockPtr block = tree->find(question.hashes[i]);
    if (!block) continue;
    bytes += block->header().ops_bytes;
    if (bytes > options.range_bytes_max && !answer.blocks.empty()) break;
    answer.blocks.push_back(std::move(block));
  }
  if (!answer.blocks.empty()) outbox.send(from, std::move(answer), effects);
}

void Replica::State::receive(const base::NodeId& from, GetRange& question, base::Instant now,
                             Effects& effects) {
  static_cast<void>(now);
  if (question.from_height == 0 || question.from_height > tree->root().height) return;
  if (ranges_asked.size() >= options.asked_ranges_max) return;
  const bool waits = std::any_of(ranges_asked.begin(), ranges_asked.end(),
                                 [&](const auto& asked) { return asked.second.by == from; });
  if (waits) return;
  const Height far = std::max(options.snapshot_after, question.snapshot_after);
  if (tree->root().height - question.from_height >= far && has_image_for(question, far, now)) {
    offer_snapshot(from, question.epoch, now, effects);
    return;
  }
  const std::uint64_t request = next_range++;
  ranges_asked[request] = {.by = from, .from = question.from_height, .epoch = question.epoch};
  effects.push_back(ReadRange{.request = request,
                              .from_height = question.from_height,
                              .blocks_max = std::min(question.blocks_max, options.range_blocks_max),
                              .bytes_max = std::min(question.bytes_max, options.range_bytes_max)});
}

void Replica::State::answer_range(std::uint64_t request, std::vector<Decision> decisions,
                                  base::Instant now, Effects& effects) {
  const auto asked = ranges_asked.find(request);
  if (asked == ranges_asked.end()) return;
  const base::NodeId by = asked->second.by;
  const EpochNumber epoch = asked->second.epoch;
  ranges_asked.erase(asked);
  // One certificate proves all of a range, so it ends where the epoch of its first block does.
  const auto of_first = [&](const Decision& decision) {
    return decision.block->header().epoch_id == decisions.front().block->header().epoch_id;
  };
  decisions.erase(std::find_if_not(decisions.begin(), decisions.end(), of_first), decisions.end());
  while (!decisions.empty() && !decisions.back().finalization) decisions.pop_back();
  // We came by a snapshot ourselves, and have no blocks from before it.
  if (decisions.empty()) return offer_snapshot(by, epoch, now, effects);
  Range range{
      .blocks = {}, .finalization = *decisions.back().finalization, .tail = decisions.back().tail};
  for (Decision& decision : decisions) range.blocks.push_back(std::move(decision.block));
  outbox.send(by, std::move(range), effects);
}

void Replica::State::receive(const base::NodeId& from, GetCertificates& question, base::Instant now,
                             Effects& effects) {
  if (other_epoch(from, question.epoch, true, now, effects)) return;
  if (question.views.size() > options.get_max) question.views.resize(options.get_max);
  Certificates answer{.certificates = core->certificates(question.views)};
  if (!answer.certificates.empty()) outbox.send(from, std::move(answer), effects);
}

void Replica::State::receive(const base::NodeId& from, GetEpochs& question, base::Instant now,
                             Effects& effects) {
  if (!pacer.allow(from, AnswerKind::proofs, delay(), now)) return;
  const std::size_t most = std::min<std::size_t>(question.epochs_max, options.get_max);
  EpochProofs answer{.proofs = epochs.proofs_from(question.from_epoch, most)};
  if (!answer.proofs.empty()) outbox.send(from, std::move(answer), effects);
}

// 3.9: a committee that cannot run must not be handed the mesh.
Readiness Replica::State::readiness(const GetReady& question) const {
  Readiness answer{.epoch_id = question.epoch_id,
                   .next = next_epoch_root(question.next),
                   .not_after_height = question.not_after_height,
                   .why = Unready::no,
                   .signature = {}};
  const Height height = tree->root().height;
  const auto refuse = [&answer](Unready why) {
    answer.why = why;
    return answer;
  };
  if (question.epoch_id != core->epoch().id()) return refuse(Unready::other_epoch);
  if (height < question.height) return refuse(Unready::behind);
  if (question.not_after_height > height + options.ready_blocks_max) {
    return refuse(Unready::out_of_range);
  }
  if (guard.abstains()) return refuse(Unready::abstains);
  const auto seat = question.next.committee.index_of(self);
  if (!seat) return refuse(Unready::other_key);
  const auto signature =
      guard.attest(question.next.committee.member(*seat),
                   ready_statement(question.epoch_id, question.next, question.not_after_height));
  if (!signature) return refuse(Unready::other_key);
  answer.signature = *signature;
  return answer;
}

void Replica::State::receive(const base::NodeId& from, GetReady& question, base::Instant now,
                             Effects& effects) {
  if (!pacer.allow(from, AnswerKind::readiness, delay(), now)) return;
  outbox.send(from, readiness(question), effects);
  // It is ahead of us, and nobody waits for a seat until our next Status: it shall send what we
  // lack.
  if (question.height > tree->root().height) outbox.send(from, core->status_for(from), effects);
}

void Replica::State::receive(const base::NodeId& from, Readiness& answer, base::Instant now,
                             Effects& effects) {
  static_cast<void>(now);
  effects.push_back(ReadinessHeard{.from = from, .readiness = answer});
}

bool Replica::State::other_epoch(const base::NodeId& from, EpochNumber number, bool answer,
                                 base::Instant now, Effects& effects) {
  const EpochNumber ours = core->epoch().number();
  if (number == ours) return false;
  if (number < ours) {
    if (answer && pacer.allow(from, AnswerKind::proofs, delay(), now)) {
      outbox.send(from, EpochProofs{.proofs = epochs.proofs_from(number, 1)}, effects);
    }
  } else if (pacer.allow(from, AnswerKind::status, delay(), now)) {
    outbox.send(from, core->status_for(from), effects);
  }
  return true;
}

}  // namespace consensus
