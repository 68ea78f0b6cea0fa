// How the mesh goes on once chaos is over: L1 to L5 and L8.
#include "sim/agreement/instance.h"
#include "sim/agreement/villain_view.h"
#include "sim/agreement/world.h"

#include <algorithm>

namespace sim::agreement {

namespace {

constexpr base::Duration timers_settle = std::chrono::seconds(3);
constexpr base::Duration quiet_for = std::chrono::seconds(2);
constexpr base::Duration quiet_within = std::chrono::seconds(40);
constexpr base::Duration look_every = std::chrono::milliseconds(100);

}  // namespace

void World::measure() {
  const bool settled = now_ >= plan_.chaos_ends + timers_settle && plan_.liars_are_silent();
  bool steady = settled;
  std::map<Oracle::NodeNumber, consensus::Height> heights;
  for (const auto& instance : instances_) {
    if (!instance->honest || instance->dead || !instance->up()) continue;
    const consensus::Replica::Standing standing = instance->replica->standing();
    if (standing.listening || standing.abstains) steady = false;
    heights[instance->identity] = standing.height;
  }
  pace_.set_steady(steady, right_wall_ms());
  pace_.on_heights(heights, epochs_.rbegin()->second.committee().faults(), now_);
  measure_ops();
  push({.at = now_ + std::chrono::milliseconds(250), .kind = EventKind::measure});
}

// ---- L1, L2, L8 ----

void World::note_calm() {
  for (const auto& instance : instances_) {
    if (!instance->honest || !instance->up()) continue;
    const consensus::Replica::Standing standing = instance->replica->standing();
    unfinalized_ = std::max(unfinalized_, standing.view - standing.finalized_view);
  }
}

base::Duration World::bound() const {
  const consensus::Options options;
  return Deadlines::bound({.faults = epochs_.rbegin()->second.committee().faults(),
                           .unfinalized = unfinalized_,
                           .delay = plan_.misleads() ? options.delay_max : options.delay_initial});
}

// A member that is there for good.
bool World::is_core(const Instance& instance) const {
  return instance.honest && !instance.dead && instance.up() &&
         epochs_.rbegin()->second.committee().index_of(identities_[instance.identity].node);
}

void World::measure_ops() {
  const base::Duration due_within = bound();
  // Who is new in a committee has to hear of it first.
  const base::Duration earliest =
      epoch_started_ + Pace::catch_up(epochs_.rbegin()->second.committee().faults());
  for (Submitted& one : submitted_) {
    if (!one.due || !one.held_since) continue;
    one.due = !std::all_of(instances_.begin(), instances_.end(), [&](const auto& instance) {
      if (!is_core(*instance)) return true;
      const auto& last = instance->application->state().last_sequence;
      const auto at = last.find(one.author);
      return at != last.end() && at->second >= one.sequence;
    });
    if (one.due) deadlines_.check_op(std::max(*one.held_since, earliest), due_within, now_);
  }
  for (const auto& instance : instances_) {
    if (!is_core(*instance)) continue;
    const Oracle::Progress progress = progress_of(*instance);
    deadlines_.check_progress(instance->identity, progress, progress.view > progress.finalized + 1,
                              due_within, now_);
  }
  deadlines_.check_proposed(now_);
}

// L8 holds where everybody is honest and there, and no member is behind.
void World::watch_proposal(const Instance& from, const consensus::Block& block) {
  const bool good = now_ >= plan_.chaos_ends + timers_settle + plan_.under_way_max() &&
                    plan_.liars.empty() && plan_.dead.empty() && plan_.rollbacks.empty();
  if (!good) return;
  constexpr consensus::View behind_max = 4;  // quick ones may be so many views ahead
  const consensus::BlockHeader& header = block.header();
  std::set<Oracle::NodeNumber> members;
  for (const consensus::Validator& member : epoch_of(from).committee().members()) {
    const Instance& instance = *instances_[instances_of_[identity_of(member.node)].front()];
    if (!instance.up() || instance.replica->standing().listening) return;
    const Oracle::Progress progress = progress_of(instance);
    if (progress.epoch != from.epoch || progress.view + behind_max < header.view) return;
    if (progress.view > header.view) return;  // it is the proposer who is behind
    // Who lacks a block before it decides it when that comes.
    if (progress.height + 1 < header.height && !deadlines_.watches(header.parent_hash)) return;
    members.insert(instance.identity);
  }
  deadlines_.on_proposed(header, block.hash(), members, now_);
}

// Settled: if only the silent lie, it has to fall silent as a whole.
void World::watch_quiet() {
  if (!plan_.liars_are_silent() || !plan_.rollbacks.empty()) {
    done_ = true;
    return;
  }
  // What chaos left on its way is answered when it comes.
  bool idle = now_ > plan_.chaos_ends + plan_.under_way_max();
  for (const auto& instance : instances_) {
    if (!instance->honest || instance->dead || !instance->up()) continue;
    const consensus::Replica::Standing standing = instance->replica->standing();
    idle = idle && standing.pending_ops == 0 && standing.view <= standing.finalized_view + 1;
  }
  pace_.set_idle(idle, now_);
  if (idle && now_ >= *pace_.idle_since() + quiet_for) {
    done_ = true;
    return;
  }
  if (now_ > *settled_at_ + quiet_within) {
    oracle_.violate("L4 quiet", describe_standing());
    done_ = true;
    return;
  }
  push({.at = now_ + look_every, .kind = EventKind::look});
}

}  // namespace sim::agreement
