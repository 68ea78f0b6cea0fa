#include "api/node_resource.h"

#include "api/health.h"
#include "api/json_response.h"
#include "node/kernel/kernel.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace api {
namespace {

using Json = nlohmann::ordered_json;

Json members_by_state(const gossip::Membership& membership) {
  Json states = Json::object();
  for (const auto& [id, member] : membership.members()) {
    Json& count = states[std::string(gossip::to_string(member.state))];
    count = count.is_null() ? 1 : count.get<int>() + 1;
  }
  return states;
}

Json calls_of(const mesh::DataPlane& data_plane, const CallMetrics& calls) {
  std::uint64_t settled = 0;
  Json outcomes = Json::object();
  for (const auto& [key, count] : calls.requests()) {
    settled += count;
    Json& sum = outcomes[std::string(mesh::to_string(key.outcome))];
    sum = count + (sum.is_null() ? 0 : sum.get<std::uint64_t>());
  }
  return Json{{"in_flight", data_plane.exchanges()},
              {"settled", settled},
              {"outcomes", std::move(outcomes)},
              {"attempts", data_plane.counters().attempts},
              {"retries", data_plane.counters().retries}};
}

Json agent_of(const mesh::DataPlane& data_plane) {
  const mesh::LocalLoad load = data_plane.local_load();
  return Json{{"condition", mesh::to_string(load.condition)},
              {"in_flight", load.in_flight},
              {"concurrency", load.concurrency == 0 ? Json() : Json(load.concurrency)},
              {"at_capacity", load.at_capacity}};
}

}  // namespace

Response get_node(const View& view) {
  const gossip::Membership& membership = view.kernel.membership();
  const gossip::Member* self = membership.find(membership.self());
  Json reasons = Json::array();
  for (const Condition& condition : conditions_of(view)) {
    if (!condition.holds) reasons.push_back(condition.name + ": " + condition.detail);
  }
  const bool ready = reasons.empty();
  Json body{{"id", membership.self().hex()},
            {"name", view.name},
            {"state", self == nullptr ? "joining" : gossip::to_string(self->state)},
            {"address", self == nullptr ? Json() : Json(self->record.record.endpoint.to_string())},
            {"api", view.access.api.to_string()},
            {"mesh", {{"name", view.mesh_name}, {"id", view.mesh.hex()}}},
            {"version", view.version},
            {"started", view.started_wall.milliseconds / 1'000},
            {"uptime_seconds", base::in_seconds(view.now - view.started)},
            {"ready", ready},
            {"reasons", std::move(reasons)},
            {"warnings", view.warnings},
            {"members", members_by_state(membership)},
            {"capabilities", view.kernel.data_plane().catalogue().by_capability().size()},
            {"agent", agent_of(view.kernel.data_plane())},
            {"calls", calls_of(view.kernel.data_plane(), view.calls)}};
  return json_response(body);
}

}  // namespace api
