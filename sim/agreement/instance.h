// One running copy of a node. An identity has one; a twin has two, each with its own disk.
#pragma once

#include "base/check.h"
#include "consensus/replica.h"
#include "crypto/stand_in.h"
#include "sim/agreement/register.h"
#include "sim/agreement/storage.h"
#include "sim/agreement/world.h"

#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace sim::agreement {

class StandInKey final : public consensus::VotingKey {
 public:
  explicit StandInKey(const base::NodeId& key) : key_(key) {}
  [[nodiscard]] const base::NodeId& id() const override { return key_; }
  [[nodiscard]] crypto::Signature sign(const crypto::Statement& statement) const override {
    return crypto::sign_as_stand_in(key_, statement);
  }

 private:
  base::NodeId key_;
};

struct World::Instance {
  explicit Instance(Register::State genesis) : storage(std::move(genesis)) {}

  std::uint32_t number = 0;
  std::uint32_t identity = 0;
  std::uint32_t twin = 0;
  bool honest = true;
  bool dead = false;      // for good
  bool restored = false;  // from a copy: it may find out, and abstain
  Storage storage;
  std::optional<Storage> copy;
  std::unique_ptr<Register> application;  // behind the replica, in front of the storage
  std::optional<consensus::Replica> replica;
  std::uint32_t generation = 0;
  std::uint64_t inputs = 0;
  consensus::EpochNumber epoch = 0;  // as its effects were carried out, one after the other
  std::int64_t drift_ppm = 0;
  std::int64_t wall_offset_ms = 0;
  base::Duration timer_at = base::Duration::max();  // of the timer event that is on its way
  // Where the record of each own vote is, by epoch, view and kind.
  std::map<std::tuple<consensus::EpochNumber, consensus::View, consensus::VoteKind>,
           consensus::LogPosition>
      vote_positions;
  std::map<std::tuple<consensus::EpochNumber, consensus::View, consensus::VoteKind>,
           consensus::Vote>
      released;                               // that left it
  consensus::LogPosition released_at = 0;     // of the record of the last of them
  std::vector<consensus::Decision> unproven;  // since the last finalization
  std::optional<consensus::Vote> heard_lie;   // in the message that is being handled
  std::vector<std::unique_ptr<Strategy>> ways;
  std::unique_ptr<VillainView> villain;

  [[nodiscard]] bool up() const { return replica.has_value(); }
};

}  // namespace sim::agreement
