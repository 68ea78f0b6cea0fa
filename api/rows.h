// The tables of the view as JSON arrays of objects: one function a table, from the values that the
// kernel shows. Ids are whole, for programs; names may collide.
#pragma once

#include "base/ids.h"
#include "base/time.h"
#include "gossip/membership.h"
#include "mesh/catalogue.h"
#include "mesh/views.h"

#include <map>
#include <string>
#include <vector>

namespace api {

// id, name, state, address, version, since_seconds, load, agent, degraded, rtt_ms, self
[[nodiscard]] std::string member_rows(const std::map<base::NodeId, gossip::Member>& members,
                                      const base::NodeId& self, base::Instant now);
// name, node, state, roles, capabilities, load, self
[[nodiscard]] std::string agent_rows(const mesh::Catalogue& catalogue, const base::NodeId& self);
// name, agent, node, version, proficiency, state, cost, attributes, description, examples
[[nodiscard]] std::string capability_rows(const mesh::Catalogue& catalogue);
// node, name, verdict, reasons, state, expected_latency_ms, outstanding, load, proficiency, ...
[[nodiscard]] std::string route_rows(const std::vector<mesh::RouteExplanation>& routes);

}  // namespace api
