#include "sim/agreement/plan.h"

#include "sim/agreement/register.h"

#include <algorithm>

namespace sim::agreement {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint32_t faults(std::uint32_t members) {
  return (members - 1) / 3;
}

base::Duration between(base::Rng& rng, base::Duration low, base::Duration high) {
  return base::Duration(rng.between(low.count(), std::max(low, high).count()));
}

std::vector<std::uint32_t> some(base::Rng& rng, std::vector<std::uint32_t> from,
                                std::size_t count) {
  rng.shuffle(from);
  from.resize(std::min(count, from.size()));
  std::sort(from.begin(), from.end());
  return from;
}

std::vector<std::uint32_t> honest_ones(const Plan& plan) {
  std::vector<std::uint32_t> honest;
  for (std::uint32_t i = 0; i < plan.identities; ++i) {
    if (!plan.lies(i)) honest.push_back(i);
  }
  return honest;
}

void draw_committee(Plan& plan, base::Rng& rng, std::uint32_t members) {
  const std::vector<std::uint32_t> sizes{4, 4, 4, 4, 5, 6, 7, 7, 10};
  plan.members = members > 0 ? members : rng.pick(sizes);
  plan.identities = plan.members + static_cast<std::uint32_t>(rng.below(3));
}

void draw_liars(Plan& plan, base::Rng& rng) {
  const std::uint32_t most = faults(plan.members);
  if (most == 0 || rng.chance(150'000)) return;
  // Sometimes one of those that only observe at first.
  std::vector<std::uint32_t> members(rng.chance(200'000) ? plan.identities : plan.members);
  for (std::uint32_t i = 0; i < members.size(); ++i) members[i] = i;
  const std::uint32_t count =
      rng.chance(800'000) ? most : 1 + static_cast<std::uint32_t>(rng.below(most));
  for (const std::uint32_t identity : some(rng, members, count)) {
    Plan::Liar liar{.identity = identity, .ways = {}};
    const std::int64_t kinds = rng.between(1, 3);
    for (std::int64_t i = 0; i < kinds; ++i) {
      liar.ways.push_back(static_cast<Villainy>(rng.below(villainies)));
    }
    // Those that bring most to light, more often than their share.
    if (rng.chance(200'000)) liar.ways = {Villainy::twins};
    if (rng.chance(150'000)) liar.ways = {Villainy::fickle, Villainy::double_voter};
    if (rng.chance(150'000)) {
      liar.ways = {Villainy::equivocator, Villainy::double_voter, Villainy::certificate_pool};
    }
    if (rng.chance(80'000)) liar.ways = {Villainy::hider};
    plan.liars.push_back(std::move(liar));
  }
}

bool some_lie(const Plan& plan, Villainy way) {
  return std::any_of(plan.liars.begin(), plan.liars.end(), [&](const Plan::Liar& liar) {
    return std::find(liar.ways.begin(), liar.ways.end(), way) != liar.ways.end();
  });
}

// Every liar of this run lies in these ways.
void force_liars(Plan& plan, base::Rng& rng, const std::vector<Villainy>& ways) {
  std::vector<std::uint32_t> members(plan.members);
  for (std::uint32_t i = 0; i < plan.members; ++i) members[i] = i;
  plan.liars.clear();
  for (const std::uint32_t identity : some(rng, members, faults(plan.members))) {
    plan.liars.push_back({.identity = identity, .ways = ways});
  }
}

void draw_network(Plan& plan, base::Rng& rng) {
  const std::vector<std::int64_t> ends{500, 3000, 8000, 15'000, 25'000};
  plan.chaos_ends = milliseconds(rng.pick(ends));
  const std::vector<std::int64_t> latencies{5, 20, 200, 1500};
  plan.latency_max = milliseconds(rng.pick(latencies));
  const std::vector<std::uint32_t> losses{0, 0, 50'000, 300'000};
  plan.loss_ppm = rng.pick(losses);
  plan.replay_ppm = rng.chance(500'000) ? 20'000 : 0;
  plan.partitions = rng.chance(500'000);
  const std::vector<std::int64_t> syncs{1, 5, 30, 400};
  plan.sync_max = milliseconds(rng.pick(syncs));
  plan.drift_ppm_max = rng.chance(500'000) ? 10'000 : 0;
}

// Drawn apart, so that each seed keeps all else that it had.
void draw_rough_network(Plan& plan, base::Rng rng) {
  if (!plan.rollbacks.empty()) return;  // the echo check has to hear an answer
  if (rng.chance(250'000)) plan.tail_ppm = static_cast<std::uint32_t>(rng.between(2'000, 50'000));
  if (rng.chance(200'000)) plan.rate = 2'048U << rng.below(8);
}

void draw_power(Plan& plan, base::Rng& rng) {
  const std::vector<std::uint32_t> honest = honest_ones(plan);
  plan.blackout = between(rng, milliseconds(100), plan.chaos_ends);
  if (rng.chance(600'000)) {
    const std::int64_t count = rng.between(1, 8);
    for (std::int64_t i = 0; i < count; ++i) {
      const base::Duration at = between(rng, milliseconds(10), plan.chaos_ends);
      plan.crashes.push_back(
          {.at = at,
           .until = at + milliseconds(rng.between(1, 2000)),
           .identities = some(rng, honest,
                              static_cast<std::size_t>(
                                  rng.between(1, static_cast<std::int64_t>(honest.size()))))});
    }
  }
  if (rng.chance(400'000)) {  // everybody at once
    plan.crashes.push_back({.at = plan.blackout,
                            .until = plan.blackout + milliseconds(rng.between(1, 300)),
                            .identities = honest});
  }
}

// A disk put back to what it was: only where the echo check can hear an answer, and where nobody
// else is faulty, because who finds out votes no more.
void draw_rollback(Plan& plan, base::Rng& rng) {
  if (!rng.chance(60'000) || faults(plan.members) == 0) return;
  plan.liars.clear();
  plan.crashes.clear();
  plan.partitions = false;
  plan.loss_ppm = 0;
  plan.replay_ppm = 0;
  plan.latency_max = milliseconds(20);
  plan.chaos_ends = seconds(8);
  const base::Duration copied = between(rng, milliseconds(200), seconds(4));
  Plan::Rollback rollback{.identity = static_cast<std::uint32_t>(rng.below(plan.members)),
                          .copied = copied,
                          .restored = copied + between(rng, milliseconds(20), seconds(3)),
                          .again = {}};
  rollback.again = rollback.restored + between(rng, milliseconds(150), seconds(1));
  plan.rollbacks.push_back(rollback);
}

// Any of them by up to a second, and one by up to an hour: clocks that are further apart than the
// bound on timestamps are as good as silent, and more than f of those are too many.
void draw_jumps(Plan& plan, base::Rng& rng) {
  if (!rng.chance(300'000) || !plan.rollbacks.empty()) return;
  const std::vector<std::uint32_t> honest = honest_ones(plan);
  const std::int64_t count = rng.between(1, 10);
  for (std::int64_t i = 0; i < count; ++i) {
    plan.jumps.push_back({.at = between(rng, milliseconds(10), plan.chaos_ends),
                          .identity = rng.pick(honest),
                          .offset_ms = rng.between(-500, 500)});
  }
  if (!rng.chance(500'000)) return;
  const std::uint32_t astray = rng.pick(honest);
  for (int i = 0; i < 3; ++i) {
    plan.jumps.push_back({.at = between(rng, milliseconds(10), plan.chaos_ends),
                          .identity = astray,
                          .offset_ms = rng.between(-3'600'000, 3'600'000)});
  }
}

void draw_work(Plan& plan, base::Rng& rng) {
  const std::vector<std::uint32_t> honest = honest_ones(plan);
  const base::Duration until = plan.chaos_ends + seconds(rng.between(1, 6));
  const std::int64_t ops = rng.between(10, 150);
  std::vector<std::uint64_t> sequences(4, 0);
  std::vector<Plan::Submission> submissions;
  for (std::int64_t i = 0; i < ops; ++i) {
    submissions.push_back({.at = between(rng, milliseconds(5), until), .op = {}, .to = {}});
  }
  std::sort(submissions.begin(), submissions.end(),
            [](const Plan::Submission& a, const Plan::Submission& b) { return a.at < b.at; });
  const bool reconfigures = plan.members >= 4 && plan.rollbacks.empty() && rng.chance(400'000);
  std::size_t next_change = static_cast<std::size_t>(rng.below(8));
  for (std::size_t i = 0; i < submissions.size(); ++i) {
    RegisterOp op;
    op.author = static_cast<std::uint8_t>(rng.below(sequences.size()));
    op.sequence = ++sequences[op.author];
    if (rng.chance(10'000)) op.kind = OpKind::hopeless;
    if (reconfigures && i == next_change) {
      // Any members that keep the liars at f or below.
      op.kind = OpKind::reconfigure;
      const std::uint32_t size = static_cast<std::uint32_t>(
          rng.between(std::max<std::int64_t>(4, plan.members - 1), plan.identities));
      std::vector<std::uint32_t> pool(plan.identities);
      for (std::uint32_t j = 0; j < plan.identities; ++j) pool[j] = j;
      for (int attempt = 0; attempt < 20; ++attempt) {
        const auto chosen = some(rng, pool, size);
        const auto liars = static_cast<std::uint32_t>(std::count_if(
            chosen.begin(), chosen.end(), [&](std::uint32_t j) { return plan.lies(j); }));
        if (liars > faults(size)) continue;
        op.members.assign(chosen.begin(), chosen.end());
        break;
      }
      if (op.members.empty()) op.kind = OpKind::plain;
      next_change += 1 + static_cast<std::size_t>(rng.below(15));
    }
    submissions[i].op = op.bytes();
    submissions[i].to = some(rng, honest, static_cast<std::size_t>(rng.between(1, 3)));
  }
  plan.submissions = std::move(submissions);
  // Some honest ones stay down for good, as long as a quorum of every committee is left.
  const std::uint32_t spare = faults(plan.members) - static_cast<std::uint32_t>(plan.liars.size());
  if (!reconfigures && plan.rollbacks.empty() && spare > 0 && rng.chance(500'000)) {
    std::vector<std::uint32_t> members;
    for (const std::uint32_t one : honest) {
      if (one < plan.members) members.push_back(one);
    }
    plan.dead = some(rng, members, spare);
  }
}

}  // namespace

bool Plan::lies(std::uint32_t identity) const {
  return std::any_of(liars.begin(), liars.end(),
                     [&](const Liar& liar) { return liar.identity == identity; });
}

base::Duration Plan::under_way_max() const {
  base::Duration longest = latency_max;
  if (tail_ppm > 0) longest = std::max(longest, tail_max);
  if (replay_ppm > 0) longest += seconds(8);
  return longest;
}

bool Plan::floods() const {
  return some_lie(*this, Villainy::op_flooder);
}

bool Plan::misleads() const {
  return some_lie(*this, Villainy::hint_liar);
}

bool Plan::liars_are_silent() const {
  return std::all_of(liars.begin(), liars.end(), [](const Liar& liar) {
    return liar.ways == std::vector<Villainy>{Villainy::silent};
  });
}

Plan make_plan(std::uint64_t seed, const PlanOptions& options) {
  Plan plan;
  if (options.twins_views > 0) {
    plan = make_twins_plan(seed, options.twins_views);
    plan.weakness = options.weakness;
    plan.trace = options.trace;
    return plan;
  }
  plan.seed = seed;
  plan.weakness = options.weakness;
  plan.trace = options.trace;
  const base::Rng root = base::Rng(seed).fork("plan");
  base::Rng rng = root.fork("committee");
  draw_committee(plan, rng, options.members);
  rng = root.fork("liars");
  draw_liars(plan, rng);
  if (!options.ways.empty()) force_liars(plan, rng, options.ways);
  rng = root.fork("network");
  draw_network(plan, rng);
  rng = root.fork("power");
  draw_power(plan, rng);
  rng = root.fork("rollback");
  if (options.ways.empty()) draw_rollback(plan, rng);
  draw_rough_network(plan, root.fork("rough network"));
  rng = root.fork("clocks");
  draw_jumps(plan, rng);
  rng = root.fork("work");
  draw_work(plan, rng);
  return plan;
}

}  // namespace sim::agreement
