#include "node/config_resilience.h"

#include "base/strings.h"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace node {

namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::uint64_t attempts_max = 10;
constexpr std::uint64_t requests_max = 1'000'000;  // in a window, at once, or in a second
constexpr std::uint64_t half_open_requests_max = 1'000;
constexpr std::uint64_t deferred_calls_max = 100'000;
constexpr std::size_t faults_max = 64;
constexpr std::size_t fault_answer_max = 64 * std::size_t{1024};  // bytes
constexpr std::size_t agent_name_max = 128;                       // bytes
constexpr double rate_min = 1.0 / 3'600;                          // one in an hour

// No call takes longer than an hour, whatever it is told (mesh::Options::deadline_max).
constexpr Within<base::Duration> call_time = {.min = milliseconds(1), .max = hours(1)};
constexpr Within<base::Duration> backoff_time = {.min = milliseconds(1), .max = minutes(10)};
constexpr Within<base::Duration> breaker_window = {.min = milliseconds(100), .max = hours(1)};
constexpr Within<base::Duration> time_out_of_service = {.min = milliseconds(10), .max = hours(1)};
constexpr Within<base::Duration> deferral_age = {.min = seconds(1), .max = hours(24 * 7)};

// A duration by its camelCase word, or a count of units by its snake_case word.
std::optional<base::Duration> either_duration(const ConfigBlock& block, std::string_view name,
                                              std::string_view counted, base::Duration unit,
                                              Within<base::Duration> within) {
  return block.either(name, counted) == name ? block.duration(name, within)
                                             : block.count_of(counted, unit, within);
}

template <class Number>
void take(std::optional<std::uint64_t> from, Number& into) {
  if (from) into = static_cast<Number>(*from);
}

// ---- further attempts ----

std::optional<mesh::BackoffType> parse_backoff_type(const std::optional<std::string>& word) {
  if (!word) return std::nullopt;
  if (*word == "exponential") return mesh::BackoffType::exponential;
  return *word == "constant" ? mesh::BackoffType::constant : mesh::BackoffType::none;
}

mesh::Jitter parse_jitter(const std::string& word) {
  if (word == "full") return mesh::Jitter::full;
  return word == "equal" ? mesh::Jitter::equal : mesh::Jitter::none;
}

// A word, or a block; a bound that is not given gives way to the one that is.
std::optional<mesh::Backoff> read_backoff(const ConfigBlock& block) {
  const std::vector<std::string_view> types = {"exponential", "constant", "none"};
  const Setting* given = block.find("backoff");
  if (given == nullptr) return std::nullopt;
  mesh::Backoff out;
  if (given->kind == Setting::Kind::scalar) {
    out.type = parse_backoff_type(block.one_of("backoff", types)).value_or(out.type);
    return out;
  }
  const auto inner = block.block("backoff", "backoff");
  out.type = parse_backoff_type(inner->one_of("type", types)).value_or(out.type);
  const auto base_wait = inner->duration("base", backoff_time);
  const auto max = inner->duration("max", backoff_time);
  if (base_wait && max && *base_wait > *max) {
    inner->refuse("base", "must not be above max; lower it, or raise max");
  }
  out.base = base_wait.value_or(std::min(out.base, max.value_or(out.base)));
  out.max = max.value_or(std::max(out.max, out.base));
  if (const auto word = inner->one_of("jitter", {"full", "equal", "none"})) {
    out.jitter = parse_jitter(*word);
  }
  return out;
}

void read_retry(const ConfigBlock& block, mesh::Policy& out) {
  if (const auto attempts =
          block.number(block.either("attempts", "max_attempts"), 1, attempts_max)) {
    out.attempts = static_cast<std::uint32_t>(*attempts);
  }
  out.backoff = read_backoff(block);
  out.retry_budget = block.fraction("budget");
  const std::string_view on = block.either("on", "retry_on");
  if (block.find(on) == nullptr) return;
  out.retry_on.emplace();
  for (const std::string& word :
       block.each_of(on, {"timeout", "unavailable", "server_error", "stale_context",
                          "quality_below_threshold", "application_error"})) {
    out.retry_on->add(*mesh::parse_retry_reason(word));
  }
}

mesh::HedgePolicy read_hedge(const ConfigBlock& block) {
  mesh::HedgePolicy out;
  out.enabled = block.boolean("enabled").value_or(true);
  const auto after = block.text("after");
  if (!after || *after == "p95") return out;
  if (base::parse_duration(*after)) {
    out.after = block.duration("after", call_time);
  } else {
    block.refuse("after", "\"" + *after + "\" is no time to wait; write it like p95 or 200ms");
  }
  return out;
}

// ---- agents that are taken out of service ----

mesh::BreakerPolicy read_breaker(const ConfigBlock& block) {
  mesh::BreakerPolicy out;
  out.enabled = block.boolean("enabled").value_or(out.enabled);
  out.failure_threshold =
      block.decimal(block.either("failureThreshold", "failure_threshold"), {.min = 0.01, .max = 1})
          .value_or(out.failure_threshold);
  take(block.number("minRequests", 1, requests_max), out.min_requests);
  out.window = block.duration("window", breaker_window).value_or(out.window);
  out.open_for =
      either_duration(block, "openFor", "recovery_timeout_s", seconds(1), time_out_of_service)
          .value_or(out.open_for);
  take(block.number(block.either("halfOpenRequests", "half_open_requests"), 1,
                    half_open_requests_max),
       out.half_open_requests);
  out.application_errors = block.boolean("applicationErrors").value_or(out.application_errors);
  return out;
}

mesh::OutlierPolicy read_outliers(const ConfigBlock& block) {
  mesh::OutlierPolicy out;
  out.enabled = block.boolean("enabled").value_or(out.enabled);
  out.slower_than = block.decimal("slowerThan", {.min = 1.1, .max = 100}).value_or(out.slower_than);
  out.share_max = block.fraction("maxShare").value_or(out.share_max);
  out.ejected_for = block.duration("ejectedFor", time_out_of_service).value_or(out.ejected_for);
  return out;
}

// ---- time ----

mesh::OnTimeout parse_on_timeout(const std::string& word) {
  using mesh::OnTimeout;
  for (const OnTimeout what :
       {OnTimeout::fallback, OnTimeout::escalate, OnTimeout::escalate_or_fallback}) {
    if (word == mesh::to_string(what)) return what;
  }
  return OnTimeout::fail;
}

void read_timeout(const ConfigBlock& block, mesh::Policy& out) {
  out.request_timeout =
      either_duration(block, "request", "per_message_ms", milliseconds(1), call_time);
  out.per_try_timeout = block.duration("perTry", call_time);
  out.idle_timeout = block.duration("idle", call_time);
  out.workflow_timeout =
      either_duration(block, "workflow", "per_workflow_ms", milliseconds(1), call_time);
  if (out.per_try_timeout && out.request_timeout && *out.per_try_timeout > *out.request_timeout) {
    block.refuse("perTry", "must not be longer than the whole request; shorten it");
  }
  if (const auto word = block.one_of(block.either("onTimeout", "on_timeout"),
                                     {"escalate_or_fallback", "escalate", "fallback", "fail"})) {
    out.on_timeout = parse_on_timeout(*word);
  }
}

// ---- limits ----

// "100/s", "600/m", "10/h", or "100", which is in a second too.
std::optional<double> parse_rate(const std::string& text) {
  const std::size_t slash = text.find('/');
  const std::string unit = slash == std::string::npos ? "s" : text.substr(slash + 1);
  const double in_seconds = unit == "s" ? 1 : unit == "m" ? 60 : unit == "h" ? 3'600 : 0;
  const auto count = base::parse_unsigned(text.substr(0, slash));
  if (!count || in_seconds == 0) return std::nullopt;
  const double rate = static_cast<double>(*count) / in_seconds;
  if (rate < rate_min || rate > static_cast<double>(requests_max)) return std::nullopt;
  return rate;
}

std::optional<double> read_rate_text(const ConfigBlock& block, std::string_view name) {
  const auto text = block.text(name);
  if (!text) return std::nullopt;
  const auto rate = parse_rate(*text);
  if (!rate) {
    block.refuse(name, "\"" + *text + "\" is no rate; write it like 100/s, 600/m or 10/h, from " +
                           "1/h to " + std::to_string(requests_max) + "/s");
  }
  return rate;
}

std::optional<mesh::Rate> read_rate(const ConfigBlock& block, std::string_view name) {
  const Setting* given = block.find(name);
  if (given == nullptr) return std::nullopt;
  std::optional<double> rate;
  std::optional<std::uint64_t> burst;
  if (given->kind == Setting::Kind::scalar) {
    rate = read_rate_text(block, name);
  } else {
    const auto inner = block.block(name, "rate");
    rate = read_rate_text(*inner, "rate");
    burst = inner->number("burst", 1, requests_max);
    if (given->kind == Setting::Kind::map && inner->find("rate") == nullptr) {
      inner->refuse("rate", "is missing; write it like 100/s");
    }
  }
  if (!rate) return std::nullopt;  // refused
  // Unless it is said, what a second brings may come at once.
  const auto usual_burst = static_cast<std::uint64_t>(std::ceil(*rate));
  return mesh::Rate{.per_second = *rate,
                    .burst = static_cast<std::uint32_t>(burst.value_or(usual_burst))};
}

mesh::RateLimits read_rate_limits(const ConfigBlock& block) {
  return {.per_caller = read_rate(block, "perCaller"),
          .per_capability = read_rate(block, "perCapability"),
          .per_agent = read_rate(block, "perAgent")};
}

mesh::Bulkhead read_bulkhead(const ConfigBlock& block) {
  mesh::Bulkhead out;
  if (const auto max = block.number("maxConcurrent", 1, requests_max)) {
    out.concurrent_max = static_cast<std::uint32_t>(*max);
  }
  out.adaptive = block.boolean("adaptive").value_or(out.adaptive);
  return out;
}

mesh::Deferral read_deferral(const ConfigBlock& block) {
  mesh::Deferral out;
  out.age_max = block.duration("maxAge", deferral_age).value_or(out.age_max);
  take(block.number("maxCalls", 1, deferred_calls_max), out.calls_max);
  return out;
}

// ---- faults ----

// Parts per million, from a percentage with at most two digits after the point.
std::uint32_t read_share(const ConfigBlock& block) {
  if (block.find("percent") == nullptr) {
    block.refuse("percent", "is missing; write percent: 10 for every tenth call");
    return 0;
  }
  const auto percent = block.decimal("percent", {.min = 0, .max = 100});
  if (!percent) return 0;
  const double steps = std::round(*percent * 100);
  if (std::abs(*percent * 100 - steps) > 1e-6) {
    block.refuse("percent", "has more than two digits after the point; round it");
  }
  return static_cast<std::uint32_t>(steps) * 100;
}

mesh::FaultRule read_fault(const ConfigBlock& block) {
  mesh::FaultRule out;
  out.share = read_share(block);
  out.agent = block.text("agent").value_or("");
  if (out.agent.size() > agent_name_max) {
    block.refuse("agent", "is longer than a name or an id; name one agent");
  }
  out.delay = block.duration("delay", call_time).value_or(out.delay);
  if (const auto status = block.number("abort", 400, 599)) out.abort = static_cast<int>(*status);
  out.answer = block.text("answer");
  if (out.answer && out.answer->size() > fault_answer_max) {
    block.refuse("answer", "is longer than 64 KiB; shorten it");
  }
  if (block.find("abort") != nullptr && block.find("answer") != nullptr) {
    block.refuse("answer", "cannot go with abort, which answers too; make two entries of them");
  }
  if (block.find("delay") == nullptr && block.find("abort") == nullptr &&
      block.find("answer") == nullptr) {
    block.refuse("", "does nothing; add delay, abort or answer");
  }
  return out;
}

void read_faults(const ConfigBlock& block, mesh::Policy& out) {
  const std::vector<ConfigBlock> faults = block.blocks("faults");
  if (faults.size() > faults_max) {
    block.refuse("faults", "has more than " + std::to_string(faults_max) + " entries");
    return;
  }
  for (const ConfigBlock& fault : faults) out.faults.push_back(read_fault(fault));
}

}  // namespace

void read_resilience(const ConfigBlock& entry, mesh::Policy& out) {
  if (const auto retry = entry.block("retry", "retry")) read_retry(*retry, out);
  if (const auto hedge = entry.block("hedge", "hedge")) out.hedge = read_hedge(*hedge);
  const std::string_view breaker = entry.either("circuitBreaker", "circuit_breaker");
  if (const auto block = entry.block(breaker, "circuitBreaker")) out.breaker = read_breaker(*block);
  if (const auto outliers = entry.block("outlierEjection", "outlierEjection")) {
    out.outliers = read_outliers(*outliers);
  }
  if (const auto timeout = entry.block("timeout", "timeout")) read_timeout(*timeout, out);
  if (const auto rate = entry.block("rateLimit", "rateLimit")) out.rate = read_rate_limits(*rate);
  if (const auto bulkhead = entry.block("bulkhead", "bulkhead")) {
    out.bulkhead = read_bulkhead(*bulkhead);
  }
  if (const auto defer = entry.block("defer", "defer")) out.deferral = read_deferral(*defer);
  read_faults(entry, out);
}

}  // namespace node
