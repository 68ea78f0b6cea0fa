// Liars by what they are in the mesh: a member of another epoch, an author of ops, somebody whom
// the others probe.
#pragma once

#include "sim/agreement/byzantine/strategy.h"

#include <cstdint>
#include <map>
#include <vector>

namespace sim::agreement {

// B25: a round trip to it takes no time or ten seconds, and the next leaders seem dead to others.
class HintLiar final : public Strategy {
 public:
  void on_receive(Villain& villain, std::uint32_t from, const consensus::Message& message) override;
};

// B26: ops without end, as many and as large as an author may have, and some beyond that.
class OpFlooder final : public Strategy {
 public:
  void on_receive(Villain& villain, std::uint32_t from, const consensus::Message& message) override;

 private:
  std::uint64_t sequence_ = 0;
};

// B27: votes in epochs that ended, whether it still has a seat or not.
class OldMember final : public Strategy {
 public:
  void on_receive(Villain& villain, std::uint32_t from, const consensus::Message& message) override;

 private:
  static constexpr std::size_t epochs_max = 4;
  std::map<consensus::EpochNumber, consensus::Epoch> epochs_;  // those in which it had a seat
  std::vector<base::Digest> blocks_;
};

// B27: follows like an honest observer, and says nothing once it has a seat.
class NeverStarts final : public Strategy {
 public:
  bool on_send(Villain& villain, std::uint32_t to, consensus::Message& message) override;
};

}  // namespace sim::agreement
