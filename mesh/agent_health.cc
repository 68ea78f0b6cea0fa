#include "mesh/agent_health.h"

#include <algorithm>

namespace mesh {

namespace {

// How soon an agent that calls could not reach is asked for the first time.
constexpr base::Duration first_look = std::chrono::seconds(1);

}  // namespace

void AgentHealth::on_agent(const AgentDescriptor* agent, base::Instant now) {
  if (agent == nullptr) {
    become(AgentCondition::none);
    next_probe_ = base::Instant::never();
    return;
  }
  const bool same = condition_ != AgentCondition::none && check_ == agent->health;
  if (same) return;
  check_ = agent->health;
  unanswered_ = false;
  if (condition_ == AgentCondition::none) become(AgentCondition::healthy);
  const bool asked = !check_.path.empty() || condition_ == AgentCondition::unhealthy;
  next_probe_ = asked ? now : base::Instant::never();
}

std::optional<ProbeAgent> AgentHealth::on_time(const Options& options, base::Instant now) {
  if (now < next_probe_) return std::nullopt;
  if (unanswered_) on_result(false, options);  // the shell owed an answer by now
  if (check_.path.empty() && condition_ == AgentCondition::healthy) {
    next_probe_ = base::Instant::never();
    return std::nullopt;
  }
  unanswered_ = true;
  next_probe_ = now + std::max(check_.interval, check_.timeout + first_look);
  return ProbeAgent{.probe = ++probe_,
                    .target = check_.path.empty() ? "/" : check_.path,
                    .timeout = check_.timeout};
}

void AgentHealth::on_probe(std::uint64_t probe, std::optional<int> status, const Options& options) {
  if (probe != probe_ || !unanswered_) return;
  unanswered_ = false;
  const bool any_status_will_do = check_.path.empty();
  on_result(status && (any_status_will_do || (*status >= 200 && *status < 300)), options);
}

void AgentHealth::on_reached() {
  unreachable_ = 0;  // but what the probes said stands: answering calls is not being well
}

void AgentHealth::on_unreachable(const Options& options, base::Instant now) {
  if (condition_ == AgentCondition::none) return;
  good_ = 0;
  if (condition_ == AgentCondition::healthy && ++unreachable_ >= options.probe_failures) {
    become(AgentCondition::unhealthy);
  }
  if (condition_ != AgentCondition::unhealthy) return;
  if (!unanswered_) next_probe_ = std::min(next_probe_, now + first_look);
}

void AgentHealth::on_result(bool good, const Options& options) {
  good_ = good ? good_ + 1 : 0;
  bad_ = good ? 0 : bad_ + 1;
  if (condition_ == AgentCondition::healthy && bad_ >= options.probe_failures) {
    become(AgentCondition::unhealthy);
  } else if (condition_ == AgentCondition::unhealthy && good_ >= options.probe_successes) {
    become(AgentCondition::healthy);
  }
}

void AgentHealth::become(AgentCondition condition) {
  condition_ = condition;
  good_ = 0;
  bad_ = 0;
  unreachable_ = 0;
}

}  // namespace mesh
