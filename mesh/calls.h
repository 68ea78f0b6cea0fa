// The stages in the life of a call, in the order in which an exchange passes them, and the files
// that they stand in:
//
//   admit     its words make sense, it is in time, no cycle, within its limits          calls.cc
//   candidates, choose   who may be asked, and who is              calls_attempt.cc, routing/
//   attempt   the own agent, unless a duplicate ran there already, or a peer; a second
//             one beside a slow first one (hedging)                           calls_attempt.cc
//   classify  what came back: an answer, or a reason to try again   calls_answer.cc, classify
//   settle    exactly once: loads, duplicates, those who waited              calls_settle.cc
//   defer     what nobody could take and may come later       calls_defer.cc, deferrals.h
//
// What an attempt's end teaches about the agent is in lessons.h. A peer's exchange has one
// candidate, the agent beside this node; another node is its caller's to choose.
#pragma once

#include "base/ids.h"
#include "base/rng.h"
#include "base/time.h"
#include "mesh/agent_health.h"
#include "mesh/call.h"
#include "mesh/call_context.h"
#include "mesh/catalogue.h"
#include "mesh/classify.h"
#include "mesh/deferrals.h"
#include "mesh/duplicates.h"
#include "mesh/effect.h"
#include "mesh/exchange.h"
#include "mesh/judge/check.h"
#include "mesh/lessons.h"
#include "mesh/limits.h"
#include "mesh/options.h"
#include "mesh/resilience/retry_budget.h"
#include "mesh/routing/candidates.h"
#include "mesh/routing/policy.h"
#include "mesh/served_calls.h"
#include "mesh/surroundings.h"
#include "mesh/views.h"
#include "mesh/workflows.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace mesh {

class Calls {
 public:
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
  // The answer to InspectAnswer; no body: it is larger than was asked for.
  void on_inspected(ExchangeId id, std::uint32_t attempt, const std::optional<std::string>& body,
                    base::Instant now, Effects& effects);
  void on_completed(ExchangeId id, std::uint32_t attempt, base::Instant now, Effects& effects);
  void on_failed(ExchangeId id, std::uint32_t attempt, AttemptFailure failure, base::Instant now,
                 Effects& effects);
  void on_unrepeatable(ExchangeId id);
  void on_answer_started(ExchangeId id);
  void on_caller_gone(ExchangeId id, base::Instant now, Effects& effects);
  // A provider may be gone. What waits for it and may be repeated goes to another one now; the rest
  // waits on, as suspicions are refuted, and a death is known by its links.
  void on_suspect(const base::NodeId& node, base::Instant now, Effects& effects);
  void restore(const Deferrals::Kept& kept, base::Instant now) { deferrals_.restore(kept, now); }
  void on_kept(ExchangeId id, const CallId& deferred, std::optional<std::uint64_t> bytes,
               std::string_view why, base::Instant now, Effects& effects);
  void on_kept_unreadable(const CallId& deferred, bool gone, base::Instant now, Effects& effects);
  void on_cancelled(const CallId& deferred, Effects& effects);
  // Somebody comes, or comes back, who may take what nobody could take.
  void on_provider(const Provider* before, const Provider& after, base::Instant now);
  void on_hope(std::string_view capability, base::Instant now) {
    deferrals_.on_hope(capability, now);
  }
  // What a caller says of a call that it made a short while ago, if that is still known.
  void on_feedback(std::string_view call, double quality, base::Instant now);
  [[nodiscard]] bool knows_call(std::string_view call) const { return lessons_.knows_call(call); }

  [[nodiscard]] std::size_t size() const { return exchanges_.size(); }
  [[nodiscard]] routing::OwnAgent own_agent() const;
  [[nodiscard]] const routing::Chooser& chooser() const { return chooser_; }
  [[nodiscard]] const Deferrals& deferrals() const { return deferrals_; }

 private:
  // When another attempt follows; nothing: none does.
  struct Another {
    base::Instant at;
  };

  // ---- admit ----
  [[nodiscard]] std::optional<Problem> admit(Exchange& exchange, base::Instant now);
  // By the rate limits and in the bulkhead of the capability that it is at; a problem if there is
  // none. A call that falls back leaves its place for one of the next capability.
  [[nodiscard]] std::optional<Problem> take_place(Exchange& exchange, base::Instant now);
  void leave_place(Exchange& exchange, std::optional<base::Duration> took, bool dropped,
                   base::Instant now);
  void on_due(Exchange& exchange, base::Instant now, Effects& effects);
  void begin(Exchange& exchange, base::Instant now, Effects& effects);
  void serve_peer(Exchange& exchange, base::Instant now, Effects& effects);

  // ---- candidates, choose ----
  [[nodiscard]] routing::Question question_of(const Exchange& exchange,
                                              const routing::OwnAgent& own,
                                              routing::Probing probing, base::Instant now) const;
  [[nodiscard]] routing::OwnAgent own_agent_for(const Exchange& exchange) const;
  // Starts an attempt beside those under way. False if there is nobody (else) of this rank or
  // better: the exchange stands as it stood, and `candidates_` says why.
  [[nodiscard]] bool try_next(Exchange& exchange, routing::Rank worst, base::Instant now,
                              Effects& effects);
  // Whether another attempt would find somebody, and how long to wait before it.
  [[nodiscard]] std::optional<Another> plan_another(Exchange& exchange, const Classified& failed,
                                                    base::Instant now);
  void follow(Exchange& exchange, const Another& another, base::Instant now, Effects& effects);

  // ---- attempt ----
  [[nodiscard]] OpenAttempt& open_attempt(Exchange& exchange, const base::NodeId& node,
                                          base::Instant now, Effects& effects);
  // Draws whether the policy does it any harm.
  void inject(Exchange& exchange, OpenAttempt& attempt, base::Instant now);
  void start_at_agent(Exchange& exchange, base::Instant now, Effects& effects);
  void start_at_peer(Exchange& exchange, const Catalogue::Entry& entry, base::Instant now,
                     Effects& effects);
  // False if the exchange was answered or told to wait, and must not run.
  [[nodiscard]] bool is_fresh(Exchange& exchange, base::Instant now, Effects& effects);
  void run_at_agent(Exchange& exchange, base::Instant now, Effects& effects);
  void send_attempt(Exchange& exchange, OpenAttempt& attempt, base::Instant now, Effects& effects);
  [[nodiscard]] static StartAttempt attempt_at(Exchange& exchange, std::uint32_t number,
                                               std::variant<ToAgent, ToPeer> to, Headers set);
  void schedule_hedge(Exchange& exchange, base::Instant now);
  void hedge(Exchange& exchange, base::Instant now, Effects& effects);
  // The load that the attempt was is gone, and the agent no longer serves it.
  void end_attempt(Exchange& exchange, std::uint32_t attempt);
  void abort_attempt(Exchange& exchange, std::uint32_t attempt, Effects& effects);
  // Nobody learns what would have become of them, but that they took so long at least.
  void abort_others(Exchange& exchange, std::uint32_t but, base::Instant now, Effects& effects);

  // ---- classify ----
  void conclude(Exchange& exchange, std::uint32_t attempt, const AnswerHead& head,
                Classified classified, base::Instant now, Effects& effects);
  void learn(const Exchange& exchange, const OpenAttempt& attempt, const Classified& classified,
             base::Instant now, Effects& effects);
  void learn_of_timeout(const Exchange& exchange, const OpenAttempt& attempt, base::Instant now,
                        Effects& effects);
  // Whether the peer's node, which was given all of the call's time, says that it is over.
  [[nodiscard]] bool is_out_of_time(const Exchange& exchange, const Classified& classified,
                                    base::Instant now) const;
  [[nodiscard]] bool may_retry(const Exchange& exchange, const Classified& classified) const;
  // What moves the call elsewhere when nothing was said by anybody: a suspicion, a hedge.
  [[nodiscard]] bool may_repeat(const Exchange& exchange) const;
  [[nodiscard]] const judge::CompiledCheck* check_of(const Exchange& exchange,
                                                     const base::NodeId& node) const;
  [[nodiscard]] bool failed_further_on(const Exchange& exchange, const OpenAttempt& attempt,
                                       const AnswerHead& head) const;
  [[nodiscard]] Classified classified_head(const Exchange& exchange, const OpenAttempt& attempt,
                                           const AnswerHead& head) const;
  static void reject(Exchange& exchange, const OpenAttempt& attempt, const Classified& classified);
  void outgrow(Exchange& exchange, const base::NodeId& node) const;
  // For the words of a problem.
  void note(Exchange& exchange, const base::NodeId& node, std::string_view what) const;
  void relay(Exchange& exchange, const OpenAttempt& attempt, const AnswerHead& head,
             const Classified& classified, Effects& effects);
  // So is ours then, but for what a hop keeps for itself.
  void end_in_time(Exchange& exchange, std::uint32_t attempt, bool blamed, base::Instant now,
                   Effects& effects);
  void time_out(Exchange& exchange, std::uint32_t attempt, base::Instant now, Effects& effects);
  // It stayed here, and its agent has nothing to do with that.
  void withdraw(Exchange& exchange, std::uint32_t attempt, base::Instant now, Effects& effects);
  // The attempt that ended so is over; what now?
  void go_on(Exchange& exchange, const Classified& failed, base::Instant now, Effects& effects);

  // ---- settle ----
  void expire(Exchange& exchange, base::Instant now, Effects& effects);
  // Whether it ran for as long as a call of this policy may take: a caller in a hurry blames
  // nobody.
  [[nodiscard]] static bool had_its_time(const Exchange& exchange, const OpenAttempt& attempt,
                                         base::Instant now);
  [[nodiscard]] static OnTimeout on_timeout_of(const Exchange& exchange);
  // Its own time is over, but not all of the call's: what the policy says then. False: nothing.
  [[nodiscard]] bool use_the_rest(Exchange& exchange, base::Instant now, Effects& effects);
  // Whether an expert is asked, should its time end without an answer.
  [[nodiscard]] static bool may_escalate(const Exchange& exchange);
  // Does so, if there is one and the budget has an attempt left for it.
  [[nodiscard]] bool escalate(Exchange& exchange, base::Instant now, Effects& effects);
  // Whether another capability may be asked for instead.
  [[nodiscard]] static bool may_fall_back(const Exchange& exchange);
  // Does so, or refuses.
  void fall_back(Exchange& exchange, Problem problem, base::Instant now, Effects& effects);
  // ---- defer (calls_defer.cc) ----
  void look_after_deferred(base::Instant now, Effects& effects);
  [[nodiscard]] static bool may_defer(const Exchange& exchange);
  // False: its policy does not want it, or there is no room; `problem` may say so then.
  [[nodiscard]] bool defer(Exchange& exchange, Problem& problem, base::Instant now,
                           Effects& effects);
  void accept(Exchange& exchange, const Deferrals::Entry& kept, base::Instant now,
              Effects& effects);
  // A delivery ended so.
  void settle_delivery(ExchangeId id, const CallId& deferred, Outcome outcome, int status,
                       std::string trail, base::Instant now, Effects& effects);

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
  const base::Rng fault_draws_;
  routing::Chooser chooser_;
  Lessons lessons_;
  Limits limits_;
  resilience::RetryBudgets budgets_;
  Exchanges exchanges_;
  Workflows workflows_;
  Deferrals deferrals_;
  ServedCalls served_;  // one for each exchange that runs at the own agent
  Duplicates duplicates_;
  routing::Candidates candidates_;  // of the call in hand; kept for its memory
  std::uint32_t at_agent_ = 0;      // attempts at the own agent now
  std::uint32_t concurrency_ = 0;   // of the own agent
  bool draining_ = false;
  bool leaving_ = false;
};

}  // namespace mesh
