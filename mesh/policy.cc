#include "mesh/policy.h"

#include "base/check.h"

#include <algorithm>

namespace mesh {

namespace {

std::size_t specificity(std::string_view pattern) {
  return pattern.size() - static_cast<std::size_t>(std::ranges::count(pattern, '*'));
}

void overlay(const Policy& policy, CallPolicy& out) {
  if (policy.route) out.route = *policy.route;
  if (!policy.prefer.empty()) out.prefer = policy.prefer;
  if (policy.quality) out.quality = *policy.quality;
  if (policy.complexity) out.complexity = policy.complexity;
  if (policy.attempts) out.retry.attempts = *policy.attempts;
  if (policy.backoff) out.retry.backoff = *policy.backoff;
  if (policy.retry_on) out.retry.on = *policy.retry_on;
  if (policy.retry_budget) out.retry.budget = *policy.retry_budget;
  if (policy.hedge) out.hedge = *policy.hedge;
  if (policy.breaker) out.breaker = *policy.breaker;
  if (policy.outliers) out.outliers = *policy.outliers;
  if (policy.request_timeout) out.timeout.request = *policy.request_timeout;
  if (policy.per_try_timeout) out.timeout.per_try = policy.per_try_timeout;
  if (policy.idle_timeout) out.timeout.idle = policy.idle_timeout;
  if (policy.workflow_timeout) out.timeout.workflow = policy.workflow_timeout;
  if (policy.on_timeout) out.timeout.on_timeout = *policy.on_timeout;
  if (policy.rate) out.rate = *policy.rate;
  if (policy.bulkhead) out.bulkhead = *policy.bulkhead;
  if (policy.health) out.health = *policy.health;
  if (!policy.fallback.empty()) out.fallback = policy.fallback;
  if (policy.deferral) out.deferral = policy.deferral;
  if (!policy.faults.empty()) out.faults = policy.faults;
}

}  // namespace

std::string_view to_string(RoutePolicy policy) {
  switch (policy) {
    case RoutePolicy::round_robin:
      return "round_robin";
    case RoutePolicy::least_loaded:
      return "least_loaded";
    case RoutePolicy::latency:
      return "latency";
    case RoutePolicy::cost:
      return "cost";
    case RoutePolicy::quality:
      return "quality";
    case RoutePolicy::nearest:
      return "nearest";
    case RoutePolicy::preference:
      return "preference";
  }
  CHECK(false);
  return {};
}

std::optional<RoutePolicy> parse_route_policy(std::string_view text) {
  for (std::uint8_t i = 0; i <= static_cast<std::uint8_t>(RoutePolicy::preference); ++i) {
    const auto policy = static_cast<RoutePolicy>(i);
    if (text == to_string(policy)) return policy;
  }
  return std::nullopt;
}

std::string_view to_string(RetryReason reason) {
  switch (reason) {
    case RetryReason::timeout:
      return "timeout";
    case RetryReason::unavailable:
      return "unavailable";
    case RetryReason::server_error:
      return "server_error";
    case RetryReason::stale_context:
      return "stale_context";
    case RetryReason::quality_below_threshold:
      return "quality_below_threshold";
    case RetryReason::application_error:
      return "application_error";
  }
  CHECK(false);
  return {};
}

std::optional<RetryReason> parse_retry_reason(std::string_view text) {
  for (std::size_t i = 0; i < retry_reasons; ++i) {
    const auto reason = static_cast<RetryReason>(i);
    if (text == to_string(reason)) return reason;
  }
  return std::nullopt;
}

std::string_view to_string(OnTimeout what) {
  switch (what) {
    case OnTimeout::fail:
      return "fail";
    case OnTimeout::fallback:
      return "fallback";
    case OnTimeout::escalate:
      return "escalate";
    case OnTimeout::escalate_or_fallback:
      return "escalate_or_fallback";
  }
  CHECK(false);
  return {};
}

bool matches_pattern(std::string_view pattern, std::string_view capability) {
  // On a mismatch, go back to the last star and let it take one character more: linear space, and
  // no recursion that a pattern of many stars could drive.
  std::size_t p = 0;
  std::size_t c = 0;
  std::size_t star = std::string_view::npos;
  std::size_t star_at = 0;
  while (c < capability.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_at = c;
    } else if (p < pattern.size() && pattern[p] == capability[c]) {
      ++p;
      ++c;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      c = ++star_at;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

CallPolicy policy_for(const std::vector<Policy>& policies, const CallPolicy& usual,
                      std::string_view capability) {
  CallPolicy out = usual;
  std::vector<const Policy*> matching;
  for (const Policy& policy : policies) {
    if (matches_pattern(policy.capability, capability)) matching.push_back(&policy);
  }
  // From the least specific to the most, each overwrites; the earlier of two equals comes last.
  std::ranges::reverse(matching);
  std::ranges::stable_sort(matching, {},
                           [](const Policy* policy) { return specificity(policy->capability); });
  for (const Policy* policy : matching) overlay(*policy, out);
  return out;
}

void PolicyTable::load(std::vector<Policy> policies, CallPolicy usual) {
  policies_ = std::move(policies);
  usual_ = std::move(usual);
  known_.clear();
}

std::shared_ptr<const CallPolicy> PolicyTable::of(std::string_view capability) const {
  const auto found = known_.find(capability);
  if (found != known_.end()) return found->second;
  if (known_.size() >= capabilities_max) known_.clear();
  auto policy = std::make_shared<const CallPolicy>(policy_for(policies_, usual_, capability));
  known_.emplace(capability, policy);
  return policy;
}

}  // namespace mesh
