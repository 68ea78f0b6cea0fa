// No key votes twice: never for two blocks in a view, and never to finalize in a view that it voted
// to nullify, whatever its node lost in between; and a key whose log was lost votes no more at all.
// Of the kernels; what stands between that of a liar and the network is not looked at.
#pragma once

#include "base/ids.h"
#include "sim/checkers/checker.h"

#include <cstdint>
#include <map>
#include <optional>
#include <tuple>

namespace sim {

class VotesChecker final : public Checker {
 public:
  explicit VotesChecker(const Truth& truth) : Checker("votes", truth) {}
  void on_vote(const VoteLeft& left) override;

 private:
  struct Promises {
    std::optional<base::Digest> notarized;
    std::optional<base::Digest> finalized;
    bool nullified = false;
  };
  std::map<std::tuple<base::NodeId, std::uint64_t, std::uint64_t>, Promises> promises_;
};

}  // namespace sim
