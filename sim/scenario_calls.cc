#include "sim/scenario_calls.h"

#include "base/strings.h"
#include "sim/errand.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <utility>

namespace sim {

namespace {

using Number = std::uint32_t AgentTraits::*;
constexpr std::array<std::pair<std::string_view, Number>, 12> trait_numbers{
    {{"capacity", &AgentTraits::capacity},
     {"concurrency", &AgentTraits::concurrency},
     {"transient", &AgentTraits::transient},
     {"sticky", &AgentTraits::sticky},
     {"slow", &AgentTraits::slow},
     {"slow_by", &AgentTraits::slow_by},
     {"wrong", &AgentTraits::wrong},
     {"refused", &AgentTraits::refused},
     {"hard_wrong", &AgentTraits::hard_wrong},
     {"busy", &AgentTraits::busy},
     {"quality", &AgentTraits::quality},
     {"cost", &AgentTraits::cost}}};

std::string millionths(double value) {
  return std::to_string(std::llround(value * million));
}
double read_share(Words& words) {
  return static_cast<double>(words.number(std::uint64_t{million} * million)) / million;
}

constexpr std::array<mesh::OnTimeout, 4> on_timeouts{
    mesh::OnTimeout::fail, mesh::OnTimeout::fallback, mesh::OnTimeout::escalate,
    mesh::OnTimeout::escalate_or_fallback};

std::optional<mesh::OnTimeout> parse_on_timeout(std::string_view word) {
  for (const mesh::OnTimeout what : on_timeouts) {
    if (to_string(what) == word) return what;
  }
  return std::nullopt;
}

mesh::Rate read_rate(Words& words) {
  mesh::Rate rate;
  rate.per_second = read_share(words);
  rate.burst = words.number32(million);
  return rate;
}
std::string rate_text(const mesh::Rate& rate) {
  return millionths(rate.per_second) + " " + std::to_string(rate.burst);
}

// One setting of each group; false: it is none of that group.

bool read_attempts(std::string_view key, Words& words, mesh::Policy& policy) {
  if (key == "attempts") {
    policy.attempts = words.number32(100);
  } else if (key == "backoff") {
    policy.backoff.emplace();
    policy.backoff->base = words.duration();
    policy.backoff->max = words.duration();
  } else if (key == "budget") {
    policy.retry_budget = read_share(words);
  } else if (key == "retries_errors") {
    policy.retry_on = mesh::RetryReasons::usual().add(mesh::RetryReason::application_error);
  } else if (key == "hedge") {
    const base::Duration after = words.duration();
    policy.hedge.emplace();
    policy.hedge->enabled = true;
    policy.hedge->after.reset();
    if (after > base::Duration::zero()) policy.hedge->after = after;
  } else if (key == "fallback") {
    policy.fallback.clear();
    for (const std::string_view name : base::split(words.word("capabilities"), ',')) {
      policy.fallback.emplace_back(name);
    }
  } else {
    return false;
  }
  return true;
}

std::string attempts_text(const mesh::Policy& policy) {
  std::string text;
  if (policy.attempts) text += " attempts " + std::to_string(*policy.attempts);
  if (policy.backoff) {
    text += " backoff " + text_of(policy.backoff->base) + " " + text_of(policy.backoff->max);
  }
  if (policy.retry_budget) text += " budget " + millionths(*policy.retry_budget);
  if (policy.retry_on) text += " retries_errors";
  if (policy.hedge) {
    text += " hedge " + text_of(policy.hedge->after.value_or(base::Duration::zero()));
  }
  for (std::size_t i = 0; i < policy.fallback.size(); ++i) {
    text += (i == 0 ? " fallback " : ",") + policy.fallback[i];
  }
  return text;
}

bool read_route(std::string_view key, Words& words, mesh::Policy& policy) {
  if (key == "route") {
    const std::string_view name = words.word("a route policy");
    policy.route = mesh::parse_route_policy(name);
    if (!policy.route) words.complain("unknown route policy '" + std::string(name) + "'");
  } else if (key == "tiers") {
    policy.quality.emplace();
    policy.quality->prefer = read_share(words);
    policy.quality->accept = read_share(words);
    policy.quality->never_below = read_share(words);
  } else if (key == "breaker") {
    mesh::BreakerPolicy& breaker = policy.breaker.emplace();
    breaker.failure_threshold = read_share(words);
    breaker.min_requests = words.number32(million);
    breaker.window = words.duration();
    breaker.open_for = words.duration();
    breaker.half_open_requests = words.number32(million);
    breaker.enabled = breaker.min_requests > 0;
  } else if (key == "outliers") {
    mesh::OutlierPolicy& outliers = policy.outliers.emplace();
    outliers.slower_than = read_share(words);
    outliers.share_max = read_share(words);
    outliers.ejected_for = words.duration();
    outliers.enabled = outliers.slower_than > 0;
  } else {
    return false;
  }
  return true;
}

std::string route_text(const mesh::Policy& policy) {
  std::string text;
  if (policy.route) text += " route " + std::string(to_string(*policy.route));
  if (const auto& tiers = policy.quality) {
    text += " tiers " + millionths(tiers->prefer) + " " + millionths(tiers->accept) + " " +
            millionths(tiers->never_below);
  }
  if (const auto& breaker = policy.breaker) {
    text += " breaker " + millionths(breaker->failure_threshold) + " " +
            std::to_string(breaker->enabled ? breaker->min_requests : 0) + " " +
            text_of(breaker->window) + " " + text_of(breaker->open_for) + " " +
            std::to_string(breaker->half_open_requests);
  }
  if (const auto& outliers = policy.outliers) {
    text += " outliers " + millionths(outliers->enabled ? outliers->slower_than : 0) + " " +
            millionths(outliers->share_max) + " " + text_of(outliers->ejected_for);
  }
  return text;
}

bool read_bounds(std::string_view key, Words& words, mesh::Policy& policy) {
  if (key == "request") {
    policy.request_timeout = words.duration();
  } else if (key == "per_try") {
    policy.per_try_timeout = words.duration();
  } else if (key == "idle") {
    policy.idle_timeout = words.duration();
  } else if (key == "workflow") {
    policy.workflow_timeout = words.duration();
  } else if (key == "on_timeout") {
    const std::string_view name = words.word("what to do");
    policy.on_timeout = parse_on_timeout(name);
    if (!policy.on_timeout) words.complain("unknown word '" + std::string(name) + "'");
  } else if (key == "per_caller" || key == "per_capability" || key == "per_agent") {
    if (!policy.rate) policy.rate.emplace();
    const mesh::Rate rate = read_rate(words);
    if (key == "per_caller") policy.rate->per_caller = rate;
    if (key == "per_capability") policy.rate->per_capability = rate;
    if (key == "per_agent") policy.rate->per_agent = rate;
  } else if (key == "bulkhead" || key == "adaptive") {
    policy.bulkhead.emplace();
    policy.bulkhead->concurrent_max = words.number32(million);
    policy.bulkhead->adaptive = key == "adaptive";
  } else {
    return false;
  }
  return true;
}

std::string bounds_text(const mesh::Policy& policy) {
  std::string text;
  if (policy.request_timeout) text += " request " + text_of(*policy.request_timeout);
  if (policy.per_try_timeout) text += " per_try " + text_of(*policy.per_try_timeout);
  if (policy.idle_timeout) text += " idle " + text_of(*policy.idle_timeout);
  if (policy.workflow_timeout) text += " workflow " + text_of(*policy.workflow_timeout);
  if (policy.on_timeout) text += " on_timeout " + std::string(to_string(*policy.on_timeout));
  if (const auto& rate = policy.rate) {
    if (rate->per_caller) text += " per_caller " + rate_text(*rate->per_caller);
    if (rate->per_capability) text += " per_capability " + rate_text(*rate->per_capability);
    if (rate->per_agent) text += " per_agent " + rate_text(*rate->per_agent);
  }
  if (const auto& bulkhead = policy.bulkhead) {
    text += (bulkhead->adaptive ? " adaptive " : " bulkhead ") +
            std::to_string(bulkhead->concurrent_max.value_or(million));
  }
  return text;
}

// Each rule of fault injection is one setting: it delays, aborts or answers.
bool read_fault(std::string_view key, Words& words, mesh::Policy& policy) {
  mesh::FaultRule rule;
  if (key == "delays") {
    rule.share = words.number32(million);
    rule.delay = words.duration();
  } else if (key == "aborts") {
    rule.share = words.number32(million);
    rule.abort = static_cast<int>(words.number32(599));
  } else if (key == "answers_wrong") {
    rule.share = words.number32(million);
    rule.answer = std::string(injected_output);
  } else {
    return false;
  }
  policy.faults.push_back(std::move(rule));
  return true;
}

std::string faults_text(const mesh::Policy& policy) {
  std::string text;
  for (const mesh::FaultRule& rule : policy.faults) {
    const std::string share = std::to_string(rule.share);
    if (rule.abort) {
      text += " aborts " + share + " " + std::to_string(*rule.abort);
    } else if (rule.answer) {
      text += " answers_wrong " + share;
    } else {
      text += " delays " + share + " " + text_of(rule.delay);
    }
  }
  return text;
}

}  // namespace

AgentTraits read_agent(Words& words) {
  AgentTraits traits;
  while (words.more()) {
    const std::string_view key = words.word("a key");
    const auto* const number = std::find_if(trait_numbers.begin(), trait_numbers.end(),
                                            [&](const auto& entry) { return entry.first == key; });
    if (number != trait_numbers.end()) {
      traits.*number->second = words.number32(million);
    } else if (key == "nodes") {
      traits.nodes = words.nodes();
    } else if (key == "service") {
      traits.service_min = words.duration();
      words.keyword("to");
      traits.service_max = words.duration();
    } else if (key == "proficiency") {
      const std::string_view name = words.word("a proficiency");
      const auto proficiency = mesh::parse_proficiency(name);
      if (!proficiency) words.complain("unknown proficiency '" + std::string(name) + "'");
      traits.proficiency = proficiency.value_or(mesh::Proficiency::competent);
    } else if (key == "checked") {
      traits.checked = words.number(1) == 1;
    } else {
      words.complain("unknown word '" + std::string(key) + "'");
    }
  }
  return traits;
}

std::string text_of(const AgentTraits& traits) {
  std::string text = "agent";
  if (!traits.nodes.empty()) text += " nodes " + text_of(traits.nodes);
  text += " service " + text_of(traits.service_min) + " to " + text_of(traits.service_max);
  const AgentTraits usual;
  for (const auto& [name, member] : trait_numbers) {
    if (traits.*member == usual.*member) continue;
    text += " " + std::string(name) + " " + std::to_string(traits.*member);
  }
  text += " proficiency " + std::string(to_string(traits.proficiency));
  return text + (traits.checked ? " checked 1\n" : "\n");
}

mesh::Policy read_policy(Words& words) {
  mesh::Policy policy;
  policy.capability = words.word("a pattern");
  while (words.more()) {
    const std::string_view key = words.word("a setting");
    const bool known = read_attempts(key, words, policy) || read_route(key, words, policy) ||
                       read_bounds(key, words, policy) || read_fault(key, words, policy);
    if (!known) words.complain("unknown setting '" + std::string(key) + "'");
  }
  return policy;
}

std::string text_of(const mesh::Policy& policy) {
  return "policy " + policy.capability + route_text(policy) + attempts_text(policy) +
         bounds_text(policy) + faults_text(policy) + "\n";
}

}  // namespace sim
