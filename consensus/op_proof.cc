#include "consensus/op_proof.h"

#include "consensus/epochs.h"
#include "consensus/ops_root.h"
#include "consensus/statements.h"
#include "crypto/digest.h"

#include <optional>
#include <utility>

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

std::optional<std::string> fault_of_chain(const OpProof& proof, const Epoch& epoch) {
  base::Digest last = crypto::digest(header_bytes(proof.header));
  View last_view = proof.header.view;
  for (const BlockHeader& header : proof.tail) {
    if (header.epoch_id != epoch.id() || header.parent_hash != last) {
      return "headers: they do not follow one on the other";
    }
    last = crypto::digest(header_bytes(header));
    last_view = header.view;
  }
  const Certificate& finalization = proof.finalization;
  if (finalization.kind != VoteKind::finalize || !well_formed(finalization, epoch)) {
    return "finalization: it is no finalization by a quorum of that epoch's committee";
  }
  if (finalization.block != last || finalization.view != last_view) {
    return "finalization: it is of another block";
  }
  if (!holds(finalization, epoch)) return "finalization: a signature does not hold";
  return std::nullopt;
}

}  // namespace

base::Result<Proven, std::string> check_proof(const OpProof& proof, const EpochDescriptor& first) {
  Epoch epoch(first);
  for (const EpochProof& ended : proof.epochs) {
    const std::string name = "end of epoch " + std::to_string(epoch.number()) + ": ";
    if (const auto fault = fault_of(ended, epoch)) return base::Unexpected{name + *fault};
    if (!holds(ended.finalization, epoch)) {
      return base::Unexpected{name + "a signature does not hold"};
    }
    epoch = Epoch(ended.descriptor);
  }
  if (proof.header.epoch_id != epoch.id()) {
    return base::Unexpected{std::string("header: it is of another epoch or mesh")};
  }
  if (!proves(proof.path, proof.op, proof.index, proof.header.ops_count, proof.header.ops_root)) {
    return base::Unexpected{std::string("op: it is not the one at that place of the block")};
  }
  if (auto fault = fault_of_chain(proof, epoch)) return base::Unexpected{std::move(*fault)};
  return Proven{.epoch = epoch.number(),
                .height = proof.header.height,
                .timestamp_ms = proof.header.timestamp_ms,
                .block = crypto::digest(header_bytes(proof.header))};
}

}  // namespace consensus
