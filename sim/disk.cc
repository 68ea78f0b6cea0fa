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

void Disk::put_call(std::string_view id, Call call) {
  calls_.insert_or_assign(std::string(id), std::move(call));
}

void Disk::put_answer(std::string_view id, int status) {
  const auto found = calls_.find(id);
  if (found != calls_.end()) found->second.status = status;
}

void Disk::forget_call(std::string_view id) {
  const auto found = calls_.find(id);
  if (found != calls_.end()) calls_.erase(found);
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
