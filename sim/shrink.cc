#include "sim/shrink.h"

#include "sim/run.h"

#include <algorithm>
#include <utility>

namespace sim {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::string first_checker(const Scenario& scenario) {
  const Outcome outcome = run(scenario);
  return outcome.violations.empty() ? std::string() : outcome.violations.front().checker;
}

// The scenario without its last node: what named only that node goes too.
Scenario without_last_node(Scenario scenario) {
  const std::vector<NodeIndex>& validators = scenario.deciding.validators;
  // A smaller committee bears fewer faults: that would be another question.
  if (!validators.empty() && validators.back() == scenario.nodes - 1) return scenario;
  const NodeIndex last = --scenario.nodes;
  const auto drop = [last](std::vector<NodeIndex>& nodes) {
    const bool had = !nodes.empty();
    std::erase(nodes, last);
    return had && nodes.empty();
  };
  std::erase_if(scenario.faults, [&](Fault& fault) {
    const auto seat = std::find(fault.nodes.begin(), fault.nodes.end(), last);
    if (fault.kind == FaultKind::reconfigure && seat != fault.nodes.end()) return true;
    const bool no_target = drop(fault.towards);
    const bool no_node = drop(fault.nodes);
    return no_target || no_node;
  });
  std::erase_if(scenario.adversaries,
                [&](AdversaryChoice& adversary) { return drop(adversary.nodes); });
  std::erase_if(scenario.liars, [&](LyingChoice& lying) { return drop(lying.nodes); });
  std::erase_if(scenario.agents, [&](AgentTraits& agent) { return drop(agent.nodes); });
  scenario.seeds = std::min(scenario.seeds, scenario.nodes);
  scenario.workload.callers = std::min(scenario.workload.callers, scenario.nodes);
  return scenario;
}

class Search {
 public:
  Search(Scenario failing, const ShrinkOptions& options)
      : options_(options), best_(std::move(failing)) {
    checker_ = judge(best_);
  }

  [[nodiscard]] bool failing() const { return !checker_.empty(); }
  [[nodiscard]] Shrunk result() && { return {std::move(best_), std::move(checker_), runs_}; }

  // One round of every step; true if any of them found something smaller.
  bool round() {
    const Scenario before = best_;
    remove_items(&Scenario::faults);
    remove_items(&Scenario::adversaries);
    remove_items(&Scenario::liars);
    remove_items(&Scenario::agents);
    remove_items(&Scenario::policies);
    cut_calls();
    cut_proposals();
    make_calls_plain();
    cut_choices();
    remove_nodes();
    shorten_faults();
    quieten_links();
    end_earlier();
    return best_ != before;
  }

 private:
  std::string judge(const Scenario& candidate) {
    ++runs_;
    return options_.judge ? options_.judge(candidate) : first_checker(candidate);
  }

  [[nodiscard]] bool exhausted() const {
    return runs_ >= options_.runs_max || (options_.stop && options_.stop());
  }

  bool accept(const Scenario& candidate) {
    if (candidate == best_ || exhausted()) return false;
    if (judge(candidate) != checker_) return false;
    best_ = candidate;
    return true;
  }

  // ddmin: whole chunks first, then ever smaller ones, down to single items.
  template <class Item>
  void remove_items(std::vector<Item> Scenario::*items) {
    std::size_t chunk = (best_.*items).size();
    while (chunk > 0 && !exhausted()) {
      std::size_t begin = 0;
      while (begin < (best_.*items).size() && !exhausted()) {
        Scenario candidate = best_;
        std::vector<Item>& list = candidate.*items;
        const std::size_t end = std::min(begin + chunk, list.size());
        list.erase(list.begin() + static_cast<std::ptrdiff_t>(begin),
                   list.begin() + static_cast<std::ptrdiff_t>(end));
        if (!accept(candidate)) begin += chunk;
      }
      chunk /= 2;
    }
  }

  void cut_calls() {
    while (best_.workload.calls > 0 && !exhausted()) {
      Scenario none = best_;
      none.workload.calls = 0;
      if (accept(none)) return;
      const std::uint32_t half = (best_.workload.calls + 1) / 2;
      if (half == best_.workload.calls) return;
      Scenario front = best_;
      front.workload.calls = half;
      if (accept(front)) continue;
      Scenario back = best_;
      back.workload.calls = best_.workload.calls - half;
      back.workload.first_call += half;
      if (!accept(back)) return;
    }
  }

  void cut_proposals() {
    while (best_.deciding.proposals > 0 && !exhausted()) {
      const std::uint32_t half = best_.deciding.proposals / 2;
      Scenario front = best_;
      front.deciding.proposals = half;
      if (accept(front)) continue;
      Scenario back = best_;
      back.deciding.proposals = half;
      back.deciding.first_proposal += best_.deciding.proposals - half;
      if (!accept(back)) return;
    }
  }

  void cut_choices() {
    while (!best_.choices.empty() && !exhausted()) {
      Scenario none = best_;
      none.choices.clear();
      if (accept(none)) return;
      Scenario half = best_;
      half.choices.resize((half.choices.size() + 1) / 2);
      if (!accept(half)) return;
    }
  }

  void make_calls_plain() {
    Scenario candidate = best_;
    candidate.workload.depth = 1;
    accept(candidate);
    candidate = best_;
    candidate.workload.hard = 0;
    candidate.workload.misjudged = 0;
    candidate.workload.low = 0;
    accept(candidate);
  }

  void remove_nodes() {
    while (best_.nodes > 1 && accept(without_last_node(best_))) {
    }
  }

  void shorten_faults() {
    for (std::size_t i = 0; i < best_.faults.size(); ++i) {
      while (best_.faults[i].lasts > milliseconds(100) && !exhausted()) {
        Scenario candidate = best_;
        candidate.faults[i].lasts =
            std::chrono::duration_cast<milliseconds>(best_.faults[i].lasts / 2);
        if (!accept(candidate)) break;
      }
      while (best_.faults[i].nodes.size() > 1 && !exhausted()) {
        Scenario candidate = best_;
        candidate.faults[i].nodes.pop_back();
        if (!accept(candidate)) break;
      }
    }
  }

  void quieten_links() {
    Scenario candidate = best_;
    candidate.heavy_tail = 0;
    accept(candidate);
    candidate = best_;
    candidate.loss = 0;
    accept(candidate);
    candidate = best_;
    candidate.duplicate = 0;
    accept(candidate);
    candidate = best_;
    candidate.drift_max = 0;
    candidate.clock_offset_max = base::Duration::zero();
    accept(candidate);
    candidate = best_;
    candidate.latency_max = candidate.latency_min;
    accept(candidate);
  }

  void end_earlier() {
    while (best_.chaos_ends > seconds(2) && !exhausted()) {
      Scenario candidate = best_;
      candidate.chaos_ends = std::chrono::duration_cast<milliseconds>(best_.chaos_ends * 3 / 4);
      if (!accept(candidate)) return;
    }
  }

  const ShrinkOptions& options_;  // outlives the search
  Scenario best_;
  std::string checker_;
  std::uint32_t runs_ = 0;
};

}  // namespace

Shrunk shrink(const Scenario& failing, const ShrinkOptions& options) {
  Search search(failing, options);
  if (!search.failing()) return std::move(search).result();
  while (search.round()) {
  }
  return std::move(search).result();
}

}  // namespace sim
