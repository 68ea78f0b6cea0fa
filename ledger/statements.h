// The statements that the ledger's authors sign, with their fixed layout. Nothing else builds them.
#pragma once

#include "base/bytes.h"
#include "base/ids.h"
#include "crypto/statement.h"
#include "ledger/op_kind.h"
#include "ledger/ops/members.h"

#include <cstdint>

namespace ledger {

// 136 bytes: the preimage of an op.
[[nodiscard]] crypto::Statement op_statement(const base::MeshId& mesh, const base::NodeId& author,
                                             std::uint64_t sequence, std::uint64_t not_after_ms,
                                             OpKind kind, std::uint16_t flags,
                                             base::ByteView payload);
[[nodiscard]] crypto::Statement statement_of(const Invitation& invitation,
                                             const base::MeshId& mesh);

}  // namespace ledger
