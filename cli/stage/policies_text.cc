#include "cli/stage/policies_text.h"

#include "base/strings.h"

#include <nlohmann/json.hpp>

#include <cmath>
#include <string_view>
#include <utility>

namespace cli::stage {

namespace {

using Json = nlohmann::ordered_json;

std::string text_of(base::Duration time) {
  return base::format_duration(time);
}

Json route_of(const mesh::Policy& policy) {
  Json out = Json::object();
  if (policy.route) out["policy"] = std::string(to_string(*policy.route));
  if (!policy.prefer.empty()) out["nodes"] = policy.prefer;
  if (policy.quality) {
    // The first two belong to this route alone.
    if (policy.route == mesh::RoutePolicy::quality) {
      out["prefer"] = policy.quality->prefer;
      out["accept"] = policy.quality->accept;
    }
    out["neverBelow"] = policy.quality->never_below;
  }
  if (policy.complexity) {
    Json& complexity = out["complexity"];
    complexity["base"] = policy.complexity->base;
    complexity["perKilobyte"] = policy.complexity->per_kilobyte;
    for (const auto& [word, weight] : policy.complexity->keywords) {
      complexity["keywords"][word] = weight;
    }
  }
  return out;
}

std::string_view word_of(mesh::BackoffType type) {
  switch (type) {
    case mesh::BackoffType::exponential:
      return "exponential";
    case mesh::BackoffType::constant:
      return "constant";
    case mesh::BackoffType::none:
      return "none";
  }
  return "none";
}

std::string_view word_of(mesh::Jitter jitter) {
  switch (jitter) {
    case mesh::Jitter::full:
      return "full";
    case mesh::Jitter::equal:
      return "equal";
    case mesh::Jitter::none:
      return "none";
  }
  return "none";
}

Json retry_of(const mesh::Policy& policy) {
  Json out = Json::object();
  if (policy.attempts) out["attempts"] = *policy.attempts;
  if (policy.retry_budget) out["budget"] = *policy.retry_budget;
  if (policy.backoff) {
    out["backoff"] = {{"type", word_of(policy.backoff->type)},
                      {"base", text_of(policy.backoff->base)},
                      {"max", text_of(policy.backoff->max)},
                      {"jitter", word_of(policy.backoff->jitter)}};
  }
  if (policy.retry_on) {
    Json reasons = Json::array();
    for (std::size_t i = 0; i < mesh::retry_reasons; ++i) {
      const auto reason = static_cast<mesh::RetryReason>(i);
      if (policy.retry_on->has(reason)) reasons.push_back(std::string(to_string(reason)));
    }
    out["on"] = std::move(reasons);
  }
  return out;
}

Json breaker_of(const mesh::BreakerPolicy& breaker) {
  return {{"enabled", breaker.enabled},
          {"failureThreshold", breaker.failure_threshold},
          {"minRequests", std::max(1U, breaker.min_requests)},
          {"window", text_of(breaker.window)},
          {"openFor", text_of(breaker.open_for)},
          {"halfOpenRequests", breaker.half_open_requests},
          {"applicationErrors", breaker.application_errors}};
}

Json outliers_of(const mesh::OutlierPolicy& outliers) {
  return {{"enabled", outliers.enabled},
          {"slowerThan", outliers.slower_than},
          {"maxShare", outliers.share_max},
          {"ejectedFor", text_of(outliers.ejected_for)}};
}

Json timeout_of(const mesh::Policy& policy) {
  Json out = Json::object();
  const auto put = [&out](const char* name, const std::optional<base::Duration>& time) {
    if (time) out[name] = text_of(*time);
  };
  put("request", policy.request_timeout);
  put("perTry", policy.per_try_timeout);
  put("idle", policy.idle_timeout);
  put("workflow", policy.workflow_timeout);
  if (policy.on_timeout) out["onTimeout"] = std::string(to_string(*policy.on_timeout));
  return out;
}

Json rates_of(const mesh::RateLimits& limits) {
  Json out = Json::object();
  const auto put = [&out](const char* name, const std::optional<mesh::Rate>& rate) {
    if (!rate) return;
    const std::int64_t an_hour = std::llround(rate->per_second * 3'600);
    out[name] = {{"rate", std::to_string(an_hour) + "/h"}, {"burst", rate->burst}};
  };
  put("perCaller", limits.per_caller);
  put("perCapability", limits.per_capability);
  put("perAgent", limits.per_agent);
  return out;
}

Json bulkhead_of(const mesh::Bulkhead& bulkhead) {
  Json out{{"adaptive", bulkhead.adaptive}};
  if (bulkhead.concurrent_max) out["maxConcurrent"] = *bulkhead.concurrent_max;
  return out;
}

Json entry_of(const mesh::Policy& policy) {
  Json out{{"match", {{"capability", policy.capability}}}};
  const auto put = [&out](const char* name, Json block) {
    if (!block.empty()) out[name] = std::move(block);
  };
  put("route", route_of(policy));
  put("retry", retry_of(policy));
  put("timeout", timeout_of(policy));
  if (policy.hedge) {
    Json& hedge = out["hedge"];
    hedge["enabled"] = policy.hedge->enabled;
    hedge["after"] = policy.hedge->after ? text_of(*policy.hedge->after) : "p95";
  }
  if (policy.breaker) out["circuitBreaker"] = breaker_of(*policy.breaker);
  if (policy.outliers) out["outlierEjection"] = outliers_of(*policy.outliers);
  if (policy.rate) put("rateLimit", rates_of(*policy.rate));
  if (policy.bulkhead) out["bulkhead"] = bulkhead_of(*policy.bulkhead);
  if (!policy.fallback.empty()) out["fallback"] = policy.fallback;
  return out;
}

}  // namespace

std::string policies_text(const std::vector<mesh::Policy>& policies) {
  Json out = Json::array();
  for (const mesh::Policy& policy : policies) out.push_back(entry_of(policy));
  return out.dump();
}

}  // namespace cli::stage
