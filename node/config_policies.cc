#include "node/config_policies.h"

#include "base/strings.h"
#include "mesh/descriptor.h"
#include "node/config_resilience.h"

#include <algorithm>
#include <chrono>
#include <set>

namespace node {

namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

constexpr std::size_t policies_max = 1'000;
constexpr std::size_t preferred_max = 100;
constexpr std::size_t keywords_max = 100;
constexpr std::size_t keyword_bytes_max = 64;
constexpr std::size_t fallbacks_max = 4;  // a call falls back no further
constexpr Within<base::Duration> check_interval = {.min = milliseconds(1), .max = hours(1)};

const std::vector<std::string_view> routes = {"round_robin", "least_loaded", "latency",   "cost",
                                              "quality",     "nearest",      "preference"};
const std::vector<std::string_view> criteria = {"response_time", "output_quality",
                                                "context_freshness"};

// A share that is not given gives way to those that are.
std::optional<mesh::QualityTiers> read_tiers(const ConfigBlock& block,
                                             std::optional<mesh::RoutePolicy> policy) {
  for (const std::string_view name : {"prefer", "accept"}) {
    if (block.find(name) == nullptr || policy == mesh::RoutePolicy::quality) continue;
    block.refuse(name, "belongs to the policy \"quality\"; write policy: quality");
  }
  const auto prefer = block.fraction("prefer");
  const auto accept = block.fraction("accept");
  const auto never_below = block.fraction("neverBelow");
  if (accept && prefer && *accept > *prefer) {
    block.refuse("accept", "must not be above prefer; lower it");
  }
  if (never_below && accept && *never_below > *accept) {
    block.refuse("neverBelow", "must not be above accept; lower it");
  } else if (never_below && prefer && *never_below > *prefer) {
    block.refuse("neverBelow", "must not be above prefer; lower it");
  }
  if (!prefer && !accept && !never_below) return std::nullopt;
  mesh::QualityTiers out;
  out.never_below = never_below.value_or(out.never_below);
  out.prefer = prefer.value_or(std::max({out.prefer, accept.value_or(0), out.never_below}));
  out.accept = accept.value_or(std::max(out.never_below, std::min(out.accept, out.prefer)));
  return out;
}

mesh::ComplexityEstimator read_complexity(const ConfigBlock& block) {
  mesh::ComplexityEstimator out;
  out.base = block.fraction("base").value_or(out.base);
  out.per_kilobyte = block.fraction("perKilobyte").value_or(out.per_kilobyte);
  std::set<std::string> words;
  for (const auto& [keyword, weight] : block.decimals("keywords", {.min = 0, .max = 1})) {
    std::string word = base::to_lower(keyword);
    if (word.empty() || word.size() > keyword_bytes_max) {
      block.refuse("keywords", "\"" + keyword + "\" must have 1 to " +
                                   std::to_string(keyword_bytes_max) + " bytes; shorten it");
    } else if (!words.insert(word).second) {
      block.refuse("keywords",
                   "\"" + word + "\" is there twice, since capitals do not count; keep one");
    } else {
      out.keywords.emplace_back(std::move(word), weight);
    }
  }
  if (out.keywords.size() > keywords_max) {
    block.refuse("keywords", "has more than " + std::to_string(keywords_max) + " words");
  }
  return out;
}

void read_route(const ConfigBlock& block, mesh::Policy& out) {
  if (const auto word = block.one_of("policy", routes)) out.route = mesh::parse_route_policy(*word);
  out.prefer = block.texts("nodes");
  if (!out.prefer.empty() && out.route != mesh::RoutePolicy::preference) {
    block.refuse("nodes", "belongs to the policy \"preference\"; write policy: preference");
  }
  if (out.prefer.size() > preferred_max) {
    block.refuse("nodes", "has more than " + std::to_string(preferred_max) + " entries");
  }
  if (std::ranges::find(out.prefer, "") != out.prefer.end()) {
    block.refuse("nodes", "has an empty entry; write the name or id of a node or agent");
  }
  out.quality = read_tiers(block, out.route);
  if (const auto inner = block.block("complexity", "complexity")) {
    out.complexity = read_complexity(*inner);
  }
}

void read_health_check(const ConfigBlock& block, mesh::Policy& out) {
  const std::string_view interval = block.either("interval", "interval_ms");
  if (interval == "interval") {
    (void)block.duration(interval, check_interval);
  } else {
    (void)block.count_of(interval, milliseconds(1), check_interval);
  }
  if (block.find(interval) != nullptr) {
    block.warn(interval,
               "is not acted on: the node beside an agent probes it; set agent.health.interval "
               "there");
  }
  const std::vector<std::string> named = block.each_of("criteria", criteria);
  if (block.find("criteria") == nullptr) return;
  const auto has = [&named](const char* word) {
    return std::ranges::find(named, word) != named.end();
  };
  out.health = mesh::HealthCriteria{.response_time = has("response_time"),
                                    .output_quality = has("output_quality"),
                                    .context_freshness = has("context_freshness")};
}

void read_fallback(const ConfigBlock& block, mesh::Policy& out) {
  out.fallback = block.texts("fallback");
  if (out.fallback.size() > fallbacks_max) {
    block.refuse("fallback", "has more than " + std::to_string(fallbacks_max) +
                                 " entries; a call falls back no further, drop the last");
  }
  std::set<std::string> names;
  for (const std::string& name : out.fallback) {
    if (!mesh::is_capability_name(name)) {
      block.refuse("fallback", "\"" + name + "\" is no capability name; write it like text.batch");
    } else if (name == out.capability) {
      block.refuse("fallback",
                   "\"" + name + "\" is the capability that this policy is for; name another");
    } else if (!names.insert(name).second) {
      block.refuse("fallback", "\"" + name + "\" is there already; give each once");
    }
  }
}

mesh::Policy read_policy(const ConfigBlock& block) {
  mesh::Policy out;
  if (const auto match = block.block("match", "match")) {
    out.capability = match->text("capability").value_or("*");
    if (!is_capability_pattern(out.capability)) {
      match->refuse("capability", "\"" + out.capability +
                                      "\" is no pattern of capability names; write it like "
                                      "inventory.* or *");
    }
  }
  if (const auto route = block.block("route", "route")) read_route(*route, out);
  const std::string_view health = block.either("healthCheck", "health_check");
  if (const auto inner = block.block(health, "healthCheck")) read_health_check(*inner, out);
  read_fallback(block, out);
  read_resilience(block, out);
  return out;
}

}  // namespace

bool is_capability_pattern(const std::string& pattern) {
  std::string name = pattern;
  std::replace(name.begin(), name.end(), '*', 'x');
  return mesh::is_capability_name(name);
}

std::vector<mesh::Policy> read_policies(const ConfigBlock& file) {
  std::vector<mesh::Policy> out;
  const std::vector<ConfigBlock> blocks = file.blocks("policies");
  if (blocks.size() > policies_max) {
    file.refuse("policies", "has more than " + std::to_string(policies_max) + " entries");
    return out;
  }
  for (const ConfigBlock& block : blocks) out.push_back(read_policy(block));
  return out;
}

}  // namespace node
