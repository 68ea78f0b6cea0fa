// Whether the agent beside this node is well. It is asked at its health path at each interval
// (active), and calls that find nobody there count too (passive): several in a row and it is
// unhealthy; then it is asked at "/" if it named no path, and any HTTP status shows that it lives.
// An agent is taken for healthy until shown otherwise: the first call after a start must not wait
// for a probe.
//
//   none --configured--> healthy --probe_failures bad or unreachable in a row--> unhealthy
//   unhealthy --probe_successes good probes in a row--> healthy;  any --no agent--> none
#pragma once

#include "base/time.h"
#include "mesh/call.h"
#include "mesh/descriptor.h"
#include "mesh/options.h"
#include "mesh/views.h"

#include <cstdint>
#include <optional>
#include <string>

namespace mesh {

class AgentHealth {
 public:
  void on_agent(const AgentDescriptor* agent, base::Instant now);  // null: there is none
  [[nodiscard]] std::optional<ProbeAgent> on_time(const Options& options, base::Instant now);
  void on_probe(std::uint64_t probe, std::optional<int> status, const Options& options);
  void on_reached();  // a call got an answer
  void on_unreachable(const Options& options, base::Instant now);

  [[nodiscard]] base::Instant next_deadline() const { return next_probe_; }
  [[nodiscard]] AgentCondition condition() const { return condition_; }

 private:
  void on_result(bool good, const Options& options);
  void become(AgentCondition condition);

  HealthCheck check_;
  AgentCondition condition_ = AgentCondition::none;
  std::uint32_t good_ = 0;  // probes in a row; at most one of the two is not 0
  std::uint32_t bad_ = 0;
  std::uint32_t unreachable_ = 0;  // calls in a row that found nobody, while healthy
  std::uint64_t probe_ = 0;        // the number of the last one
  bool unanswered_ = false;        // the last one has no answer yet
  base::Instant next_probe_ = base::Instant::never();
};

}  // namespace mesh
