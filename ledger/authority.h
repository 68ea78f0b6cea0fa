// Who may do what: a right comes with a role, unless a rule wants a ballot, and a ballot of the
// right electorate has it as well. All of it is state, and decided like the rest.
#pragma once

#include "base/ids.h"
#include "ledger/op_kind.h"
#include "ledger/reason.h"
#include "ledger/scene.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ledger {

// Those who agreed, where an op is the effect of a ballot.
struct Approval {
  std::string electorate;  // the role that voted; "" for a list of names
  std::uint32_t agreed = 0;
};

struct Actor {
  base::NodeId node;  // the op's author; of an effect, who opened the ballot
  std::optional<Approval> approval;
};

[[nodiscard]] Rule rule_of(const Scene& scene, Right right);
[[nodiscard]] std::uint32_t holders_of(const Scene& scene, std::string_view role);

// Nothing if the actor may; else why not.
[[nodiscard]] std::optional<Reason> authorise(const Scene& scene, const Actor& actor, Right right);
// Likewise for that key of an application.
[[nodiscard]] std::optional<Reason> authorise_write(const Scene& scene, const Actor& actor,
                                                    std::string_view document);

// What an op of this kind needs as the effect of a ballot.
[[nodiscard]] Right right_for(OpKind effect);

}  // namespace ledger
