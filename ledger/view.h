// Questions about a decided state, for those who act on it and show it.
#pragma once

#include "base/ids.h"
#include "ledger/records.h"
#include "ledger/state.h"
#include "ledger/walk.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ledger {

// Whether a node may take part in the mesh: in an open one whoever was not put out, in others who
// was admitted.
[[nodiscard]] bool is_welcome(const State& state, const base::NodeId& node);
[[nodiscard]] std::uint64_t last_sequence(const State& state, const base::NodeId& author);

[[nodiscard]] MeshRecord mesh_of(const State& state);
[[nodiscard]] Committee committee_of(const State& state);
[[nodiscard]] Totals totals_of(const State& state);

// Nothing if there is none.
[[nodiscard]] std::optional<Member> find_member(const State& state, const base::NodeId& node);
[[nodiscard]] std::optional<Role> find_role(const State& state, std::string_view name);
[[nodiscard]] Rule rule_of(const State& state, Right right);
[[nodiscard]] std::optional<Policy> find_policy(const State& state, std::string_view name);
[[nodiscard]] std::optional<Document> find_document(const State& state, std::string_view key);
[[nodiscard]] std::optional<Ballot> find_ballot(const State& state, const base::Digest& id);
[[nodiscard]] std::optional<Tally> find_tally(const State& state, const base::Digest& id);

// All of them, ascending by their names. Each looks through the whole state.
template <class T>
using Listed = std::vector<std::pair<std::string, T>>;
[[nodiscard]] std::vector<std::pair<base::NodeId, Member>> members_of(const State& state);
[[nodiscard]] Listed<Role> roles_of(const State& state);
[[nodiscard]] Listed<Policy> policies_of(const State& state);
[[nodiscard]] std::vector<Evidence> evidences_of(const State& state);

// Documents ascending by key, one at a time: a page of many costs no more than what it shows.
class Documents {
 public:
  Documents(const State& state, std::string_view prefix, const std::optional<std::string>& after);
  [[nodiscard]] std::optional<std::pair<std::string, Document>> next();

 private:
  Walk walk_;
};

// Behind which ballot a list goes on. If it was open when it was seen, and its end is known, none
// is missed although it may have closed since, and moved.
struct BallotPlace {
  base::Digest id;
  std::optional<std::uint64_t> open_until_ms{};
};
// First those that are open, by their end, then those that are closed, the newest first. Behind
// one that was forgotten there are none: those behind it were forgotten before.
[[nodiscard]] std::vector<base::Digest> ballots_behind(const State& state,
                                                       const std::optional<BallotPlace>& after);

}  // namespace ledger
