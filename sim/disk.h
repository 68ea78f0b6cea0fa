// What one node's disk holds. A sync takes time, and what was written since the last one is lost in
// a crash. A full disk refuses: a Persist then waits until there is room again, all else is
// dropped.
#pragma once

#include "base/bytes.h"
#include "base/ids.h"
#include "base/rng.h"
#include "base/time.h"
#include "mesh/call.h"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace sim {

class Disk {
 public:
  // One that waits for its delivery, or its answer.
  struct Call {
    mesh::CallRequest request;
    std::string key;
    base::Duration since{};  // of the world
    base::Duration until{};
    int status = 0;  // 0: not delivered
  };
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
  void put_call(std::string_view id, Call call);
  void put_answer(std::string_view id, int status);
  void forget_call(std::string_view id);

  // How long the sync that starts now takes; nothing while the disk is full.
  [[nodiscard]] std::optional<base::Duration> sync_time();
  void synced();
  void crash();  // what was written since the last sync is gone

  void set_full(bool full) { full_ = full; }
  void set_slow(base::Duration by) { slow_ = by; }

  [[nodiscard]] const Contents& contents() const { return contents_; }
  [[nodiscard]] const std::map<std::string, Call, std::less<>>& calls() const { return calls_; }

 private:
  // A bound for large worlds, where every disk would hold the whole mesh.
  static constexpr std::size_t members_max = 256;

  base::Rng rng_;
  bool full_ = false;
  base::Duration slow_{};
  Contents contents_;                               // as written
  std::map<std::string, Call, std::less<>> calls_;  // by id; written when synced
  // What a crash brings back: the values before the unsynced writes.
  std::uint64_t epoch_synced_ = 0;
  std::map<base::NodeId, std::optional<base::Bytes>> members_before_;
};

}  // namespace sim
