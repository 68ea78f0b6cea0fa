#include "mesh/policy_table.h"

#include <algorithm>
#include <utility>

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
  // From the least weighty to the most, each overwrites; the earlier of two equals comes last.
  std::ranges::reverse(matching);
  std::ranges::stable_sort(matching, {}, [](const Policy* policy) {
    return std::pair(policy->authority, specificity(policy->capability));
  });
  for (const Policy* policy : matching) overlay(*policy, out);
  std::erase(out.fallback,
             capability);  // one pattern may hold for both; nobody is its own fallback
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
