// What an operator may choose for the calls of a capability. The words are those of the
// configuration (docs/reference).
#pragma once

#include "base/time.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mesh {

enum class RoutePolicy : std::uint8_t {
  round_robin,   // one after the other
  least_loaded,  // of some at random the one with the least expected latency
  latency,       // the better of two random ones, by peak EWMA
  cost,          // the least expected cost of a good answer
  quality,       // by tiers, see QualityTiers; within a tier the least loaded
  nearest,       // the shortest round trip
  preference,    // this node, then the preferred in their order, then the rest
};
[[nodiscard]] std::string_view to_string(RoutePolicy policy);
[[nodiscard]] std::optional<RoutePolicy> parse_route_policy(std::string_view text);

// Shares of good output, 0 to 1. An agent below `never_below` gets nothing but probes.
struct QualityTiers {
  double prefer = 0.95;
  double accept = 0.90;
  double never_below = 0;
  bool operator==(const QualityTiers&) const = default;
};

// How hard a request is, 0 to 1, where its caller does not say so (Parley-Complexity): `base`, and
// so much more for each kilobyte of its body and for each keyword in its target or the beginning of
// its body.
struct ComplexityEstimator {
  double base = 0;
  double per_kilobyte = 0;
  std::vector<std::pair<std::string, double>> keywords;  // lower case
  bool operator==(const ComplexityEstimator&) const = default;
};

enum class RetryReason : std::uint8_t {
  timeout,                  // no answer within perTry
  unavailable,              // unreachable, broken, overloaded; an agent's own 502, 503, 504, 429
  server_error,             // an agent's other 5xx
  stale_context,            // it answered from an older context than the caller asked for
  quality_below_threshold,  // the output failed its check, or is graded below neverBelow
  application_error,        // a JSON-RPC error, a failed A2A task
};
inline constexpr std::size_t retry_reasons = 6;
[[nodiscard]] std::string_view to_string(RetryReason reason);
[[nodiscard]] std::optional<RetryReason> parse_retry_reason(std::string_view text);

// A set of reasons, one bit each.
class RetryReasons {
 public:
  constexpr RetryReasons() = default;
  constexpr RetryReasons& add(RetryReason reason) {
    bits_ = static_cast<std::uint8_t>(bits_ | (1U << static_cast<unsigned>(reason)));
    return *this;
  }
  [[nodiscard]] constexpr bool has(RetryReason reason) const {
    return ((bits_ >> static_cast<unsigned>(reason)) & 1U) != 0;
  }
  bool operator==(const RetryReasons&) const = default;
  // All but application_error: what an agent says in its own words is its answer.
  [[nodiscard]] static constexpr RetryReasons usual() {
    RetryReasons out;
    out.bits_ = 0b011111;
    return out;
  }

 private:
  std::uint8_t bits_ = 0;
};

enum class BackoffType : std::uint8_t { exponential, constant, none };
enum class Jitter : std::uint8_t { full, equal, none };
struct Backoff {
  BackoffType type = BackoffType::exponential;
  base::Duration base = std::chrono::milliseconds(25);
  base::Duration max = std::chrono::seconds(1);
  Jitter jitter = Jitter::full;
  bool operator==(const Backoff&) const = default;
};

struct RetryPolicy {
  std::uint32_t attempts = 3;  // in all, the first included
  Backoff backoff;
  RetryReasons on = RetryReasons::usual();
  double budget = 0.15;  // retries and hedges per call to a capability, above a small reserve
  bool operator==(const RetryPolicy&) const = default;
};

struct HedgePolicy {
  bool enabled = false;
  std::optional<base::Duration> after;  // nothing: the 95th percentile seen
  bool operator==(const HedgePolicy&) const = default;
};

struct BreakerPolicy {
  bool enabled = true;
  double failure_threshold = 0.5;   // share of failures in the window
  std::uint32_t min_requests = 10;  // in the window, before it may open
  base::Duration window = std::chrono::seconds(10);
  base::Duration open_for = std::chrono::seconds(30);
  std::uint32_t half_open_requests = 3;
  bool application_errors = false;  // whether they count as failures
  bool operator==(const BreakerPolicy&) const = default;
};

// Outlier ejection: an agent that does far worse than its peers gets nothing but probes for a
// while, however long its breaker would have waited.
struct OutlierPolicy {
  bool enabled = true;
  double slower_than = 3.0;  // times the median latency of the capability's agents
  double share_max = 0.5;    // of a capability's agents, ejected at once; one may always be
  base::Duration ejected_for = std::chrono::seconds(10);  // the first time; then longer
  bool operator==(const OutlierPolicy&) const = default;
};

enum class OnTimeout : std::uint8_t { fail, fallback, escalate, escalate_or_fallback };
[[nodiscard]] std::string_view to_string(OnTimeout what);

struct TimeoutPolicy {
  base::Duration request = std::chrono::seconds(30);  // of a request that brings no deadline
  std::optional<base::Duration> per_try;
  std::optional<base::Duration> idle;      // between two pieces of an answer under way
  std::optional<base::Duration> workflow;  // from the first call of a chain, for all of it
  OnTimeout on_timeout = OnTimeout::fail;
  bool operator==(const TimeoutPolicy&) const = default;
};

struct Rate {
  double per_second = 0;
  std::uint32_t burst = 1;
  bool operator==(const Rate&) const = default;
};
struct RateLimits {
  std::optional<Rate> per_caller;      // of one node's calls to the capability here
  std::optional<Rate> per_capability;  // of all calls to it through this node
  std::optional<Rate> per_agent;       // of all calls that the agent beside this node is given
  bool operator==(const RateLimits&) const = default;
};

// How many calls to the capability may be under way through this node; beyond it they are refused
// at once. Adaptive: the limit follows what the agents show to bear, and this is its upper end.
struct Bulkhead {
  std::optional<std::uint32_t> concurrent_max;
  bool adaptive = false;
  bool operator==(const Bulkhead&) const = default;
};

// For users' own tests: of the calls that match, so many parts per million are treated so. The
// first rule that is drawn counts.
struct FaultRule {
  std::uint32_t share = 0;  // ppm
  std::string agent;        // a node's name or id, "" = any
  base::Duration delay{};
  std::optional<int> abort;           // answer with this status instead of asking the agent
  std::optional<std::string> answer;  // a wrong one: 200 with this body
  bool operator==(const FaultRule&) const = default;
};

// When nobody can take a call: 202 and a later delivery.
struct Deferral {
  base::Duration age_max = std::chrono::hours(1);
  std::uint32_t calls_max = 1'000;  // waiting at this node
  bool operator==(const Deferral&) const = default;
};

enum class HealthCriterion : std::uint8_t { response_time, output_quality, context_freshness };
struct HealthCriteria {
  bool response_time = true;
  bool output_quality = true;
  bool context_freshness = true;
  bool operator==(const HealthCriteria&) const = default;
};

// All that holds for one call: for each field the word of the most specific entry that sets it.
struct CallPolicy {
  RoutePolicy route = RoutePolicy::least_loaded;
  std::vector<std::string> prefer;  // nodes or agents, best first
  QualityTiers quality;
  std::optional<ComplexityEstimator> complexity;
  RetryPolicy retry;
  HedgePolicy hedge;
  BreakerPolicy breaker;
  OutlierPolicy outliers;
  TimeoutPolicy timeout;
  RateLimits rate;
  Bulkhead bulkhead;
  HealthCriteria health;
  std::vector<std::string> fallback;  // capabilities, asked in this order
  std::optional<Deferral> deferral;
  std::vector<FaultRule> faults;

  bool operator==(const CallPolicy&) const = default;
};

}  // namespace mesh
