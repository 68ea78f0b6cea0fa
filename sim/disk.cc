#include "sim/disk.h"

#include <utility>

namespace sim {

void Disk::put_member(const base::NodeId& id, base::Bytes record) {
  const auto found = contents_.members.find(id);
  if (full_) return;
  if (found == contents_.members.end()) {
    if (contents_.members.size() >= members_max) return;
    members_before_.try_emplace(id, std::nullopt);
    contents_.members.emplace(id, std::move(record));
    return;
  }
  members_before_.try_emplace(id, found->second);
  found->second = std::move(record);
}

void Disk::put_descriptor(const base::Digest& digest, base::Bytes descriptor) {
  if (!full_) contents_.descriptors.insert_or_assign(digest, std::move(descriptor));
}

void Disk::forget_member(const base::NodeId& id) {
  const auto found = contents_.members.find(id);
  if (full_ || found == contents_.members.end()) return;
  members_before_.try_emplace(id, std::move(found->second));
  contents_.members.erase(found);
}

std::optional<base::Duration> Disk::sync_time() {
  if (full_) return std::nullopt;
  return slow_ + std::chrono::microseconds(rng_.between(100, 2'000));
}

void Disk::synced() {
  epoch_synced_ = contents_.epoch;
  members_before_.clear();
}

void Disk::crash() {
  contents_.epoch = epoch_synced_;
  for (auto& [id, before] : members_before_) {
    contents_.members.erase(id);
    if (before) contents_.members.emplace(id, std::move(*before));
  }
  members_before_.clear();
}

}  // namespace sim
