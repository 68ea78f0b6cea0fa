#include "node/kernel/providers.h"

#include "base/check.h"
#include "wire/descriptor_codec.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <utility>

namespace kernel {

Providers::View Providers::on_member(const base::NodeId& id, const gossip::Member& member) {
  const gossip::Record& record = member.record.record;
  const bool gone =
      member.state == gossip::MemberState::left || member.state == gossip::MemberState::dead;
  if (gone || record.descriptor.is_zero()) release(id);
  if (gone) return {};
  mesh::Provider provider{
      .name = record.name,
      .availability = availability_of(member),
      .load = {.in_flight = record.load.in_flight,
               .concurrency = record.load.concurrency,
               .latency = std::chrono::microseconds(record.load.latency_micros)},
      .round_trip = member.round_trip,
      .descriptor = nullptr};
  if (record.descriptor.is_zero()) return {.provider = std::move(provider), .wanted = std::nullopt};
  const auto known = digest_of_.find(id);
  if (known == digest_of_.end() || known->second != record.descriptor) {
    release(id);
    digest_of_[id] = record.descriptor;
    Entry& entry = entries_[record.descriptor];
    entry.members.insert(id);
    if (const auto restored = restored_.find(record.descriptor); restored != restored_.end()) {
      entry.descriptor = std::move(restored->second.descriptor);
      entry.bytes = restored->second.bytes;
      restored_.erase(restored);
    }
  }
  const Entry& entry = entries_.at(record.descriptor);
  provider.descriptor = entry.descriptor;
  std::optional<base::Digest> wanted;
  if (!provider.descriptor && !entry.refused) wanted = record.descriptor;
  return {.provider = std::move(provider), .wanted = wanted};
}

void Providers::on_forgotten(const base::NodeId& id) {
  release(id);
}

void Providers::restore(const base::Digest& digest, base::ByteView bytes) {
  auto descriptor = wire::decode_descriptor(bytes);
  // Else it will be pulled again when it is named.
  if (!descriptor || !has_room(bytes.size()) || restored_.contains(digest)) return;
  bytes_ += bytes.size();
  restored_.emplace(digest,
                    Restored{std::make_shared<const mesh::AgentDescriptor>(std::move(*descriptor)),
                             bytes.size()});
}

void Providers::drop_restored() {
  for (const auto& [digest, restored] : restored_) bytes_ -= restored.bytes;
  restored_.clear();
}

bool Providers::has_room(std::size_t bytes) const {
  return bytes <= (bytes_max_ - bytes_) / 32;
}

bool Providers::on_descriptor(const base::Digest& digest, base::ByteView bytes) {
  const auto entry = entries_.find(digest);
  if (entry == entries_.end()) return true;  // nobody names it any more
  if (entry->second.descriptor) return true;
  auto descriptor = wire::decode_descriptor(bytes);
  entry->second.refused = !descriptor || !has_room(bytes.size());
  if (entry->second.refused) return false;
  entry->second.bytes = bytes.size();
  bytes_ += bytes.size();
  // Shared by this table and the catalogue's providers.
  entry->second.descriptor =
      std::make_shared<const mesh::AgentDescriptor>(std::move(descriptor).value());
  return true;
}

std::vector<base::NodeId> Providers::members_of(const base::Digest& digest) const {
  const auto entry = entries_.find(digest);
  if (entry == entries_.end()) return {};
  return {entry->second.members.begin(), entry->second.members.end()};
}

void Providers::release(const base::NodeId& id) {
  const auto known = digest_of_.find(id);
  if (known == digest_of_.end()) return;
  const auto entry = entries_.find(known->second);
  CHECK(entry != entries_.end());
  entry->second.members.erase(id);
  if (entry->second.members.empty()) {
    bytes_ -= entry->second.bytes;
    entries_.erase(entry);
  }
  digest_of_.erase(known);
}

mesh::Availability availability_of(const gossip::Member& member) {
  switch (member.state) {
    case gossip::MemberState::joining:
      return mesh::Availability::joining;
    case gossip::MemberState::serving:
      return member.degraded ? mesh::Availability::degraded : mesh::Availability::serving;
    case gossip::MemberState::at_capacity:
      return mesh::Availability::at_capacity;
    case gossip::MemberState::draining:
      return mesh::Availability::draining;
    case gossip::MemberState::left:
      return mesh::Availability::left;
    case gossip::MemberState::suspect:
      return mesh::Availability::suspect;
    case gossip::MemberState::dead:
      return mesh::Availability::dead;
  }
  CHECK(false);
  return {};
}

gossip::LocalStatus status_of(const mesh::LocalLoad& load, bool draining,
                              const base::Digest& descriptor) {
  constexpr std::int64_t most = std::numeric_limits<std::uint32_t>::max();
  const auto latency = std::chrono::duration_cast<std::chrono::microseconds>(load.latency);
  gossip::LocalStatus status{.readiness = gossip::Readiness::serving,
                             .load = {.in_flight = load.in_flight,
                                      .concurrency = load.concurrency,
                                      .latency_micros = static_cast<std::uint32_t>(
                                          std::clamp<std::int64_t>(latency.count(), 0, most))},
                             .descriptor = descriptor};
  const bool unhealthy = load.condition == mesh::AgentCondition::unhealthy;
  if (load.at_capacity || unhealthy) status.readiness = gossip::Readiness::at_capacity;
  if (draining) status.readiness = gossip::Readiness::draining;
  return status;
}

}  // namespace kernel
