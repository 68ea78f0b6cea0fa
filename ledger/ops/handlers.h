// What each kind of op does: nothing if it took place, or why it could not. After a refusal the
// caller takes back what was written until then.
#pragma once

#include "base/ids.h"
#include "ledger/authority.h"
#include "ledger/payload.h"
#include "ledger/reason.h"
#include "ledger/scene.h"

#include <optional>
#include <string_view>

namespace ledger {

using Refusal = std::optional<Reason>;

[[nodiscard]] Refusal apply(Scene& scene, const Actor& actor, const Reconfigure& op);
[[nodiscard]] Refusal apply(Scene& scene, const Actor& actor, const ReportEvidence& op);
[[nodiscard]] Refusal apply(Scene& scene, const Actor& actor, const DefineRole& op);
[[nodiscard]] Refusal apply(Scene& scene, const Actor& actor, const RemoveRole& op);
[[nodiscard]] Refusal apply(Scene& scene, const Actor& actor, const SetRule& op);
[[nodiscard]] Refusal apply(Scene& scene, const Actor& actor, const CastBallot& op);
[[nodiscard]] Refusal apply(Scene& scene, const Actor& actor, const WithdrawBallot& op);
[[nodiscard]] Refusal apply(Scene& scene, const Actor& actor, const Join& op);
[[nodiscard]] Refusal apply(Scene& scene, const Actor& actor, const Admit& op);
[[nodiscard]] Refusal apply(Scene& scene, const Actor& actor, const Leave& op);
[[nodiscard]] Refusal apply(Scene& scene, const Actor& actor, const Evict& op);
[[nodiscard]] Refusal apply(Scene& scene, const Actor& actor, const Revoke& op);
[[nodiscard]] Refusal apply(Scene& scene, const Actor& actor, const AssignRoles& op);
[[nodiscard]] Refusal apply(Scene& scene, const Actor& actor, const Forget& op);
[[nodiscard]] Refusal apply(Scene& scene, const Actor& actor, const SetPolicy& op);
[[nodiscard]] Refusal apply(Scene& scene, const Actor& actor, const RemovePolicy& op);
[[nodiscard]] Refusal apply(Scene& scene, const Actor& actor, const PutDocument& op);
[[nodiscard]] Refusal apply(Scene& scene, const Actor& actor, const DeleteDocument& op);
// A ballot is known by the id of the op that opens it.
[[nodiscard]] Refusal open_ballot(Scene& scene, const Actor& actor, const OpenBallot& op,
                                  const base::Digest& id);

// An effect, or an op that is not a ballot's opening.
[[nodiscard]] Refusal apply_payload(Scene& scene, const Actor& actor, const Payload& payload);

// ---- what several of them do ----

// Lets a node in that was not admitted, as a plain member.
[[nodiscard]] Refusal admit_member(Scene& scene, const base::NodeId& node, const base::NodeId& by);
// Gives `member` these roles and no others, and writes it.
[[nodiscard]] Refusal change_roles(Scene& scene, const base::NodeId& node, Member member,
                                   RoleNames roles);
void add_role(RoleNames& roles, std::string_view role);
void remove_role(RoleNames& roles, std::string_view role);
// Ends the ballots whose time is over.
void expire_ballots(Scene& scene);

// Whether the bucket of that key has no room for more. As it was before this block: the same for
// all of its ops, and cheap.
[[nodiscard]] bool bucket_is_full(const Scene& scene, std::string_view key);

// Whether the version that is there (0 if there is none) is the one that a writer expects.
[[nodiscard]] constexpr bool fits(std::uint64_t expected, std::uint64_t there) {
  return expected == Expected::any || expected == there;
}

}  // namespace ledger
