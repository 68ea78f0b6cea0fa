// The committee of one epoch: who votes, and how many must agree. Members have equal weight and are
// sorted by node id; a member's index in that order is its signer index, so that a set of signers
// is one 64-bit word. CONSENSUS 3.1, 3.2.
//
//   f = floor((n - 1) / 3) may be faulty, q = n - f must agree. Never 2f + 1: at n = 5 two such
//   quorums may meet in one liar. Two quorums of n - f share at least f + 1 members.
#pragma once

#include "base/ids.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace consensus {

// Its place among the sorted members.
using SignerIndex = std::uint16_t;

struct Validator {
  base::NodeId node;      // who it is: the key of its links
  base::NodeId vote_key;  // a separate Ed25519 key, which its vote guard alone holds
  auto operator<=>(const Validator&) const = default;
};

class Committee {
 public:
  static constexpr std::size_t members_max = 64;

  Committee() = default;  // nobody: of an epoch that has not been given one
  // In any order. Nothing unless there are 1 to 64, all distinct in both keys.
  [[nodiscard]] static std::optional<Committee> of(std::vector<Validator> members);

  [[nodiscard]] std::size_t size() const { return members_.size(); }
  [[nodiscard]] std::size_t faults() const { return size() == 0 ? 0 : (size() - 1) / 3; }
  [[nodiscard]] std::size_t quorum() const { return size() - faults(); }

  [[nodiscard]] const std::vector<Validator>& members() const { return members_; }
  [[nodiscard]] const Validator& member(SignerIndex index) const { return members_.at(index); }
  [[nodiscard]] std::optional<SignerIndex> index_of(const base::NodeId& node) const;

  bool operator==(const Committee&) const = default;

 private:
  std::vector<Validator> members_;  // sorted by node
};

}  // namespace consensus
