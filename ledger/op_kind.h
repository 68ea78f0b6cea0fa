// The kinds of ops. A number is part of the format; its upper byte is the class in which ops wait
// for their turn (CONSENSUS 3.12).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace ledger {

enum class OpKind : std::uint16_t {
  reconfigure = 0x0101,
  report_evidence = 0x0102,
  define_role = 0x0103,
  remove_role = 0x0104,
  set_rule = 0x0105,
  open_ballot = 0x0106,
  cast_ballot = 0x0107,
  withdraw_ballot = 0x0108,

  join = 0x0201,
  admit = 0x0202,
  leave = 0x0203,
  evict = 0x0204,
  revoke = 0x0205,
  assign_roles = 0x0206,
  forget = 0x0207,

  set_policy = 0x0301,
  remove_policy = 0x0302,

  put_document = 0x0401,
  delete_document = 0x0402,
};
[[nodiscard]] std::string_view name_of(OpKind kind);

enum class OpClass : std::uint8_t { governance = 1, membership, traffic, application };
[[nodiscard]] constexpr OpClass class_of(OpKind kind) {
  return static_cast<OpClass>(static_cast<std::uint16_t>(kind) >> 8);
}

[[nodiscard]] std::optional<OpKind> op_kind(std::uint16_t number);

}  // namespace ledger
