#include "node/config_policies.h"

#include "mesh/descriptor.h"

#include <algorithm>
#include <chrono>

namespace node {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t policies_max = 1'000;

const std::vector<std::string_view> routes = {"round_robin", "least_loaded", "preference"};
const std::vector<std::string_view> later_routes = {"latency", "cost", "quality", "nearest"};

void read_route(const ConfigBlock& block, mesh::Policy& out) {
  if (const auto word = block.text("policy")) {
    if (std::find(later_routes.begin(), later_routes.end(), *word) != later_routes.end()) {
      block.warn("policy", "\"" + *word +
                               "\" is not available in this version: least_loaded is used instead; "
                               "or choose round_robin or preference");
    } else if (const auto route = mesh::parse_route_policy(*word)) {
      out.route = *route;
    } else {
      block.refuse("policy", none_of(*word, routes));
    }
  }
  out.prefer = block.texts("nodes");
  if (!out.prefer.empty() && out.route != mesh::RoutePolicy::preference) {
    block.refuse("nodes", "belongs to the policy \"preference\"; write policy: preference");
  }
  const auto prefer = block.fraction("prefer");
  const auto accept = block.fraction("accept");
  const auto never_below = block.fraction("neverBelow");
  if (accept && prefer && *accept > *prefer) block.refuse("accept", "must not be above prefer");
  if (never_below && accept && *never_below > *accept) {
    block.refuse("neverBelow", "must not be above accept");
  }
  for (const std::string_view name : {"prefer", "accept", "neverBelow"}) block.not_acted_on(name);
}

void read_retry(const ConfigBlock& block, mesh::Policy& out) {
  if (const auto attempts = block.number(block.either("attempts", "max_attempts"), 1, 10)) {
    out.attempts = static_cast<std::uint32_t>(*attempts);
  }
  const std::vector<std::string_view> types = {"exponential", "constant", "none"};
  const Setting* backoff = block.find("backoff");
  if (backoff != nullptr && backoff->kind == Setting::Kind::scalar) {
    (void)block.one_of("backoff", types);
  } else if (const auto inner = block.block("backoff", "backoff")) {
    (void)inner->one_of("type", types);
    const auto base_wait = inner->duration("base");
    const auto max = inner->duration("max");
    if (base_wait && max && *base_wait > *max) inner->refuse("base", "must not be above max");
    (void)inner->one_of("jitter", {"full", "equal", "none"});
  }
  block.not_acted_on("backoff");

  const std::string_view on = block.either("on", "retry_on");
  if (block.find(on) == nullptr) return;
  block.each_of(on, {"timeout", "unavailable", "stale_context", "quality_below_threshold"});
  const std::vector<std::string> words = block.texts(on);
  out.retry_on.emplace();
  for (const std::string& word : words) {
    if (const auto reason = mesh::parse_retry_reason(word)) out.retry_on->add(*reason);
    if (word == "unavailable") continue;
    block.warn(on, "\"" + word + "\" is checked, but not acted on in this version");
  }
}

void read_breaker(const ConfigBlock& block) {
  (void)block.fraction(block.either("failureThreshold", "failure_threshold"));
  (void)block.number("minRequests", 1, 1'000'000);
  (void)block.duration("window");
  if (block.either("openFor", "recovery_timeout_s") == "openFor") {
    (void)block.duration("openFor");
  } else {
    (void)block.count_of("recovery_timeout_s", seconds(1));
  }
  (void)block.number(block.either("halfOpenRequests", "half_open_requests"), 1, 1'000);
}

void read_timeout(const ConfigBlock& block, mesh::Policy& out) {
  out.request_timeout = block.either("request", "per_message_ms") == "request"
                            ? block.duration("request")
                            : block.count_of("per_message_ms", milliseconds(1));
  const auto per_try = block.duration("perTry");
  if (per_try && out.request_timeout && *per_try > *out.request_timeout) {
    block.refuse("perTry", "must not be longer than the whole request");
  }
  (void)block.duration("idle");
  const std::string_view workflow = block.either("workflow", "per_workflow_ms");
  if (workflow == "workflow") {
    (void)block.duration("workflow");
  } else {
    (void)block.count_of("per_workflow_ms", milliseconds(1));
  }
  const std::string_view then = block.either("onTimeout", "on_timeout");
  (void)block.one_of(then, {"escalate_or_fallback", "escalate", "fallback", "fail"});
  block.not_acted_on("perTry");
  block.not_acted_on("idle");
  block.not_acted_on(workflow);
  block.not_acted_on(then);
}

void read_health_check(const ConfigBlock& block) {
  if (block.either("interval", "interval_ms") == "interval") {
    (void)block.duration("interval");
  } else {
    (void)block.count_of("interval_ms", milliseconds(1));
  }
  block.each_of("criteria", {"response_time", "output_quality", "context_freshness"});
}

bool is_capability_pattern(const std::string& pattern) {
  std::string name = pattern;
  std::replace(name.begin(), name.end(), '*', 'x');
  return mesh::is_capability_name(name);
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
  if (const auto retry = block.block("retry", "retry")) read_retry(*retry, out);
  if (const auto timeout = block.block("timeout", "timeout")) read_timeout(*timeout, out);
  const std::string_view breaker = block.either("circuitBreaker", "circuit_breaker");
  if (const auto inner = block.block(breaker, "circuitBreaker")) read_breaker(*inner);
  const std::string_view health = block.either("healthCheck", "health_check");
  if (const auto inner = block.block(health, "healthCheck")) read_health_check(*inner);
  for (const std::string& name : block.texts("fallback")) {
    if (!mesh::is_capability_name(name)) {
      block.refuse("fallback", "\"" + name + "\" is no capability name");
    }
  }
  block.not_acted_on(breaker);
  block.not_acted_on(health);
  block.not_acted_on("fallback");
  return out;
}

}  // namespace

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
