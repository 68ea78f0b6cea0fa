// A whole mesh in one thread: nodes, network, disks, agents and time. Feeds the kernels what
// happens to them and carries out their effects exactly in order, as the daemon's effect runner
// does, the barrier of Persist included. Faults and calls come from the scenario; every draw is
// keyed by what it is for.
#pragma once

#include "base/ids.h"
#include "base/rng.h"
#include "sim/byzantine/adversary.h"
#include "sim/byzantine/voice.h"
#include "sim/decisions.h"
#include "sim/exchanges.h"
#include "sim/kept_calls.h"
#include "sim/network.h"
#include "sim/observer.h"
#include "sim/peer_links.h"
#include "sim/run.h"
#include "sim/scenario.h"
#include "sim/scheduler.h"
#include "sim/signature_cache.h"
#include "sim/simulated_node.h"
#include "sim/surroundings.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sim {

class World final : public Surroundings, public CallObserver {
 public:
  // The scenario outlives the world.
  World(const Scenario& scenario, const RunOptions& options);
  ~World() override;

  Outcome run();

  // ---- Surroundings ----
  Scheduler& scheduler() override { return scheduler_; }
  Network& network() override { return network_; }
  [[nodiscard]] std::uint32_t life(NodeIndex node) const override;
  [[nodiscard]] const base::NodeId& id_of(NodeIndex node) const override { return ids_.at(node); }
  [[nodiscard]] std::optional<NodeIndex> node_with(const base::NodeId& id) const override;
  [[nodiscard]] base::Endpoint address_of(NodeIndex node) const override;
  [[nodiscard]] std::optional<NodeIndex> node_at(const base::Endpoint& endpoint) const override;
  [[nodiscard]] bool admits(NodeIndex a, NodeIndex b) const override {
    return !decisions_ || decisions_->admits(a, b);
  }
  void feed(NodeIndex node, kernel::Input input) override;

  // ---- CallObserver ----
  void call_ended(std::uint32_t call, const mesh::AnswerHead* head,
                  const std::string& body) override;
  void exchange_opened(NodeIndex node, std::uint64_t exchange);
  void agent_succeeded(NodeIndex node, const std::string& key) override;
  void answer_passed_on(NodeIndex node, const std::string& key) override;
  const SimulatedAgent& agent_of(NodeIndex node) override { return nodes_[node]->agent; }
  [[nodiscard]] std::uint32_t capabilities() const override {
    return std::max(1U, scenario_.workload.capabilities);
  }

 private:
  struct Liar {
    std::unique_ptr<Adversary> adversary;
    std::vector<base::NodeId> friends;
    base::Instant from;
    std::optional<Voice> voice;  // since its first lie
  };

  // setting up (world_setup.cc)
  void make_nodes();
  void make_adversaries();
  void schedule_starts();
  void schedule_faults();
  void schedule_calls();
  void schedule_proposals();
  void make_decisions();
  void describe(SimulatedNode& node, NodeIndex index);
  void issue_call(std::uint32_t call);

  [[nodiscard]] kernel::GateOptions gate_options() const;

  // the process of a node (world.cc)
  void start(NodeIndex node);
  void stop(NodeIndex node, bool crashed);
  void pump(NodeIndex node);
  [[nodiscard]] bool may_run(NodeIndex node);
  void handle(NodeIndex node, kernel::Input input);
  void arm(NodeIndex node);
  void timer_fired(NodeIndex node, std::uint32_t life, base::Instant when);
  void look(NodeIndex node);

  // calls, as they are decided (world_calls.cc)
  void look_at_input(NodeIndex node, const kernel::Input& input);
  void look_at_effect(NodeIndex node, const kernel::Effect& effect);
  void look_at_attempt(NodeIndex node, const mesh::StartAttempt& start);
  void look_at_ejection(NodeIndex node, const base::Transition& step);
  void look_at_cancelled(NodeIndex index, const mesh::CancelAttempt& cancel);
  void look_at_breaker(NodeIndex node, const base::Transition& step);
  void look_at_refusal(NodeIndex node, const mesh::RefuseExchange& refusal);
  void look_at_counters(NodeIndex node);
  void attempt_over(NodeIndex node, std::uint64_t exchange, std::uint32_t attempt,
                    std::uint32_t made = 0);
  [[nodiscard]] const mesh::CallPolicy& policy_of(const std::string& capability);
  void look_at_contact(NodeIndex node, const kernel::Effect& effect);

  // effects (world_effects.cc)
  void drain(NodeIndex node);
  void carry_out(NodeIndex node, kernel::Effect effect);
  void drop_links(NodeIndex node, const base::NodeId& peer);
  void end_delivery(NodeIndex node, const mesh::EndDelivery& effect);
  void persist(NodeIndex node, std::uint64_t epoch);
  void sync(NodeIndex node, std::uint32_t life);
  void send(NodeIndex from, const base::Endpoint& to, base::Bytes datagram);
  void send_raw(NodeIndex from, const base::Endpoint& to, base::Bytes datagram);
  void check_signatures(NodeIndex node, const kernel::CheckSignatures& question);
  void probe_agent(NodeIndex node, const mesh::ProbeAgent& probe);

  // faults (world_faults.cc)
  void begin_fault(std::size_t index);
  void end_fault(std::size_t index);
  void strike(std::size_t index, NodeIndex node);
  void release(std::size_t index, NodeIndex node);
  void describe_agent_again(NodeIndex node, bool full);
  [[nodiscard]] bool starves_too_many() const;
  [[nodiscard]] std::vector<NodeIndex> disturbed_by(const Fault& fault) const;

  // liars (world_liars.cc)
  void take_turn(NodeIndex node);
  void say(NodeIndex node, Act act);
  [[nodiscard]] bool lies(NodeIndex node) const;
  [[nodiscard]] Adversary::Position position_of(NodeIndex node, const Liar& liar);
  void twist_answer(NodeIndex node, kernel::AnswerPeer& answer);
  [[nodiscard]] std::optional<base::Bytes> revoice(NodeIndex from, NodeIndex to,
                                                   base::ByteView datagram);

  // the run (run.cc)
  void second();
  void look_at_reports(NodeIndex node);
  void look_at_opinions(NodeIndex node);
  void look_at_deferred(NodeIndex node);
  void look_at_places(NodeIndex node);
  [[nodiscard]] std::string unsettled();
  [[nodiscard]] bool all_started() const;
  [[nodiscard]] bool over() const { return options_.stop_at_first && observer_->violated(); }
  [[nodiscard]] base::Duration now() const { return scheduler_.now() - base::Instant(); }
  [[nodiscard]] std::vector<const gossip::Membership*> views() const;
  [[nodiscard]] std::vector<bool> misled() const;

  static constexpr std::uint32_t workload_concurrency = 8;     // of an agent, unless it is full
  static constexpr std::uint64_t voice_epoch = 1'000'000'000;  // above all that a kernel claims

  const Scenario& scenario_;
  const RunOptions& options_;
  const base::Rng rng_;
  const base::MeshId mesh_;
  Scheduler scheduler_;
  Network network_;
  std::vector<std::unique_ptr<SimulatedNode>> nodes_;
  std::vector<base::NodeId> ids_;
  std::map<base::NodeId, NodeIndex> by_id_;
  std::map<base::Endpoint, NodeIndex> by_endpoint_;
  std::map<NodeIndex, Liar> liars_;
  std::unique_ptr<Observer> observer_;
  PeerLinks peer_links_;
  Exchanges exchanges_;
  KeptCalls kept_calls_;
  SignatureCache signatures_;
  std::optional<Decisions> decisions_;  // in a mesh with validators
  kernel::Effects effects_;             // of the input being handled; empty in between
  std::vector<std::string> touched_;
  std::vector<bool> fault_active_;
  std::map<std::size_t, std::vector<NodeIndex>> disturbed_;  // by active fault
  struct OpenCall {
    NodeIndex node = 0;
    base::Duration issued{};
  };
  std::map<std::uint32_t, OpenCall> open_calls_;
  struct Trial {
    std::uint32_t attempt = 0;  // the last one that was decided
    base::Duration at{};
    bool pardoned = false;     // the next one costs nothing
    base::Duration since{};    // since when the capability is asked for
    std::string capability{};  // of that attempt
    bool told_over = false;    // its peer says that there is no time left
  };
  std::map<std::pair<NodeIndex, std::uint64_t>, Trial> trials_;  // by exchange, until it is settled
  std::map<std::string, mesh::CallPolicy> policy_by_capability_;
  std::map<std::string, NodeIndex> by_short_hex_;
  struct Clogged {
    NodeIndex from;
    base::Endpoint to;
    base::Bytes datagram;
  };
  static constexpr std::size_t clogged_max = 5'000;
  std::vector<Clogged> clogged_;  // in the order of sending; at most clogged_max
  bool calm_ = false;             // chaos is over
};

}  // namespace sim
