// What a block changed, in the order in which it did: what the kernel acts on. Names only; the
// state has the rest.
#pragma once

#include "base/ids.h"
#include "ledger/ops/committee.h"
#include "ledger/reason.h"
#include "ledger/records.h"
#include "ledger/terms.h"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

namespace ledger {

struct MemberAdmitted {
  base::NodeId node;
  bool operator==(const MemberAdmitted&) const = default;
};
struct MemberLeft {
  base::NodeId node;
  bool operator==(const MemberLeft&) const = default;
};
struct MemberEvicted {
  base::NodeId node;
  std::string reason;
  bool operator==(const MemberEvicted&) const = default;
};
struct IdentityRevoked {
  base::NodeId node;
  std::string reason;
  bool operator==(const IdentityRevoked&) const = default;
};
// Nothing is known of it any more but what its next op says.
struct MemberForgotten {
  base::NodeId node;
  bool operator==(const MemberForgotten&) const = default;
};
struct RolesAssigned {
  base::NodeId node;
  RoleNames roles;
  bool operator==(const RolesAssigned&) const = default;
};
struct RoleChanged {
  std::string name;
  bool operator==(const RoleChanged&) const = default;
};
struct RoleRemoved {
  std::string name;
  bool operator==(const RoleRemoved&) const = default;
};
struct RuleChanged {
  Right right = Right::admit;
  bool operator==(const RuleChanged&) const = default;
};
struct PolicyChanged {
  std::string name;
  std::uint64_t version = 0;
  bool operator==(const PolicyChanged&) const = default;
};
struct PolicyRemoved {
  std::string name;
  bool operator==(const PolicyRemoved&) const = default;
};
struct DocumentChanged {
  std::string key;
  std::uint64_t version = 0;
  bool operator==(const DocumentChanged&) const = default;
};
struct DocumentDeleted {
  std::string key;
  bool operator==(const DocumentDeleted&) const = default;
};
struct BallotOpened {
  base::Digest id;
  bool operator==(const BallotOpened&) const = default;
};
struct BallotCast {
  base::Digest id;
  base::NodeId voter;
  Choice choice = Choice::agree;
  bool operator==(const BallotCast&) const = default;
};
// What its effect changed follows.
struct BallotClosed {
  base::Digest id;
  BallotResult result = BallotResult::expired;
  std::uint32_t agreed = 0;
  std::uint32_t rejected = 0;
  std::optional<Reason> effect_refusal;
  bool operator==(const BallotClosed&) const = default;
};
struct EquivocatorNamed {
  base::NodeId node;
  std::uint64_t epoch = 0;
  std::uint64_t view = 0;
  Equivocation proven = Equivocation::notarized_two;
  bool operator==(const EquivocatorNamed&) const = default;
};
struct CommitteeChanged {
  std::uint64_t epoch = 0;  // the one that begins
  bool operator==(const CommitteeChanged&) const = default;
};

using Event =
    std::variant<MemberAdmitted, MemberLeft, MemberEvicted, IdentityRevoked, MemberForgotten,
                 RolesAssigned, RoleChanged, RoleRemoved, RuleChanged, PolicyChanged, PolicyRemoved,
                 DocumentChanged, DocumentDeleted, BallotOpened, BallotCast, BallotClosed,
                 EquivocatorNamed, CommitteeChanged>;

}  // namespace ledger
