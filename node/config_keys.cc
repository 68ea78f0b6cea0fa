#include "node/config_keys.h"

namespace node {

const ConfigKeys& config_keys() {
  static const ConfigKeys keys = {
      {"", {"node", "agent", "policies"}},
      {"node",
       {"name", "data", "mesh", "advertise", "api", "apiHosts", "seeds", "genesis", "log",
        "logLevel"}},
      {"agent", {"url", "roles", "concurrency", "health", "capabilities"}},
      {"health", {"path", "interval", "timeout", "criteria"}},
      {"capabilities",
       {"name", "description", "examples", "attributes", "proficiency", "version", "cost", "path",
        "check"}},
      {"check", {"nonEmpty", "pattern", "schema"}},
      // Both spellings of a word mean the same; a file uses one of them.
      {"policies",
       {"match", "route", "retry", "circuitBreaker", "circuit_breaker", "timeout", "fallback",
        "healthCheck", "health_check"}},
      {"match", {"capability"}},
      {"route", {"policy", "nodes", "prefer", "accept", "neverBelow"}},
      {"retry", {"attempts", "max_attempts", "backoff", "on", "retry_on"}},
      {"backoff", {"type", "base", "max", "jitter"}},
      {"circuitBreaker",
       {"failureThreshold", "failure_threshold", "minRequests", "window", "openFor",
        "recovery_timeout_s", "halfOpenRequests", "half_open_requests"}},
      {"timeout",
       {"request", "per_message_ms", "perTry", "idle", "workflow", "per_workflow_ms", "onTimeout",
        "on_timeout"}},
      {"healthCheck", {"interval", "interval_ms", "criteria"}},
  };
  return keys;
}

}  // namespace node
