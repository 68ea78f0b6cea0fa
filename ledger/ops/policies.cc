#include "ledger/ops/policies.h"

#include "ledger/ops/handlers.h"

#include <utility>

namespace ledger {

Refusal apply(Scene& scene, const Actor& actor, const SetPolicy& op) {
  if (const Refusal refusal = authorise(scene, actor, Right::set_policies)) return refusal;
  const std::optional<Policy> there = scene.read<Policy>(key::policy(op.name));
  if (!fits(op.expected, there ? there->version : 0)) return Reason::other_version;
  Totals totals = scene.get<Totals>(key::totals);
  if (there) {
    totals.policy_bytes -= there->yaml.size();
  } else {
    ++totals.policies;
  }
  totals.policy_bytes += op.yaml.size();
  if (totals.policies > scene.limits().policies_max ||
      totals.policy_bytes > scene.limits().policy_bytes_max) {
    return Reason::full;
  }
  ++totals.version;
  scene.write(key::totals, totals);
  scene.write(key::policy(op.name), Policy{.version = totals.version,
                                           .height = scene.block().height,
                                           .author = actor.node,
                                           .scope = op.scope,
                                           .local_may_override = op.local_may_override,
                                           .yaml = op.yaml});
  scene.tell(PolicyChanged{.name = op.name, .version = totals.version});
  return std::nullopt;
}

Refusal apply(Scene& scene, const Actor& actor, const RemovePolicy& op) {
  if (const Refusal refusal = authorise(scene, actor, Right::set_policies)) return refusal;
  const std::optional<Policy> there = scene.read<Policy>(key::policy(op.name));
  if (!there) return Reason::unknown_policy;
  if (!fits(op.expected, there->version)) return Reason::other_version;
  Totals totals = scene.get<Totals>(key::totals);
  --totals.policies;
  totals.policy_bytes -= there->yaml.size();
  scene.write(key::totals, totals);
  scene.erase(key::policy(op.name));
  scene.tell(PolicyRemoved{.name = op.name});
  return std::nullopt;
}

}  // namespace ledger
