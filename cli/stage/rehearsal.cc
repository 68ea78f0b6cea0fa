#include "cli/stage/rehearsal.h"

#include "base/rng.h"
#include "base/strings.h"
#include "cli/stage/diary.h"
#include "cli/stage/stage.h"
#include "sim/agent_desk.h"
#include "sim/errand.h"
#include "sim/simulated_agent.h"

#include <asio/steady_timer.hpp>

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

namespace cli::stage {

namespace {

using Clock = std::chrono::steady_clock;

constexpr auto grace = std::chrono::seconds(5);  // for an answer, after its deadline
constexpr auto warm_up = std::chrono::milliseconds(200);
constexpr std::size_t calls_known_max = 1'000'000;

struct Player {
  sim::SimulatedAgent agent;
  sim::AgentDesk desk;
  std::optional<mesh::AgentDescriptor> descriptor;
  std::uint64_t requests = 0;
};

bool names(const std::vector<sim::NodeIndex>& nodes, sim::NodeIndex node) {
  return std::find(nodes.begin(), nodes.end(), node) != nodes.end();
}

// "/cap3/item?call=7": 3.
std::uint32_t capability_in(std::string_view target) {
  const std::string_view rest = target.substr(std::min<std::size_t>(target.size(), 4));
  return static_cast<std::uint32_t>(
      base::parse_unsigned(rest.substr(0, rest.find('/'))).value_or(0));
}

std::string capability_name(std::uint32_t number) {
  return "cap." + std::to_string(number);
}

std::string name_of(sim::NodeIndex node) {
  return "n" + std::to_string(node);
}

class Rehearsal {
 public:
  using Failed = std::function<void(const std::string& story)>;

  Rehearsal(const sim::Scenario& scenario, const sim::RunOptions& options, const Failed& failed)
      : scenario_(scenario), options_(options), failed_(failed) {
    for (sim::NodeIndex i = 0; i < scenario.nodes; ++i) players_.push_back(make_player(i));
  }

  base::Result<void, std::string> run();

 private:
  [[nodiscard]] Player make_player(sim::NodeIndex index) const;
  void serve(sim::NodeIndex node, const PlayedRequest& request, PlayedAgent::Answer answer);
  void work(sim::NodeIndex node, const PlayedRequest& request, const sim::AgentRun& run,
            const PlayedAgent::Answer& answer);
  void go_on(sim::NodeIndex node, const PlayedRequest& request, const sim::AgentRun& run,
             const PlayedAgent::Answer& answer);
  void tell_attempt(sim::NodeIndex node, const PlayedRequest& request, const sim::Errand& errand);
  void begin_faults();
  void set_fault(const sim::Fault& fault, bool on);
  void issue_due();
  void issue(std::uint32_t call);
  [[nodiscard]] base::Duration due(std::uint32_t call) const;
  [[nodiscard]] base::Duration now() const;
  void after(base::Duration wait, std::function<void()> action);

  const sim::Scenario& scenario_;
  const sim::RunOptions& options_;
  const Failed& failed_;
  Diary diary_;
  std::vector<Player> players_;
  std::map<std::string, std::uint32_t, std::less<>> tries_;  // at agents, by the call's id
  Clock::time_point began_;                                  // where the scenario's time would be 0
  std::uint32_t issued_ = 0;
  std::uint32_t ended_ = 0;
  Stage stage_;  // last: its loop calls the rest
};

Player Rehearsal::make_player(sim::NodeIndex index) const {
  const sim::Workload& work = scenario_.workload;
  const base::Rng rng = base::Rng(scenario_.seed).fork("node", index);
  Player out{.agent = sim::SimulatedAgent(rng.fork("agent")),
             .desk = {},
             .descriptor =
                 sim::describe_agent(index, scenario_.nodes, work.capabilities, work.providers, 0)};
  for (const sim::AgentTraits& traits : scenario_.agents) {
    if (!traits.nodes.empty() && !names(traits.nodes, index)) continue;
    out.agent.have(traits);
    if (out.descriptor) sim::describe_traits(traits, *out.descriptor);
  }
  return out;
}

base::Result<void, std::string> Rehearsal::run() {
  std::vector<Role> roles;
  std::size_t offers = 0;
  for (sim::NodeIndex i = 0; i < scenario_.nodes; ++i) {
    Role role{.name = name_of(i), .script = {}, .descriptor = {}, .policies = scenario_.policies};
    if (players_[i].descriptor) {
      role.descriptor = *players_[i].descriptor;
      offers += role.descriptor.capabilities.size();
      role.script = [this, i](const PlayedRequest& request, PlayedAgent::Answer answer) {
        serve(i, request, std::move(answer));
      };
    }
    roles.push_back(std::move(role));
  }
  if (auto started = stage_.start(std::move(roles)); !started) return started;
  if (auto known = stage_.wait_known(offers); !known) return known;
  began_ = Clock::now() + warm_up - scenario_.workload.starts;
  begin_faults();
  issue_due();
  const base::Duration whole = due(scenario_.workload.calls) + scenario_.workload.deadline + grace;
  const auto done = [this, whole] {
    if (options_.progress) options_.progress(now(), whole);
    return ended_ == scenario_.workload.calls;
  };
  if (stage_.run_until(done, whole - scenario_.workload.starts + grace)) return {};
  return base::Unexpected{"of " + std::to_string(scenario_.workload.calls) + " calls only " +
                          std::to_string(ended_) + " were answered in time"};
}

// ---- agents ----

void Rehearsal::serve(sim::NodeIndex node, const PlayedRequest& request,
                      PlayedAgent::Answer answer) {
  Player& player = players_[node];
  if (request.target.starts_with("/healthz")) {
    const sim::AgentRun run = player.agent.probed(++player.requests);
    answer({.status = run.status, .headers = {}, .body = {}, .breaks = !run.connects});
    return;
  }
  const sim::Errand errand = sim::Errand::of(request.target);
  tell_attempt(node, request, errand);
  const std::string capability = capability_name(capability_in(request.target));
  const sim::AgentRun run = player.agent.run(++player.requests, capability, errand);
  diary_.on_run(name_of(node), capability, errand, run, now());
  if (!run.connects) {
    answer({.status = 0, .headers = {}, .body = {}, .breaks = true});
    return;
  }
  player.desk.enter(player.agent.capacity(), [this, node, request, run,
                                              answer = std::move(answer)] {
    if (request.asker->gone()) {
      players_[node].desk.leave();
      return;
    }
    after(run.head_after, [this, node, request, run, answer] { work(node, request, run, answer); });
  });
}

void Rehearsal::work(sim::NodeIndex node, const PlayedRequest& request, const sim::AgentRun& run,
                     const PlayedAgent::Answer& answer) {
  if (request.asker->gone()) {  // the node hung up before the agent was done
    players_[node].desk.leave();
    return;
  }
  if (sim::Errand::of(request.target).further > 0 && run.goes_on()) {
    go_on(node, request, run, answer);
    return;
  }
  players_[node].desk.leave();
  answer({.status = run.status, .headers = run.headers, .body = run.body, .breaks = run.breaks});
}

void Rehearsal::go_on(sim::NodeIndex node, const PlayedRequest& request, const sim::AgentRun& run,
                      const PlayedAgent::Answer& answer) {
  sim::Errand errand = sim::Errand::of(request.target);
  --errand.further;
  const std::uint32_t next = (capability_in(request.target) + 1) % scenario_.workload.capabilities;
  Request further{.method = request.method,
                  .target = "/call/" + capability_name(next) + errand.target(),
                  .headers = {}};
  for (const char* name : {"traceparent", "idempotency-key", "parley-complexity"}) {
    if (const auto value = base::find_header(request.headers, name)) {
      further.headers.push_back({name, std::string(*value)});
    }
  }
  const auto& asker = request.asker;
  const std::uint64_t sent = stage_.requests().send(
      stage_.node_url(node), std::move(further), scenario_.workload.deadline + grace,
      [this, node, run, answer, errand, next, asker](const WholeAnswer& part) {
        if (asker->gone()) return;
        asker->when_gone(nullptr);
        players_[node].desk.leave();
        diary_.on_answer(name_of(node), capability_name(next), errand, part, now());
        const bool good = part.status == 200 && part.body == sim::good_output;
        const sim::AgentRun& said = good ? run : sim::SimulatedAgent::failed_further_on();
        answer({.status = said.status, .headers = said.headers, .body = said.body});
      });
  asker->when_gone([this, node, sent] {
    stage_.requests().cancel(sent);
    players_[node].desk.leave();
  });
}

void Rehearsal::tell_attempt(sim::NodeIndex node, const PlayedRequest& request,
                             const sim::Errand& errand) {
  if (!options_.attempted) return;
  const auto call = base::find_header(request.headers, "parley-call").value_or("");
  if (tries_.size() > calls_known_max) tries_.clear();
  options_.attempted({.at = now(),
                      .from = node,
                      .to = node,
                      .capability = capability_name(capability_in(request.target)),
                      .call = errand.call,
                      .attempt = ++tries_[std::string(call)]});
}

// ---- faults ----

void Rehearsal::begin_faults() {
  for (const sim::Fault& fault : scenario_.faults) {
    after(fault.at - now(), [this, &fault] { set_fault(fault, true); });
    if (fault.lasts == base::Duration::zero()) continue;
    after(fault.at + fault.lasts - now(), [this, &fault] { set_fault(fault, false); });
  }
}

void Rehearsal::set_fault(const sim::Fault& fault, bool on) {
  for (const sim::NodeIndex node : fault.nodes) {
    sim::SimulatedAgent& agent = players_[node].agent;
    if (fault.kind == sim::FaultKind::agent_down) agent.set_down(on);
    if (fault.kind == sim::FaultKind::agent_slow) {
      agent.set_slow(on ? std::chrono::milliseconds(fault.amount) : base::Duration::zero());
    }
    if (fault.kind == sim::FaultKind::agent_flaky) {
      agent.set_flaky(on ? static_cast<std::uint32_t>(fault.amount) : 0);
    }
  }
}

// ---- calls ----

base::Duration Rehearsal::due(std::uint32_t call) const {
  base::Rng rng = base::Rng(scenario_.seed).fork("call time", call);
  const base::Duration jitter(rng.between(0, scenario_.workload.gap.count()));
  return scenario_.workload.starts + scenario_.workload.gap * call + jitter;
}

void Rehearsal::issue_due() {
  const sim::Workload& work = scenario_.workload;
  while (issued_ < work.calls && due(issued_) <= now()) issue(issued_++);
  if (issued_ < work.calls) after(due(issued_) - now(), [this] { issue_due(); });
}

void Rehearsal::issue(std::uint32_t call) {
  const sim::Workload& work = scenario_.workload;
  base::Rng rng = base::Rng(scenario_.seed).fork("call", call);
  const std::uint32_t callers = work.callers == 0 ? scenario_.nodes : work.callers;
  const auto node = static_cast<sim::NodeIndex>(scenario_.nodes - callers + rng.below(callers));
  const auto first = static_cast<std::uint32_t>(rng.below(work.capabilities));
  const std::uint32_t capability = work.depth > 1 && work.callers > 0 ? 0 : first;
  const bool idempotent = rng.chance(work.idempotent);
  const bool is_hard = rng.chance(work.hard);
  const bool judged_hard = rng.chance(work.misjudged) ? !is_hard : is_hard;
  const sim::Errand errand{.call = call, .further = std::max(1U, work.depth) - 1, .hard = is_hard};
  Request request{.method = idempotent ? "GET" : "POST",
                  .target = "/call/" + capability_name(capability) + errand.target(),
                  .headers = {{"parley-deadline", base::format_duration(work.deadline)}}};
  if (work.hard > 0) request.headers.push_back({"parley-complexity", judged_hard ? "0.9" : "0.1"});
  const base::Duration issued = now();
  diary_.begin(call, issued);
  stage_.requests().send(
      stage_.node_url(node), std::move(request), work.deadline + grace,
      [this, call, node, issued, capability, errand](const WholeAnswer& answer) {
        ++ended_;
        const bool good = answer.status == 200 && answer.body == sim::good_output;
        diary_.on_answer(name_of(node), capability_name(capability), errand, answer, now());
        const std::string story = diary_.end(call);
        if (!good && failed_) {
          failed_("call " + std::to_string(call) + "\n" + story);
        }
        if (!options_.called) return;
        options_.called({.call = call,
                         .node = node,
                         .issued = issued,
                         .took = now() - issued,
                         .status = answer.status,
                         .good = good});
      });
}

base::Duration Rehearsal::now() const {
  return std::chrono::duration_cast<base::Duration>(Clock::now() - began_);
}

void Rehearsal::after(base::Duration wait, std::function<void()> action) {
  // Owned by its own handler, which goes with the loop at the latest.
  auto timer = std::make_shared<asio::steady_timer>(stage_.loop());
  timer->expires_after(std::max(wait, base::Duration::zero()));
  timer->async_wait([timer, action = std::move(action)](const std::error_code& error) {
    if (!error) action();
  });
}

}  // namespace

base::Result<void, std::string> rehearse(
    const sim::Scenario& scenario, const sim::RunOptions& options,
    const std::function<void(const std::string& story)>& failed) {
  if (!scenario.adversaries.empty()) {
    return base::Unexpected{std::string("a scenario with adversaries is for the simulator")};
  }
  for (const sim::Fault& fault : scenario.faults) {
    if (fault.kind == sim::FaultKind::agent_down || fault.kind == sim::FaultKind::agent_slow ||
        fault.kind == sim::FaultKind::agent_flaky) {
      continue;
    }
    return base::Unexpected{"the fault " + std::string(to_string(fault.kind)) +
                            " is for the simulator"};
  }
  return Rehearsal(scenario, options, failed).run();
}

}  // namespace cli::stage
