// What one node's disk holds. A sync takes time, and what was written since the last one is lost in
// a crash. A full disk refuses: a Persist then waits until there is room again, all else is
// dropped.
#pragma once

#include "base/bytes.h"
#include "base/ids.h"
#include "base/rng.h"
#include "base/time.h"

#include <cstdint>
#include <map>
#include <optional>

namespace sim {

class Disk {
 public:
  struct Contents {
    std::uint64_t epoch = 0;
    std::map<base::NodeId, base::Bytes> members;
    std::map<base::Digest, base::Bytes> descriptors;
    bool operator==(const Contents&) const = default;
  };

  explicit Disk(base::Rng rng) : rng_(rng) {}

  // Written, not yet synced.
  void put_epoch(std::uint64_t epoch) { contents_.epoch = epoch; }
  void put_member(const base::NodeId& id, base::Bytes record);
  void put_descriptor(const base::Digest& digest, base::Bytes descriptor);
  void forget_member(const base::NodeId& id);

  // How long the sync that starts now takes; nothing while the disk is full.
  [[nodiscard]] std::optional<base::Duration> sync_time();
  void synced();
  void crash();  // what was written since the last sync is gone

  void set_full(bool full) { full_ = full; }
  void set_slow(base::Duration by) { slow_ = by; }

  [[nodiscard]] const Contents& contents() const { return contents_; }

 private:
  // A bound for large worlds, where every disk would hold the whole mesh.
  static constexpr std::size_t members_max = 256;

  base::Rng rng_;
  bool full_ = false;
  base::Duration slow_{};
  Contents contents_;  // as written
  // What a crash brings back: the values before the unsynced writes.
  std::uint64_t epoch_synced_ = 0;
  std::map<base::NodeId, std::optional<base::Bytes>> members_before_;
};

}  // namespace sim
