// What an op says: one type for each kind (ops/*.h), one encoding for each value.
//
// Only what the bytes alone can tell is checked when they are read. Whether the author may, and
// whether it fits to the state, is execution's matter.
#pragma once

#include "base/bytes.h"
#include "ledger/op_kind.h"
#include "ledger/ops/ballots.h"
#include "ledger/ops/committee.h"
#include "ledger/ops/documents.h"
#include "ledger/ops/members.h"
#include "ledger/ops/policies.h"
#include "ledger/ops/roles.h"

#include <optional>
#include <variant>

namespace ledger {

using Payload =
    std::variant<Reconfigure, ReportEvidence, DefineRole, RemoveRole, SetRule, OpenBallot,
                 CastBallot, WithdrawBallot, Join, Admit, Leave, Evict, Revoke, AssignRoles, Forget,
                 SetPolicy, RemovePolicy, PutDocument, DeleteDocument>;

[[nodiscard]] OpKind kind_of(const Payload& payload);
[[nodiscard]] base::Bytes encode_payload(const Payload& payload);
// Nothing unless the bytes are the one encoding of such a payload.
[[nodiscard]] std::optional<Payload> parse_payload(OpKind kind, base::ByteView bytes);
// Whether a ballot may have that effect: what members do in their own name it may not.
[[nodiscard]] bool may_be_effect(OpKind kind);

}  // namespace ledger
