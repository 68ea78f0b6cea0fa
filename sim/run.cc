#include "sim/run.h"

#include "sim/world.h"

#include <algorithm>
#include <cstdint>
#include <string>

namespace sim {

Outcome World::run() {
  const base::Instant chaos_ends = base::Instant() + scenario_.chaos_ends;
  const base::Instant last = chaos_ends + scenario_.patience;
  while (!over() && scheduler_.step(chaos_ends)) {
  }
  calm_ = true;
  if (decisions_) decisions_->calm();
  observer_->trace().add(now(), std::nullopt, "chaos ends");
  constexpr base::Duration pace = std::chrono::milliseconds(500);
  // What is right for a moment only does not count.
  constexpr int looks_needed = 4;
  std::string problem = "not looked at";
  for (int right = 0; !over() && right < looks_needed && scheduler_.now() < last;) {
    const base::Instant next = scheduler_.now() + pace;
    while (!over() && scheduler_.step(next)) {
    }
    problem = unsettled();
    right = problem.empty() ? right + 1 : 0;
    if (right == 1) observer_->figures().settled_after = scheduler_.now() - chaos_ends;
  }
  Figures& figures = observer_->figures();
  if (!problem.empty() && !over()) {
    figures.settled_after.reset();
    observer_->violate("convergence", now(), problem);
  } else if (!over()) {
    observer_->coverage().saw("milestone", "", "settled");
    if (decisions_) decisions_->end();
    observer_->end(now());
  }
  figures.simulated = now();
  figures.events = scheduler_.events();
  figures.link_bytes = peer_links_.bytes();
  figures.signature_checks = signatures_.asked();
  figures.signatures = signatures_.computed();
  Outcome outcome{.violations = observer_->violations(),
                  .digest = observer_->digest().finish(),
                  .coverage = observer_->coverage(),
                  .situations = {},
                  .figures = figures,
                  .trace = {}};
  if (decisions_) outcome.situations = decisions_->situations();
  if (options_.trace || !outcome.violations.empty()) outcome.trace = observer_->trace().text();
  return outcome;
}

std::vector<const gossip::Membership*> World::views() const {
  std::vector<const gossip::Membership*> result;
  for (NodeIndex node = 0; node < nodes_.size(); ++node) {
    const bool part = nodes_[node]->runs() && !(decisions_ && decisions_->outside(node));
    result.push_back(part ? &nodes_[node]->kernel->membership() : nullptr);
  }
  return result;
}

std::vector<bool> World::misled() const {
  std::vector<bool> result(nodes_.size(), false);
  for (NodeIndex node = 0; decisions_ && node < nodes_.size(); ++node) {
    result[node] = decisions_->misled(node);
  }
  return result;
}

// What is not yet as it should be once all is calm; empty if nothing.
std::string World::unsettled() {
  if (!open_calls_.empty()) return std::to_string(open_calls_.size()) + " calls are open";
  for (NodeIndex node = 0; node < nodes_.size(); ++node) {
    if (!nodes_[node]->runs()) continue;
    const std::size_t open = nodes_[node]->kernel->data_plane().exchanges();
    if (open > 0) return std::to_string(open) + " calls are under way at n" + std::to_string(node);
  }
  if (decisions_) {
    if (std::string problem = decisions_->unsettled(); !problem.empty()) return problem;
  }
  return observer_->disagreement(views(), misled());
}

// What a node tells of agents.
void World::look_at_reports(NodeIndex index) {
  const kernel::Kernel& kernel = *nodes_[index]->kernel;
  for (const gossip::SignedReport* own : kernel.membership().reports().own()) {
    for (const gossip::Observation& seen : own->report.observations) {
      const std::optional<NodeIndex> subject = node_with(seen.subject);
      if (!subject) continue;
      const double latency = 1'000.0 * seen.latency_micros;
      observer_->tell(&Checker::on_told,
                      ObservationTold{now(), index, *subject, own->report.capability,
                                      static_cast<double>(seen.success_ppm) / 1'000'000, latency});
    }
  }
}

// What it takes for the opinion of others.
void World::look_at_opinions(NodeIndex index) {
  const kernel::Kernel& kernel = *nodes_[index]->kernel;
  const mesh::score::Observations& observations = kernel.data_plane().observations();
  for (const auto& [capability, offers] : kernel.data_plane().catalogue().by_capability()) {
    const mesh::score::Observations::Opinions* opinions = observations.about(capability);
    if (opinions == nullptr) continue;
    for (const auto& [node, opinion] : *opinions) {
      const std::optional<NodeIndex> subject = node_with(node);
      if (!subject || !opinion.success) continue;
      const bool sure = opinion.authors > 2 * observer_->truth().liars();
      observer_->coverage().saw("milestone", "", sure ? "opinion_of_many" : "opinion_of_few");
      observer_->tell(&Checker::on_opinion,
                      OpinionHeld{now(), index, *subject, capability, opinion.authors,
                                  opinion.success, opinion.latency});
    }
  }
}

// Whatever its node is told it keeps is on its disk, whether it runs or not.
void World::look_at_deferred(NodeIndex index) {
  for (const auto& [id, call] : nodes_[index]->disk.calls()) {
    observer_->tell(&Checker::on_deferral_on_disk, DeferralOnDisk{now(), index, id});
  }
}

// Whoever ended gave back what it held: two attempts at most belong to each exchange, and what is
// on its way to the disk to one.
void World::look_at_places(NodeIndex index) {
  const mesh::DataPlane& plane = nodes_[index]->kernel->data_plane();
  std::uint64_t attempts = 0;
  for (const auto& [capability, offers] : plane.catalogue().by_capability()) {
    for (const mesh::Catalogue::Offer& offer : offers) attempts += offer.standing->outstanding;
  }
  const auto storing = std::ranges::count_if(plane.deferrals().entries(), [](const auto& entry) {
    return entry.second.state == mesh::Deferrals::State::storing;
  });
  const std::uint64_t exchanges = plane.exchanges();
  observer_->tell(&Checker::on_gauge,
                  Gauge{now(), index, "attempts at agents", attempts, 2 * exchanges});
  observer_->tell(&Checker::on_gauge, Gauge{now(), index, "calls on their way to the disk",
                                            static_cast<std::uint64_t>(storing), exchanges});
}

// Once a simulated second: gauges, and what takes a look at everything.
void World::second() {
  scheduler_.after(std::chrono::seconds(1), [this] { second(); });
  const auto seconds =
      static_cast<NodeIndex>(std::chrono::duration_cast<std::chrono::seconds>(now()).count());
  constexpr NodeIndex whole_look_every = 10;  // seconds, in a large mesh
  const gossip::Options bounds;
  const mesh::Options call_bounds;
  for (NodeIndex i = 0; i < nodes_.size(); ++i) {
    SimulatedNode& node = *nodes_[i];
    if (!node.runs()) continue;
    if (node.disk.sync_time()) node.disk.synced();
    const gossip::Membership& membership = node.kernel->membership();
    const gossip::Counters counters = membership.counters();
    const auto gauge = [&](std::string_view what, std::uint64_t value, std::uint64_t bound) {
      observer_->tell(&Checker::on_gauge, Gauge{now(), i, what, value, bound});
    };
    gauge("rumors", counters.rumors, bounds.rumors_max);
    gauge("checks pending", counters.checks_pending, bounds.checks_pending_max);
    gauge("members", membership.members().size(), bounds.members_max);
    gauge("exchanges", node.kernel->data_plane().exchanges(), call_bounds.exchanges_max);
    gauge("reports", counters.reports, bounds.report_topics_max * bounds.report_authors_max);
    if (!options_.watch) continue;
    look_at_reports(i);
    look_at_counters(i);
    look_at_places(i);
    const bool small = nodes_.size() <= Observer::whole_tables_up_to;
    if (!small && i % whole_look_every == seconds % whole_look_every) {
      observer_->look_at_all(i, now(), membership);
    }
  }
  for (NodeIndex i = 0; i < nodes_.size(); ++i) {
    if (nodes_[i]->runs() && options_.watch) look_at_opinions(i);
    if (options_.watch) look_at_deferred(i);
  }
  if (decisions_) decisions_->second();
  if (options_.watch) observer_->second(now());
  Figures& figures = observer_->figures();
  if (!figures.first_convergence && !calm_ && all_started() &&
      observer_->disagreement(views(), misled()).empty()) {
    figures.first_convergence = now();
    observer_->coverage().saw("milestone", "", "first_convergence");
  }
  if (options_.progress) options_.progress(now(), scenario_.chaos_ends);
}

bool World::all_started() const {
  for (const auto& node : nodes_) {
    if (node->lives == 0) return false;
  }
  return true;
}

Outcome run(const Scenario& scenario, const RunOptions& options) {
  World world(scenario, options);
  return world.run();
}

}  // namespace sim
