#include "node/kernel/read_ops.h"

#include "crypto/digest.h"

#include <algorithm>
#include <utility>

namespace kernel {

std::optional<ledger::Op> ReadOps::read(base::ByteView bytes) {
  if (bytes.size() < ledger::op_head_size) return std::nullopt;
  const base::Digest id = crypto::digest(bytes.first(ledger::op_preimage_size));
  const auto slot =
      places_.find(id.head(), [&](base::SlotIndex::Slot known) { return ring_[known].id() == id; });
  if (slot && std::ranges::equal(ring_[*slot].bytes(), bytes)) return ring_[*slot];
  auto op = ledger::Op::parse(bytes, mesh_);
  if (!op) return std::nullopt;
  if (slot && bytes.size() <= options_.op_bytes_max) {
    ring_[*slot] = *op;  // below another signature, or another place
  } else if (!slot && bytes.size() <= options_.op_bytes_max) {
    keep(*op);
  }
  return std::move(*op);
}

void ReadOps::keep(const ledger::Op& op) {
  if (ring_.size() < options_.ops_max) {
    places_.insert(op.id().head(), static_cast<base::SlotIndex::Slot>(ring_.size()));
    ring_.push_back(op);
    return;
  }
  const auto slot = static_cast<base::SlotIndex::Slot>(next_);
  places_.erase(ring_[next_].id().head(), slot);
  ring_[next_] = op;
  places_.insert(op.id().head(), slot);
  next_ = (next_ + 1) % ring_.size();
}

}  // namespace kernel
