#include "ledger/op_kind.h"

#include <array>
#include <utility>

namespace ledger {

namespace {

constexpr std::array<std::pair<OpKind, std::string_view>, 19> names{{
    {OpKind::reconfigure, "reconfigure"},
    {OpKind::report_evidence, "report_evidence"},
    {OpKind::define_role, "define_role"},
    {OpKind::remove_role, "remove_role"},
    {OpKind::set_rule, "set_rule"},
    {OpKind::open_ballot, "open_ballot"},
    {OpKind::cast_ballot, "cast_ballot"},
    {OpKind::withdraw_ballot, "withdraw_ballot"},
    {OpKind::join, "join"},
    {OpKind::admit, "admit"},
    {OpKind::leave, "leave"},
    {OpKind::evict, "evict"},
    {OpKind::revoke, "revoke"},
    {OpKind::assign_roles, "assign_roles"},
    {OpKind::forget, "forget"},
    {OpKind::set_policy, "set_policy"},
    {OpKind::remove_policy, "remove_policy"},
    {OpKind::put_document, "put_document"},
    {OpKind::delete_document, "delete_document"},
}};

}  // namespace

std::string_view name_of(OpKind kind) {
  for (const auto& [known, name] : names) {
    if (known == kind) return name;
  }
  return "unknown";
}

std::optional<OpKind> op_kind(std::uint16_t number) {
  for (const auto& [known, name] : names) {
    if (static_cast<std::uint16_t>(known) == number) return known;
  }
  return std::nullopt;
}

}  // namespace ledger
