#include "ledger/statements.h"

#include "crypto/digest.h"

namespace ledger {

crypto::Statement op_statement(const base::MeshId& mesh, const base::NodeId& author,
                               std::uint64_t sequence, std::uint64_t not_after_ms, OpKind kind,
                               std::uint16_t flags, base::ByteView payload) {
  crypto::Statement statement(crypto::Purpose::operation, mesh);
  statement.fixed(author.view()).u64(sequence).u64(not_after_ms);
  statement.u16(static_cast<std::uint16_t>(kind)).u16(flags);
  statement.u32(static_cast<std::uint32_t>(payload.size()));
  statement.fixed(crypto::digest(payload).view());
  return statement;
}

crypto::Statement statement_of(const Invitation& invitation, const base::MeshId& mesh) {
  crypto::Statement statement(crypto::Purpose::invitation, mesh);
  statement.fixed(invitation.inviter.view()).fixed(invitation.invitee.view());
  statement.u64(invitation.nonce).u64(invitation.not_after_ms);
  return statement;
}

}  // namespace ledger
