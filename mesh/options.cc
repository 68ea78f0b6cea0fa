#include "mesh/options.h"

#include "base/check.h"

#include <algorithm>

namespace mesh {

namespace {

std::size_t specificity(std::string_view pattern) {
  return pattern.size() - static_cast<std::size_t>(std::ranges::count(pattern, '*'));
}

}  // namespace

std::string_view to_string(RoutePolicy policy) {
  switch (policy) {
    case RoutePolicy::round_robin:
      return "round_robin";
    case RoutePolicy::least_loaded:
      return "least_loaded";
    case RoutePolicy::preference:
      return "preference";
  }
  CHECK(false);
  return {};
}

std::optional<RoutePolicy> parse_route_policy(std::string_view text) {
  for (const RoutePolicy policy :
       {RoutePolicy::round_robin, RoutePolicy::least_loaded, RoutePolicy::preference}) {
    if (text == to_string(policy)) return policy;
  }
  return std::nullopt;
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

CallPolicy policy_for(const Options& options, std::string_view capability) {
  CallPolicy out{.route = options.route,
                 .prefer = {},
                 .attempts = options.attempts,
                 .retry_unavailable = options.retry_unavailable,
                 .deadline = options.deadline_default};
  if (options.policies.empty()) return out;
  std::vector<const Policy*> matching;
  for (const Policy& policy : options.policies) {
    if (matches_pattern(policy.capability, capability)) matching.push_back(&policy);
  }
  // From the least specific to the most, each overwrites; the earlier of two equals comes last.
  std::ranges::reverse(matching);
  std::ranges::stable_sort(matching, {},
                           [](const Policy* policy) { return specificity(policy->capability); });
  for (const Policy* policy : matching) {
    if (policy->route) out.route = *policy->route;
    if (!policy->prefer.empty()) out.prefer = policy->prefer;
    if (policy->attempts) out.attempts = *policy->attempts;
    if (policy->retry_unavailable) out.retry_unavailable = *policy->retry_unavailable;
    if (policy->deadline) out.deadline = *policy->deadline;
  }
  return out;
}

}  // namespace mesh
