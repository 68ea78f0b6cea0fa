#include "node/config_keys.h"

namespace node {

const ConfigKeys& config_keys() {
  static const ConfigKeys keys = {
      {"", {"node", "agent", "agreement", "policies"}},
      {"node",
       {"name", "data", "mesh", "advertise", "api", "apiHosts", "seeds", "genesis", "invitation",
        "log", "logLevel"}},
      {"agreement", {"snapshotAfter"}},
      {"agent", {"url", "roles", "concurrency", "health", "capabilities"}},
      {"health", {"path", "interval", "timeout", "criteria"}},
      {"capabilities",
       {"name", "description", "examples", "attributes", "proficiency", "version", "cost", "path",
        "check"}},
      {"check", {"nonEmpty", "pattern", "schema"}},
      // Both spellings of a word mean the same; a file uses one of them.
      {"policies",
       {"match", "route", "retry", "hedge", "circuitBreaker", "circuit_breaker", "outlierEjection",
        "timeout", "rateLimit", "bulkhead", "healthCheck", "health_check", "fallback", "defer",
        "faults"}},
      {"match", {"capability"}},
      {"route", {"policy", "nodes", "prefer", "accept", "neverBelow", "complexity"}},
      {"complexity", {"base", "perKilobyte", "keywords"}},
      {"retry", {"attempts", "max_attempts", "backoff", "on", "retry_on", "budget"}},
      {"backoff", {"type", "base", "max", "jitter"}},
      {"hedge", {"enabled", "after"}},
      {"circuitBreaker",
       {"enabled", "failureThreshold", "failure_threshold", "minRequests", "window", "openFor",
        "recovery_timeout_s", "halfOpenRequests", "half_open_requests", "applicationErrors"}},
      {"outlierEjection", {"enabled", "slowerThan", "maxShare", "ejectedFor"}},
      {"timeout",
       {"request", "per_message_ms", "perTry", "idle", "workflow", "per_workflow_ms", "onTimeout",
        "on_timeout"}},
      {"rateLimit", {"perCaller", "perCapability", "perAgent"}},
      {"rate", {"rate", "burst"}},
      {"bulkhead", {"maxConcurrent", "adaptive"}},
      {"healthCheck", {"interval", "interval_ms", "criteria"}},
      {"defer", {"maxAge", "maxCalls"}},
      {"faults", {"percent", "agent", "delay", "abort", "answer"}},
  };
  return keys;
}

}  // namespace node
