// The statements of a scenario about agents and policies:
//
//   agent nodes 1,2 service 20ms to 80ms capacity 8 transient 30000 sticky 5000 checked 1
//   policy cap.0 attempts 4 hedge 0s breaker 500000 10 10s 30s 3 never_below 700000
//
// Each word of a policy is one of its settings, as mesh/policy.h knows them; `delays 30000 50ms`,
// `aborts 20000 503` and `answers_wrong 10000` are rules of fault injection. Shares and times per
// second are in millionths.
#pragma once

#include "sim/scenario.h"
#include "sim/scenario_words.h"

#include <string>

namespace sim {

[[nodiscard]] AgentTraits read_agent(Words& words);
[[nodiscard]] std::string text_of(const AgentTraits& traits);
[[nodiscard]] mesh::Policy read_policy(Words& words);
[[nodiscard]] std::string text_of(const mesh::Policy& policy);

}  // namespace sim
