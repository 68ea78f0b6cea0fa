#include "sim/agreement/deadlines.h"

#include "consensus/timing.h"

#include <algorithm>
#include <string>
#include <utility>

namespace sim::agreement {

namespace {

constexpr base::Duration view_over_within = 2 * Pace::delta + Deadlines::processing;
constexpr base::Duration decided_within = 3 * Pace::delta + Deadlines::processing;

std::string in_ms(base::Duration duration) {
  return std::to_string(duration / std::chrono::milliseconds(1)) + " ms";
}

}  // namespace

base::Duration Deadlines::bound(const Calm& calm) {
  consensus::Options options;
  options.delay_initial = calm.delay;
  const consensus::Timing timing(options);
  const consensus::View views = calm.faults + 2;
  const base::Duration view =
      timing.view({.view = calm.unfinalized + views, .finalized = 0, .faults = calm.faults});
  return static_cast<std::int64_t>(views) * (view + 6 * Pace::delta) +
         4 * timing.retransmit(calm.faults);
}

void Deadlines::check_op(base::Duration held_since, base::Duration bound, base::Duration now) {
  if (now <= held_since + bound) return;
  oracle_.violate("L1 liveness", "an op is not decided everywhere after " +
                                     in_ms(now - held_since) + ", at most " + in_ms(bound) +
                                     " are due");
}

void Deadlines::check_progress(NodeNumber node, const Oracle::Progress& standing, bool waits,
                               base::Duration bound, base::Duration now) {
  const auto [at, fresh] = standings_.try_emplace(node, Standing{standing, now});
  Standing& known = at->second;
  const bool moved =
      standing.epoch != known.progress.epoch || standing.finalized != known.progress.finalized;
  if (moved || !waits) known.since = now;
  known.progress = standing;
  if (now <= known.since + bound) return;
  oracle_.violate("L2 progress", "nothing became final at node " + std::to_string(node) + " for " +
                                     in_ms(now - known.since) + ", at most " + in_ms(bound) +
                                     " are due");
}

void Deadlines::on_proposed(const consensus::BlockHeader& header, const base::Digest& hash,
                            const std::set<NodeNumber>& members, base::Duration now) {
  if (watches(hash) || header.tail()) return;
  proposed_.push_back(
      {.hash = hash, .view = header.view, .at = now, .in_view = members, .undecided = members});
}

bool Deadlines::watches(const base::Digest& hash) const {
  return std::any_of(proposed_.begin(), proposed_.end(),
                     [&](const Proposed& one) { return one.hash == hash; });
}

void Deadlines::on_view(NodeNumber node, consensus::View view, base::Duration now) {
  for (Proposed& block : proposed_) {
    if (view <= block.view || block.in_view.erase(node) == 0) continue;
    if (now <= block.at + view_over_within) continue;
    violate_good_case(block, node, "leaves the view", now - block.at);
  }
}

void Deadlines::on_decided(NodeNumber node, const base::Digest& hash, base::Duration now) {
  const auto block = std::find_if(proposed_.begin(), proposed_.end(),
                                  [&](const Proposed& one) { return one.hash == hash; });
  if (block == proposed_.end() || block->undecided.erase(node) == 0) return;
  if (now > block->at + decided_within) {
    violate_good_case(*block, node, "decides", now - block->at);
  }
  if (!block->undecided.empty()) return;
  ++prompt_;
  proposed_.erase(block);
}

void Deadlines::check_proposed(base::Duration now) {
  if (proposed_.empty() || now <= proposed_.front().at + decided_within) return;
  const Proposed late = std::exchange(proposed_, {}).front();
  violate_good_case(late, *late.undecided.begin(), "has not decided", now - late.at);
}

void Deadlines::violate_good_case(const Proposed& block, NodeNumber node, const char* what,
                                  base::Duration took) {
  oracle_.violate("L8 good case", "node " + std::to_string(node) + " " + what + " of view " +
                                      std::to_string(block.view) + " " + in_ms(took) +
                                      " after it was proposed, and nobody is faulty");
}

}  // namespace sim::agreement
