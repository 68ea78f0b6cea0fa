// What the mesh decided is one log: the same block at the same height on every node, each leading
// to the state that it says, each op once and asked for by somebody; and who was put out gets
// nothing more from those who know.
#pragma once

#include "base/ids.h"
#include "sim/checkers/checker.h"

#include <cstdint>
#include <map>
#include <set>

namespace sim {

class DecisionsChecker final : public Checker {
 public:
  explicit DecisionsChecker(const Truth& truth) : Checker("decisions", truth) {}
  void on_proposed(const OpMade& made) override;
  void on_decided(const BlockDecided& decided) override;
  void on_archived(const BlockArchived& archived) override;
  void on_contact(const ContactWithOutsider& contact) override;

 private:
  struct Block {
    base::Digest hash;
    NodeIndex first = 0;
  };
  std::set<base::Digest> proposed_;
  std::map<std::uint64_t, Block> log_;            // by height
  std::map<base::Digest, std::uint64_t> places_;  // of ops: the height
};

}  // namespace sim
