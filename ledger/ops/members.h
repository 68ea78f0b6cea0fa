// Who is in the mesh: joining, with an invitation or without, and being admitted, put out, revoked.
#pragma once

#include "base/ids.h"
#include "crypto/identity.h"
#include "ledger/op_kind.h"
#include "ledger/terms.h"

#include <cstdint>
#include <optional>
#include <string>

namespace ledger {

// A member's word that lets somebody in. Handed over outside of the mesh.
struct Invitation {
  base::NodeId inviter;
  base::NodeId invitee;     // zero: whoever shows it first
  std::uint64_t nonce = 0;  // drawn by the inviter
  std::uint64_t not_after_ms = 0;
  crypto::Signature signature;
  bool operator==(const Invitation&) const = default;
  void write(Writer& out) const;
  [[nodiscard]] static Invitation read(Reader& in);
};
struct Join {
  static constexpr OpKind kind = OpKind::join;
  std::optional<Invitation> invitation;
  bool operator==(const Join&) const = default;
  void write(Writer& out) const;
  [[nodiscard]] static Join read(Reader& in);
};
struct Admit {
  static constexpr OpKind kind = OpKind::admit;
  base::NodeId node;
  RoleNames roles;  // besides `member`, which every member has
  bool operator==(const Admit&) const = default;
  void write(Writer& out) const;
  [[nodiscard]] static Admit read(Reader& in);
};
struct Leave {
  static constexpr OpKind kind = OpKind::leave;
  bool operator==(const Leave&) const = default;
  void write(Writer& out) const;
  [[nodiscard]] static Leave read(Reader& in);
};
struct Evict {
  static constexpr OpKind kind = OpKind::evict;
  base::NodeId node;
  std::string reason;
  base::Digest evidence;  // of whatever shows it, such as the op that reported it; zero if nothing
  bool operator==(const Evict&) const = default;
  void write(Writer& out) const;
  [[nodiscard]] static Evict read(Reader& in);
};
struct Revoke {
  static constexpr OpKind kind = OpKind::revoke;
  base::NodeId node;
  std::string reason;
  bool operator==(const Revoke&) const = default;
  void write(Writer& out) const;
  [[nodiscard]] static Revoke read(Reader& in);
};
struct AssignRoles {
  static constexpr OpKind kind = OpKind::assign_roles;
  base::NodeId node;
  RoleNames roles;  // all that it has from now on, besides `member` and `validator`
  bool operator==(const AssignRoles&) const = default;
  void write(Writer& out) const;
  [[nodiscard]] static AssignRoles read(Reader& in);
};
struct Forget {
  static constexpr OpKind kind = OpKind::forget;
  base::NodeId node;
  bool operator==(const Forget&) const = default;
  void write(Writer& out) const;
  [[nodiscard]] static Forget read(Reader& in);
};

}  // namespace ledger
