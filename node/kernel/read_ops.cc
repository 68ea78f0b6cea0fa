#include "node/kernel/read_ops.h"

#include <string_view>
#include <utility>

namespace kernel {

namespace {

std::string_view preimage_of(base::ByteView op) {
  return base::as_text(op.first(ledger::op_preimage_size));
}

}  // namespace

std::uint64_t ReadOps::hash_of(base::ByteView op) const {
  return base::spread(preimage_of(op), options_.salt);
}

std::optional<base::SlotIndex::Slot> ReadOps::place_of(base::ByteView bytes) const {
  if (bytes.size() < ledger::op_head_size) return std::nullopt;
  return places_.find(hash_of(bytes), [&](base::SlotIndex::Slot slot) {
    return preimage_of(ring_[slot].bytes()) == preimage_of(bytes);
  });
}

std::optional<base::Digest> ReadOps::id_of(base::ByteView bytes) const {
  const auto slot = place_of(bytes);
  if (!slot) return std::nullopt;
  return ring_[*slot].id();
}

std::optional<ledger::Op> ReadOps::read(base::ByteView bytes) {
  const auto slot = place_of(bytes);
  if (slot && base::as_text(ring_[*slot].bytes()) == base::as_text(bytes)) return ring_[*slot];
  auto op = ledger::Op::parse(bytes, mesh_);
  if (!op) return std::nullopt;
  if (bytes.size() > options_.op_bytes_max) return std::move(*op);
  if (slot) {
    ring_[*slot] = *op;  // below another signature, or another place
  } else {
    keep(*op);
  }
  return std::move(*op);
}

void ReadOps::keep(const ledger::Op& op) {
  if (ring_.size() < options_.ops_max) {
    places_.insert(hash_of(op.bytes()), static_cast<base::SlotIndex::Slot>(ring_.size()));
    ring_.push_back(op);
    return;
  }
  const auto slot = static_cast<base::SlotIndex::Slot>(next_);
  places_.erase(hash_of(ring_[next_].bytes()), slot);
  ring_[next_] = op;
  places_.insert(hash_of(op.bytes()), slot);
  next_ = (next_ + 1) % ring_.size();
}

}  // namespace kernel
