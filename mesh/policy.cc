#include "mesh/policy.h"

#include "base/check.h"

namespace mesh {

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

}  // namespace mesh
