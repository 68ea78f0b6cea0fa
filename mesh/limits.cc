#include "mesh/limits.h"

#include "base/check.h"

#include <algorithm>

namespace mesh {

namespace {

Limits::Admission refused(ProblemCode code, std::string detail, base::Duration retry_after) {
  return {.refused = Problem{
              .code = code, .detail = std::move(detail), .retry_after = retry_after, .path = {}}};
}

}  // namespace

Limits::Admission Limits::admit(const CallPolicy& policy, const base::NodeId& caller,
                                std::string_view capability, bool at_own_agent,
                                resilience::Priority priority, base::Instant now) {
  const bool bulkhead = policy.bulkhead.concurrent_max || policy.bulkhead.adaptive;
  if (bulkhead) {
    const std::uint32_t most = policy.bulkhead.concurrent_max.value_or(adaptive_max);
    auto found = bulks_.find(capability);
    if (found == bulks_.end()) {
      if (bulks_.size() >= bulks_max) {
        std::erase_if(bulks_, [](const auto& bulk) { return bulk.second.in_flight == 0; });
      }
      found = bulks_.emplace(std::string(capability), Bulk{}).first;
    }
    Bulk& bulk = found->second;
    if (policy.bulkhead.adaptive && (!bulk.adaptive || bulk.adaptive_up_to != most)) {
      bulk.adaptive.emplace(1U, most);
      bulk.adaptive_up_to = most;
    }
    if (!policy.bulkhead.adaptive) bulk.adaptive.reset();
    const std::uint32_t limit = bulk.adaptive ? std::min(bulk.adaptive->limit(), most) : most;
    if (resilience::sheds(priority, bulk.in_flight, limit)) {
      return refused(ProblemCode::overloaded,
                     "The bulkhead of '" + std::string(capability) +
                         "' is full: " + std::to_string(bulk.in_flight) + " of " +
                         std::to_string(limit) + " calls are under way.",
                     resilience::retry_after_of(priority, bulk.in_flight, limit, bulk.usually));
    }
  }
  if (const auto limited = rates_.admit(policy.rate, caller, capability, at_own_agent, now)) {
    return refused(ProblemCode::rate_limited,
                   "More calls to '" + std::string(capability) + "' than its limit " +
                       std::string(limited->which) + " allows.",
                   limited->retry_after);
  }
  if (bulkhead) ++bulks_.find(capability)->second.in_flight;
  return {.refused = std::nullopt, .counted = bulkhead};
}

void Limits::on_settled(std::string_view capability, std::optional<base::Duration> took,
                        bool dropped, base::Instant now) {
  const auto found = bulks_.find(capability);
  if (found == bulks_.end() || found->second.in_flight == 0) return;
  Bulk& bulk = found->second;
  if (took) {
    bulk.usually =
        bulk.usually == base::Duration::zero() ? *took : bulk.usually + (*took - bulk.usually) / 8;
  }
  if (bulk.adaptive && (took || dropped)) {
    bulk.adaptive->on_sample(took.value_or(base::Duration::zero()), bulk.in_flight, dropped, now);
  }
  --bulk.in_flight;
}

std::uint32_t Limits::in_flight(std::string_view capability) const {
  const auto found = bulks_.find(capability);
  return found == bulks_.end() ? 0 : found->second.in_flight;
}

}  // namespace mesh
