// Whether an exchange may be tried once more. What surely did not run may always be; what may have
// run only if running it twice does no harm (RFC 9110, section 9.2.2, or a key by which the agent
// recognises it) and the policy names its reason.
#pragma once

#include "mesh/classify.h"
#include "mesh/policy.h"

#include <cstdint>

namespace mesh::resilience {

struct RetryQuestion {
  bool idempotent = false;
  bool body_repeatable = true;
  bool answer_started = false;
  RetryReasons on;             // the policy's word
  std::uint32_t attempts = 0;  // made
  std::uint32_t attempts_max = 0;
};

// Apart from what the attempt came to: is there anything that forbids another one?
[[nodiscard]] bool may_try_again(const RetryQuestion& question);
[[nodiscard]] bool may_retry(const RetryQuestion& question, const Classified& classified);

}  // namespace mesh::resilience
