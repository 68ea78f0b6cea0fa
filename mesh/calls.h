// The stages in the life of a call, in the order in which an exchange passes them:
//
//   admit     its words make sense, it is in time, it is no cycle
//   candidates, choose   who may be asked, and who is          (routing/)
//   attempt   the own agent, unless a duplicate ran there already, or a peer
//   classify  what came back: an answer, or a reason to try another node   (classify, resilience/)
//   settle    exactly once: loads, duplicates, those who waited
//
// A peer's exchange has one candidate, the agent beside this node; another node is its caller's to
// choose.
#pragma once

#include "base/ids.h"
#include "base/rng.h"
#include "base/time.h"
#include "mesh/agent_health.h"
#include "mesh/call.h"
#include "mesh/call_context.h"
#include "mesh/catalogue.h"
#include "mesh/classify.h"
#include "mesh/duplicates.h"
#include "mesh/effect.h"
#include "mesh/exchange.h"
#include "mesh/options.h"
#include "mesh/routing/candidates.h"
#include "mesh/routing/policy.h"
#include "mesh/served_calls.h"
#include "mesh/views.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace mesh {

class Calls {
 public:
  // What calls read of the rest of the data plane, and what they teach it. All outlive this object.
  struct Surroundings {
    const Options& options;
    const PolicyTable& policies;
    Catalogue& catalogue;
    AgentHealth& health;
    Counters& counters;
    const base::NodeId& self;
    const std::string& name;
  };
  Calls(Surroundings around, base::Rng rng);

  void on_time(base::Instant now, Effects& effects);
  [[nodiscard]] base::Instant next_deadline() const;
  void on_drain(bool draining) { draining_ = draining; }
  // The process will end: what outlasted the drain is told so, whatever still comes is refused.
  void on_leave(base::Instant now, Effects& effects);
  // Of the own agent: calls at once, 0 = not limited.
  void on_concurrency(std::uint32_t concurrency) { concurrency_ = concurrency; }
  [[nodiscard]] std::uint32_t concurrency() const { return concurrency_; }

  void on_call(ExchangeId id, const Origin& origin, CallRequest request, base::Instant now,
               Effects& effects);
  void on_answered(ExchangeId id, std::uint32_t attempt, const AnswerHead& head, base::Instant now,
                   Effects& effects);
  void on_completed(ExchangeId id, std::uint32_t attempt, base::Instant now, Effects& effects);
  void on_failed(ExchangeId id, std::uint32_t attempt, AttemptFailure failure, base::Instant now,
                 Effects& effects);
  void on_unrepeatable(ExchangeId id);
  void on_answer_started(ExchangeId id);
  void on_caller_gone(ExchangeId id, base::Instant now, Effects& effects);
  // A provider may be gone. What waits for it and may be repeated goes to another one now; the rest
  // waits on, as suspicions are refuted, and a death is known by its links.
  void on_suspect(const base::NodeId& node, base::Instant now, Effects& effects);

  [[nodiscard]] std::size_t size() const { return exchanges_.size(); }
  [[nodiscard]] routing::OwnAgent own_agent() const;
  [[nodiscard]] const routing::Chooser& chooser() const { return chooser_; }

 private:
  // ---- admit ----
  [[nodiscard]] std::optional<Problem> admit(const Exchange& exchange) const;
  // ---- candidates, choose ----
  void begin(Exchange& exchange, base::Instant now, Effects& effects);
  // False if there is nobody (else) of this rank or better: the exchange stands as it stood, and
  // `candidates_` says why.
  [[nodiscard]] bool try_next(Exchange& exchange, routing::Rank worst, base::Instant now,
                              Effects& effects);
  void serve_peer(Exchange& exchange, base::Instant now, Effects& effects);
  // ---- attempt ----
  void start_at_agent(Exchange& exchange, const Capability& capability, base::Duration left,
                      base::Instant now, Effects& effects);
  void start_at_peer(Exchange& exchange, const Catalogue::Entry& entry, base::Duration left,
                     base::Instant now, Effects& effects);
  // False if the exchange was answered or told to wait, and must not run.
  [[nodiscard]] bool is_fresh(Exchange& exchange, base::Instant now, Effects& effects);
  void run_at_agent(Exchange& exchange, const Capability& capability, base::Duration left,
                    base::Instant now, Effects& effects);
  [[nodiscard]] static StartAttempt attempt_at(Exchange& exchange, std::variant<ToAgent, ToPeer> to,
                                               Headers set);
  void end_attempt(Exchange& exchange);
  void abort_attempt(Exchange& exchange, Effects& effects);
  // ---- classify ----
  void learn(const Exchange& exchange, const Attempting& attempt, const Classified& classified,
             base::Instant now);
  void learn_failure(const base::NodeId& node, bool unreachable, base::Instant now);
  void learn_latency(const base::NodeId& node, base::Duration took, base::Instant now);
  [[nodiscard]] bool may_retry(const Exchange& exchange, Verdict verdict) const;
  void relay(Exchange& exchange, const Attempting& attempt, const AnswerHead& head,
             const Classified& classified, Effects& effects);
  // ---- settle ----
  void expire(Exchange& exchange, base::Instant now, Effects& effects);
  void refuse(Exchange& exchange, Problem problem, bool not_processed, base::Instant now,
              Effects& effects);
  void settle(Exchange& exchange, Outcome outcome, int status, bool completed, base::Instant now,
              Effects& effects);
  void release(const Duplicates::Release& release, ExchangeId original, Outcome outcome, int status,
               base::Instant now, Effects& effects);
  static void become(Exchange& exchange, Phase phase, Effects& effects);
  static void tell(Exchange& exchange, std::string_view phase, Effects& effects);

  Surroundings around_;
  base::Rng rng_;
  routing::Chooser chooser_;
  Exchanges exchanges_;
  ServedCalls served_;  // one for each exchange that runs at the own agent
  Duplicates duplicates_;
  routing::Candidates candidates_;  // of the call in hand; kept for its memory
  std::uint32_t at_agent_ = 0;      // attempts at the own agent now
  std::uint32_t concurrency_ = 0;   // of the own agent
  base::Duration agent_latency_{};  // moving average, to the head
  bool draining_ = false;
  bool leaving_ = false;
};

}  // namespace mesh
