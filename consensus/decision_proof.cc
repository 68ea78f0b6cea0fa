#include "consensus/decision_proof.h"

#include "consensus/epochs.h"
#include "consensus/ops_root.h"
#include "consensus/statements.h"
#include "crypto/digest.h"

#include <algorithm>

namespace consensus {

namespace {

// Every signature, of a certificate that is well formed.
bool holds(const Certificate& certificate, const Epoch& epoch) {
  std::vector<crypto::SignatureCheck> checks;
  append_checks(certificate, epoch, checks);
  for (const crypto::SignatureCheck& each : checks) {
    if (!crypto::check(each).holds()) return false;
  }
  return true;
}

}  // namespace

std::optional<DecisionProof> prove(std::span<const Decision> decisions, std::uint32_t index) {
  if (decisions.empty() || !decisions.back().finalization) return std::nullopt;
  const Block& block = *decisions.front().block;
  if (index >= block.ops().size()) return std::nullopt;
  DecisionProof proof{.op = block.ops()[index],
                      .index = index,
                      .path = ops_path(block.ops(), index),
                      .header = block.header(),
                      .above = {},
                      .finalization = *decisions.back().finalization};
  for (const Decision& decision : decisions.subspan(1)) {
    proof.above.push_back(decision.block->header());
  }
  const auto& tail = decisions.back().tail;
  proof.above.insert(proof.above.end(), tail.begin(), tail.end());
  return proof;
}

std::optional<std::string> fault_of(const DecisionProof& proof, const Epoch& epoch) {
  const BlockHeader& header = proof.header;
  if (header.epoch_id != epoch.id()) return "the block is of another epoch";
  if (header.tail()) return "a tail block decides nothing";
  if (!proves(proof.path, proof.op, proof.index, header.ops_count, header.ops_root)) {
    return "the op is not in the block";
  }
  base::Digest last = crypto::digest(header_bytes(header));
  View view = header.view;
  for (const BlockHeader& above : proof.above) {
    if (above.epoch_id != epoch.id() || above.parent_hash != last) {
      return "the headers are no chain";
    }
    last = crypto::digest(header_bytes(above));
    view = above.view;
  }
  const Certificate& finalization = proof.finalization;
  if (finalization.kind != VoteKind::finalize || !well_formed(finalization, epoch)) {
    return "the finalization is not well formed";
  }
  if (finalization.block != last || finalization.view != view) {
    return "the finalization is of another block";
  }
  return std::nullopt;
}

base::Result<Proven, std::string> verify(const DecisionProof& proof,
                                         std::span<const EpochProof> ended,
                                         const EpochDescriptor& first,
                                         const base::Digest& trusted) {
  Epoch epoch(first);
  const bool passes = epoch.id() == trusted ||
                      std::any_of(ended.begin(), ended.end(), [&trusted](const EpochProof& end) {
                        return Epoch(end.descriptor).id() == trusted;
                      });
  if (!passes) {
    return base::Unexpected{
        std::string("checkpoint: the epoch that you trust is none of those on the way")};
  }
  for (const EpochProof& end : ended) {
    const std::string name = "end of epoch " + std::to_string(epoch.number()) + ": ";
    if (const auto fault = fault_of(end, epoch)) return base::Unexpected{name + *fault};
    if (!holds(end.finalization, epoch)) {
      return base::Unexpected{name + "a signature does not hold"};
    }
    epoch = Epoch(end.descriptor);
  }
  if (const auto fault = fault_of(proof, epoch)) {
    return base::Unexpected{"certificate: " + *fault};
  }
  if (!holds(proof.finalization, epoch)) {
    return base::Unexpected{std::string("certificate: a signature does not hold")};
  }
  return Proven{.epoch = epoch.number(),
                .epoch_id = epoch.id(),
                .height = proof.header.height,
                .timestamp_ms = proof.header.timestamp_ms};
}

}  // namespace consensus
