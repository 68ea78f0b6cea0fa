// The data plane: the decisions of every call, from request to outcome. Composes the catalogue, the
// candidates, the routing policies and the life of one exchange. Sans-IO: it sees heads, sizes and
// outcomes, while bodies stream past it through the shell.
//
//   arrive -> admit (deadline, cycle, duplicate, drain) -> candidates (capability, requirements,
//   health, availability) -> choose (policy) -> attempt -> classify -> relay, or another node
//   -> settle, exactly once
#pragma once

#include "base/ids.h"
#include "base/rng.h"
#include "base/time.h"
#include "mesh/call.h"
#include "mesh/catalogue.h"
#include "mesh/deferrals.h"
#include "mesh/descriptor.h"
#include "mesh/effect.h"
#include "mesh/options.h"
#include "mesh/score/observations.h"
#include "mesh/views.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace mesh {

class DataPlane {
 public:
  DataPlane(Options options, base::NodeId self, std::string name, base::Rng rng);
  ~DataPlane();
  DataPlane(DataPlane&&) noexcept;

  void on_time(base::Instant now, Effects& effects);
  [[nodiscard]] base::Instant next_deadline() const;

  // ---- who can do what (from configuration and membership) ----
  void on_agent(std::optional<AgentDescriptor> agent, base::Instant now, Effects& effects);
  void on_provider(const base::NodeId& node, Provider provider, base::Instant now,
                   Effects& effects);  // new or changed
  void on_provider_gone(const base::NodeId& node, base::Instant now);
  void on_options(Options options);  // live reload of policies
  void on_drain(bool draining);
  // No call goes on and none is taken any more, the own agent's neither.
  void on_leave(base::Instant now, Effects& effects);

  // ---- one exchange (kernel/input.h says when) ----
  void on_call(ExchangeId exchange, const Origin& origin, CallRequest request, base::Instant now,
               Effects& effects);
  void on_answered(ExchangeId exchange, std::uint32_t attempt, const AnswerHead& head,
                   base::Instant now, Effects& effects);
  void on_inspected(ExchangeId exchange, std::uint32_t attempt,
                    const std::optional<std::string>& body, base::Instant now, Effects& effects);
  void on_completed(ExchangeId exchange, std::uint32_t attempt, base::Instant now,
                    Effects& effects);
  void on_failed(ExchangeId exchange, std::uint32_t attempt, AttemptFailure failure,
                 base::Instant now, Effects& effects);
  void on_unrepeatable(ExchangeId exchange);
  void on_answer_started(ExchangeId exchange);
  void on_caller_gone(ExchangeId exchange, base::Instant now, Effects& effects);
  void on_probe(std::uint64_t probe, std::optional<int> status, base::Instant now,
                Effects& effects);

  // ---- calls that nobody could take (mesh/deferrals.h) ----
  // One that the last run of this node left on disk.
  void restore(const Deferrals::Kept& kept, base::Instant now);
  // What became of DeferCall: the bytes on disk, or why it is not there.
  void on_kept(ExchangeId exchange, const CallId& id, std::optional<std::uint64_t> bytes,
               std::string_view why, base::Instant now, Effects& effects);
  void on_kept_unreadable(const CallId& id, bool gone, base::Instant now, Effects& effects);
  void on_cancelled(const CallId& id, Effects& effects);

  // What a caller says of the output of a call that it made a short while ago, 0 to 1. Nothing
  // happens unless knows_call().
  void on_feedback(std::string_view call, double quality, base::Instant now);

  // ---- what other nodes saw (mesh/score/observations.h) ----
  // All capabilities called lately, with what was seen of other nodes' agents there.
  [[nodiscard]] std::vector<score::Observed> observed(base::Instant now);
  void on_report(score::ObservationReport report);
  void on_report_gone(const base::NodeId& author, std::string_view capability);

  // ---- views ----
  // Whether the beginning of a request's body decides about calls to it (CallRequest::body_start).
  [[nodiscard]] bool reads_bodies(std::string_view capability) const;
  [[nodiscard]] const Deferrals& deferrals() const;
  [[nodiscard]] const score::Observations& observations() const;
  [[nodiscard]] const Catalogue& catalogue() const;
  [[nodiscard]] bool knows_call(std::string_view call) const;
  [[nodiscard]] std::uint32_t in_flight() const;  // at this node's own agent
  [[nodiscard]] std::size_t exchanges() const;    // unsettled
  // What the node's record should say of the agent: at capacity, load, healthy.
  [[nodiscard]] LocalLoad local_load() const;
  // Candidate by candidate: would it be chosen now, and if not, why not (`parley routes`).
  [[nodiscard]] std::vector<RouteExplanation> explain(std::string_view capability,
                                                      std::string_view require,
                                                      base::Instant now) const;
  [[nodiscard]] const Counters& counters() const;

 private:
  struct State;
  std::unique_ptr<State> state_;  // sole owner
};

}  // namespace mesh
