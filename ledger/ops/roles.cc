#include "ledger/ops/roles.h"

#include "ledger/ops/handlers.h"

#include <algorithm>
#include <array>
#include <utility>

namespace ledger {

namespace {

bool every_mesh_has(std::string_view role) {
  return role == operator_role || role == validator_role || role == voter_role ||
         role == member_role;
}

// Whether a right can only be used by a ballot of that role.
bool decides_alone(const Scene& scene, std::string_view role) {
  for (std::size_t i = 0; i < right_count; ++i) {
    const Rule rule = rule_of(scene, static_cast<Right>(i));
    if (!rule.direct && rule.electorate == role) return true;
  }
  return false;
}

// Without anybody who has it nobody could ever decide again.
bool needs_a_holder(const Scene& scene, std::string_view role) {
  return role == operator_role || decides_alone(scene, role);
}

Refusal count_holders(Scene& scene, const std::string& role, bool more) {
  std::optional<Role> record = scene.read<Role>(key::role(role));
  if (!record) return Reason::unknown_role;
  if (more) {
    ++record->holders;
  } else {
    CHECK(record->holders > 0);
    --record->holders;
    if (record->holders == 0 && needs_a_holder(scene, role)) return Reason::last_holder;
  }
  scene.write(key::role(role), *record);
  return std::nullopt;
}

}  // namespace

void add_role(RoleNames& roles, std::string_view role) {
  const auto at = std::lower_bound(roles.begin(), roles.end(), role);
  if (at == roles.end() || *at != role) roles.insert(at, std::string(role));
}

void remove_role(RoleNames& roles, std::string_view role) {
  std::erase(roles, role);
}

Refusal change_roles(Scene& scene, const base::NodeId& node, Member member, RoleNames roles) {
  for (const std::string& role : roles) {
    if (member.has_role(role)) continue;
    if (const Refusal refusal = count_holders(scene, role, true)) return refusal;
  }
  for (const std::string& role : member.roles) {
    if (std::binary_search(roles.begin(), roles.end(), role)) continue;
    if (const Refusal refusal = count_holders(scene, role, false)) return refusal;
  }
  member.roles = std::move(roles);
  scene.write(key::member(node), member);
  return std::nullopt;
}

Refusal apply(Scene& scene, const Actor& actor, const DefineRole& op) {
  if (const Refusal refusal = authorise(scene, actor, Right::assign_roles)) return refusal;
  if (op.name == operator_role) return Reason::reserved_role;
  std::optional<Role> role = scene.read<Role>(key::role(op.name));
  if (!role) {
    Totals totals = scene.get<Totals>(key::totals);
    if (totals.roles >= scene.limits().roles_max) return Reason::full;
    ++totals.roles;
    scene.write(key::totals, totals);
    role.emplace();
  }
  role->rights = op.rights;
  role->prefixes = op.prefixes;
  scene.write(key::role(op.name), *role);
  scene.tell(RoleChanged{.name = op.name});
  return std::nullopt;
}

Refusal apply(Scene& scene, const Actor& actor, const RemoveRole& op) {
  if (const Refusal refusal = authorise(scene, actor, Right::assign_roles)) return refusal;
  if (every_mesh_has(op.name)) return Reason::reserved_role;
  const std::optional<Role> role = scene.read<Role>(key::role(op.name));
  if (!role) return Reason::unknown_role;
  if (role->holders > 0 || decides_alone(scene, op.name)) return Reason::role_in_use;
  scene.erase(key::role(op.name));
  Totals totals = scene.get<Totals>(key::totals);
  --totals.roles;
  scene.write(key::totals, totals);
  scene.tell(RoleRemoved{.name = op.name});
  return std::nullopt;
}

Refusal apply(Scene& scene, const Actor& actor, const SetRule& op) {
  if (const Refusal refusal = authorise(scene, actor, Right::set_rules)) return refusal;
  const std::optional<Role> electorate = scene.read<Role>(key::role(op.rule.electorate));
  if (!electorate) return Reason::unknown_role;
  if (!op.rule.direct && electorate->holders == 0) return Reason::last_holder;
  scene.write(key::rule(op.right), op.rule);
  scene.tell(RuleChanged{.right = op.right});
  return std::nullopt;
}

}  // namespace ledger
