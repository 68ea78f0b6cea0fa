#include "consensus/committee.h"

#include <algorithm>
#include <set>
#include <utility>

namespace consensus {

std::optional<Committee> Committee::of(std::vector<Validator> members) {
  if (members.empty() || members.size() > members_max) return std::nullopt;
  std::sort(members.begin(), members.end());
  std::set<base::NodeId> nodes;
  std::set<base::NodeId> vote_keys;
  for (const Validator& member : members) {
    if (!nodes.insert(member.node).second) return std::nullopt;
    if (!vote_keys.insert(member.vote_key).second) return std::nullopt;
  }
  Committee committee;
  committee.members_ = std::move(members);
  return committee;
}

std::optional<SignerIndex> Committee::index_of(const base::NodeId& node) const {
  const auto at = std::lower_bound(
      members_.begin(), members_.end(), node,
      [](const Validator& member, const base::NodeId& id) { return member.node < id; });
  if (at == members_.end() || at->node != node) return std::nullopt;
  return static_cast<SignerIndex>(at - members_.begin());
}

}  // namespace consensus
