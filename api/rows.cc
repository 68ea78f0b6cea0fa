#include "api/rows.h"

#include <nlohmann/json.hpp>

#include <cmath>

namespace api {
namespace {

using Json = nlohmann::ordered_json;

// Names come from elsewhere and may be any bytes.
std::string dump(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json known_latency(base::Duration latency) {
  return latency == base::Duration() ? Json() : Json(base::in_milliseconds(latency));
}

Json known_share(const mesh::score::Estimate& estimate) {
  return estimate.samples > 0 ? Json(std::round(estimate.value * 10'000) / 10'000) : Json();
}

// In the mesh's currency unit.
double cost(std::int64_t micros) {
  return static_cast<double>(micros) / 1e6;
}

Json load_of(std::uint32_t in_flight, std::uint32_t concurrency, base::Duration latency) {
  return Json{{"in_flight", in_flight},
              {"concurrency", concurrency == 0 ? Json() : Json(concurrency)},
              {"latency_ms", known_latency(latency)}};
}

}  // namespace

std::string member_rows(const std::map<base::NodeId, gossip::Member>& members,
                        const base::NodeId& self, base::Instant now) {
  Json rows = Json::array();
  for (const auto& [id, member] : members) {
    const gossip::Record& record = member.record.record;
    rows.push_back({{"id", id.hex()},
                    {"name", record.name},
                    {"state", gossip::to_string(member.state)},
                    {"address", record.endpoint.to_string()},
                    {"version", std::to_string(record.version.epoch) + "." +
                                    std::to_string(record.version.sequence)},
                    {"since_seconds", base::in_seconds(now - member.since)},
                    {"load", load_of(record.load.in_flight, record.load.concurrency,
                                     std::chrono::microseconds(record.load.latency_micros))},
                    {"agent", !record.descriptor.is_zero()},
                    {"degraded", member.degraded},
                    {"rtt_ms", known_latency(member.round_trip)},
                    {"self", id == self}});
  }
  return dump(rows);
}

std::string agent_rows(const mesh::Catalogue& catalogue, const base::NodeId& self) {
  Json rows = Json::array();
  for (const auto& [id, entry] : catalogue.providers()) {
    const mesh::Provider& provider = entry->provider;
    if (provider.descriptor == nullptr) continue;
    Json capabilities = Json::array();
    for (const mesh::Capability& capability : provider.descriptor->capabilities) {
      capabilities.push_back(capability.name);
    }
    rows.push_back({{"name", provider.name},
                    {"node", id.hex()},
                    {"state", mesh::to_string(provider.availability)},
                    {"roles", provider.descriptor->roles},
                    {"capabilities", std::move(capabilities)},
                    {"load", load_of(provider.load.in_flight, provider.load.concurrency,
                                     provider.load.latency)},
                    {"self", id == self}});
  }
  return dump(rows);
}

std::string capability_rows(const mesh::Catalogue& catalogue) {
  Json rows = Json::array();
  for (const auto& [name, offers] : catalogue.by_capability()) {
    for (const mesh::Catalogue::Offer& offer : offers) {
      const mesh::Capability& capability = *offer.capability;
      const mesh::Provider& provider = offer.entry->provider;
      rows.push_back({{"name", name},
                      {"agent", provider.name},
                      {"node", offer.entry->node.hex()},
                      {"version", capability.version.to_string()},
                      {"proficiency", mesh::to_string(capability.proficiency)},
                      {"state", mesh::to_string(provider.availability)},
                      {"cost", cost(capability.cost_micros)},
                      {"attributes", capability.attributes},
                      {"description", capability.description},
                      {"examples", capability.examples}});
    }
  }
  return dump(rows);
}

std::string route_rows(const std::vector<mesh::RouteExplanation>& routes) {
  Json rows = Json::array();
  for (const mesh::RouteExplanation& route : routes) {
    rows.push_back(
        {{"node", route.node.hex()},
         {"name", route.name},
         {"self", route.local},
         {"verdict", mesh::to_string(route.verdict)},
         {"reasons", route.reasons},
         {"state", mesh::to_string(route.availability)},
         {"expected_latency_ms", base::in_milliseconds(route.expected_latency)},
         {"outstanding", route.outstanding},
         {"load", load_of(route.load.in_flight, route.load.concurrency, route.load.latency)},
         {"version", route.version.to_string()},
         {"proficiency", mesh::to_string(route.proficiency)},
         {"cost", cost(route.cost_micros)},
         {"success", known_share(route.success)},
         {"quality", known_share(route.quality)},
         {"samples", std::llround(route.success.samples)},
         {"observers", route.others},
         {"breaker", mesh::resilience::to_string(route.breaker)}});
  }
  return dump(rows);
}

}  // namespace api
