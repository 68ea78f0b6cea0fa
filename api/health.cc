#include "api/health.h"

#include "api/json_response.h"
#include "node/kernel/kernel.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace api {
namespace {

using Json = nlohmann::ordered_json;

Condition membership_condition(const gossip::Membership& membership) {
  Condition condition{
      .name = "membership", .of = Condition::Of::readiness, .holds = false, .detail = {}};
  const gossip::Member* self = membership.find(membership.self());
  if (self == nullptr) {
    condition.detail = "the node is not yet in its own view of the mesh";
    return condition;
  }
  condition.holds = self->state == gossip::MemberState::serving ||
                    self->state == gossip::MemberState::at_capacity;
  condition.detail = "this node is " + std::string(gossip::to_string(self->state));
  return condition;
}

Condition agent_condition(const mesh::LocalLoad& load) {
  return {.name = "agent",
          .of = Condition::Of::readiness,
          .holds = load.condition != mesh::AgentCondition::unhealthy,
          .detail = "the agent is " + std::string(mesh::to_string(load.condition))};
}

Condition storage_condition(const ShellCounters& shell) {
  return {.name = "storage",
          .of = Condition::Of::health,
          .holds = shell.storage_healthy,
          .detail = shell.storage_healthy
                        ? "the last write succeeded"
                        : "the last write failed; is the disk full, or read-only?"};
}

}  // namespace

std::vector<Condition> conditions_of(const View& view) {
  std::vector<Condition> conditions = view.conditions();
  // The shell may know one of these better, and then its word stands.
  for (const Condition& condition :
       {storage_condition(view.shell()), membership_condition(view.kernel.membership()),
        agent_condition(view.kernel.data_plane().local_load())}) {
    const bool known =
        std::any_of(conditions.begin(), conditions.end(),
                    [&](const Condition& given) { return given.name == condition.name; });
    if (!known) conditions.push_back(condition);
  }
  return conditions;
}

std::string lacking(const View& view, std::string_view condition) {
  for (Condition& one : view.conditions()) {
    if (one.name == condition && !one.holds) return std::move(one.detail);
  }
  return {};
}

Response health_response(const std::vector<Condition>& conditions, bool verbose) {
  Json reasons = Json::array();
  Json checks = Json::array();
  for (const Condition& condition : conditions) {
    if (!condition.holds) reasons.push_back(condition.name + ": " + condition.detail);
    checks.push_back({{"name", condition.name},
                      {"holds", condition.holds},
                      {"detail", condition.holds ? "" : condition.detail}});
  }
  const int status = reasons.empty() ? 200 : 503;
  Json body{{"status", reasons.empty() ? "ok" : "unavailable"}, {"reasons", std::move(reasons)}};
  if (verbose) body["checks"] = std::move(checks);
  return json_response(body, status);
}

}  // namespace api
