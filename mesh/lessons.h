// What attempts teach this node about agents: it feeds scorecards, breakers, penalties, ejections
// and the health of the own agent, and tells when one of these changed its state.
#pragma once

#include "base/ids.h"
#include "base/recent_table.h"
#include "base/time.h"
#include "mesh/answered_calls.h"
#include "mesh/classify.h"
#include "mesh/effect.h"
#include "mesh/exchange.h"
#include "mesh/policy.h"
#include "mesh/resilience/breaker.h"
#include "mesh/surroundings.h"

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mesh {

class Lessons {
 public:
  explicit Lessons(Surroundings around) : around_(around) {}

  // An attempt of this node's own agent begins at `node`. Nothing: its breaker does not admit it.
  [[nodiscard]] std::optional<resilience::Breaker::Permit> on_start(const base::NodeId& node,
                                                                    std::string_view capability,
                                                                    const CallPolicy& policy,
                                                                    bool probe, base::Instant now,
                                                                    Effects& effects);
  // It is over; on_result() says what it came to, if anybody knows.
  void on_end(const base::NodeId& node, std::string_view capability);
  // It was admitted and not started.
  void on_unused(const base::NodeId& node, std::string_view capability,
                 const resilience::Breaker::Permit& permit, base::Instant now);
  void on_result(const Exchange& exchange, const OpenAttempt& attempt, const Classified& classified,
                 base::Instant now, Effects& effects);
  // Its answer, which was judged by its head, broke off.
  void on_broken(const Exchange& exchange, const OpenAttempt& attempt, bool good, base::Instant now,
                 Effects& effects);
  // It was cut short, or has no answer yet: so long it took at least. With `over` its permit is
  // given back.
  void on_at_least(const Exchange& exchange, const OpenAttempt& attempt, bool over,
                   base::Instant now, Effects& effects);
  // It was admitted and opened, but nothing of it went out.
  void on_withdrawn(const Exchange& exchange, const OpenAttempt& attempt, base::Instant now);
  // Of an attempt for a peer.
  void on_served(const OpenAttempt& attempt, const Classified& classified, base::Instant now);

  void on_answer(const CallId& call, const base::NodeId& node, std::string_view capability);
  void on_feedback(std::string_view call, double quality, base::Instant now);
  [[nodiscard]] bool knows_call(std::string_view call) const {
    return answered_.find(call) != nullptr;
  }

  // How long an attempt there may take before that says something; nothing: no idea.
  [[nodiscard]] std::optional<base::Duration> late_after(const base::NodeId& node,
                                                         std::string_view capability,
                                                         const CallPolicy& policy) const;
  // The time in which nearly all answers come; nothing: too few were seen.
  [[nodiscard]] std::optional<base::Duration> nearly_all_within(std::string_view capability) const;
  [[nodiscard]] base::Duration agent_latency() const { return agent_latency_; }

 private:
  static constexpr std::size_t proficiencies = 3;
  // Of the capability's agents: what is usual among them.
  struct Usual {
    // The medians of theirs, by proficiency: an expert takes its time. 0 = not known.
    std::array<base::Duration, proficiencies> latency{};
    base::Duration nearly_all{};  // the median of their 95th percentiles; 0 = not known
    base::Instant look_again;
  };

  void note_full(const base::NodeId& node, base::Duration latency, base::Instant now);
  void penalise(const base::NodeId& node, bool unreachable, base::Instant now);
  void tell_breaker(const base::NodeId& node, std::string_view capability,
                    resilience::Breaker::State before, resilience::Breaker::State after,
                    Effects& effects) const;
  void look_for_outliers(std::string_view capability, const CallPolicy& policy, base::Instant now,
                         Effects& effects);
  void eject(const Catalogue::Offers& offers, const std::vector<std::size_t>& slowest,
             const OutlierPolicy& policy, base::Instant now, Effects& effects);

  Surroundings around_;
  base::Duration agent_latency_{};  // of the own agent: moving average, to the head
  AnsweredCalls answered_;
  base::RecentTable<std::string, Usual> usual_{1'024};  // by capability
};

}  // namespace mesh
