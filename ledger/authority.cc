#include "ledger/authority.h"

#include <algorithm>

namespace ledger {

namespace {

// Whether a role of that admitted member passes.
template <class Passes>
bool any_role(const Scene& scene, const base::NodeId& node, Passes passes) {
  const std::optional<Member> member = scene.read<Member>(key::member(node));
  if (!member || !member->admitted()) return false;
  return std::any_of(member->roles.begin(), member->roles.end(), [&](const std::string& name) {
    return passes(scene.get<Role>(key::role(name)));
  });
}

bool approved(const Scene& scene, const Actor& actor, const Rule& rule) {
  return actor.approval && actor.approval->electorate == rule.electorate &&
         actor.approval->agreed >= rule.needed(holders_of(scene, rule.electorate));
}

template <class Passes>
std::optional<Reason> authorise(const Scene& scene, const Actor& actor, Right right,
                                Passes passes) {
  const Rule rule = rule_of(scene, right);
  if (approved(scene, actor, rule)) return std::nullopt;
  if (!any_role(scene, actor.node, passes)) return Reason::not_allowed;
  if (!rule.direct) return Reason::needs_ballot;
  return std::nullopt;
}

}  // namespace

Rule rule_of(const Scene& scene, Right right) {
  return scene.read<Rule>(key::rule(right)).value_or(Rule{});
}

std::uint32_t holders_of(const Scene& scene, std::string_view role) {
  const std::optional<Role> found = scene.read<Role>(key::role(role));
  return found ? found->holders : 0;
}

std::optional<Reason> authorise(const Scene& scene, const Actor& actor, Right right) {
  return authorise(scene, actor, right, [&](const Role& role) { return role.rights.has(right); });
}

std::optional<Reason> authorise_write(const Scene& scene, const Actor& actor,
                                      std::string_view document) {
  return authorise(scene, actor, Right::write_documents, [&](const Role& role) {
    return role.rights.has(Right::write_documents) &&
           std::any_of(role.prefixes.begin(), role.prefixes.end(),
                       [&](const std::string& prefix) { return document.starts_with(prefix); });
  });
}

Right right_for(OpKind effect) {
  switch (effect) {
    case OpKind::reconfigure:
      return Right::set_committee;
    case OpKind::define_role:
    case OpKind::remove_role:
    case OpKind::assign_roles:
      return Right::assign_roles;
    case OpKind::set_rule:
      return Right::set_rules;
    case OpKind::admit:
    case OpKind::forget:
      return Right::admit;
    case OpKind::evict:
      return Right::evict;
    case OpKind::revoke:
      return Right::revoke;
    case OpKind::set_policy:
    case OpKind::remove_policy:
      return Right::set_policies;
    case OpKind::put_document:
    case OpKind::delete_document:
      return Right::write_documents;
    case OpKind::report_evidence:
    case OpKind::open_ballot:
    case OpKind::cast_ballot:
    case OpKind::withdraw_ballot:
    case OpKind::join:
    case OpKind::leave:
      break;
  }
  CHECK(false);  // may_be_effect() says no
  return Right::set_rules;
}

}  // namespace ledger
