#include "sim/agreement/world.h"

#include "base/check.h"
#include "base/match.h"
#include "sim/agreement/instance.h"
#include "sim/agreement/narrator.h"
#include "sim/agreement/villain_view.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace sim::agreement {

namespace {

constexpr std::int64_t million = 1'000'000;
constexpr std::int64_t wall_origin_ms = 1'800'000'000'000;

// I23: what was said, as far as two runs could differ in it.
void add_to(RunDigest& digest, const consensus::Message& message) {
  digest.add(message.index());
  digest.add(size_of(message));
  base::match(
      message,
      [&](const consensus::Vote& vote) {
        digest.add(static_cast<std::uint64_t>(vote.kind));
        digest.add(vote.view);
        digest.add(vote.block.view());
      },
      [&](const consensus::Certificate& certificate) {
        digest.add(certificate.view);
        digest.add(certificate.signers);
      },
      [&](const consensus::Proposal& proposal) {
        if (proposal.block) digest.add(proposal.block->hash().view());
      },
      [](const auto&) {});
}

}  // namespace

bool World::later(const Event& a, const Event& b) {
  return std::tie(a.at, a.order) > std::tie(b.at, b.order);
}

void World::push(Event event) {
  event.at = std::max(event.at, now_);
  event.order = order_++;
  heap_.push_back(std::move(event));
  std::push_heap(heap_.begin(), heap_.end(), later);
}

// ---- clocks ----

base::Instant World::local(const Instance& instance) const {
  const std::int64_t passed = now_.count();
  return base::Instant::from_nanoseconds(passed + passed / million * instance.drift_ppm);
}

base::Duration World::world_time(const Instance& instance, base::Instant local_time) const {
  if (local_time == base::Instant::never()) return base::Duration::max();
  const std::int64_t count = local_time.nanoseconds();
  const std::int64_t rate = million + instance.drift_ppm;
  const std::int64_t world = count / rate * million + count % rate * million / rate;
  return std::max(base::Duration(world), now_ + std::chrono::microseconds(10));
}

std::uint64_t World::right_wall_ms() const {
  return static_cast<std::uint64_t>(wall_origin_ms + now_.count() / million);
}

base::WallTime World::wall_of(const Instance& instance) const {
  return {.milliseconds = wall_origin_ms + instance.wall_offset_ms + now_.count() / million};
}

void World::set_clock(Instance& instance) {
  if (instance.up()) instance.replica->on_wall_clock(wall_of(instance), local(instance));
}

// ---- nodes ----

consensus::Epoch World::made(consensus::EpochDescriptor descriptor) const {
  consensus::Epoch epoch(std::move(descriptor));
  if (plan_.weakness == consensus::Weakness::small_quorum) epoch.weaken_quorum();
  return epoch;
}

const consensus::Epoch& World::epoch_of(const Instance& instance) const {
  const auto at = epochs_.find(instance.epoch);
  CHECK(at != epochs_.end());
  return at->second;
}

void World::boot(Instance& instance) {
  if (instance.up() || instance.dead) return;
  ++instance.generation;
  instance.timer_at = base::Duration::max();
  instance.application = std::make_unique<Register>(instance.storage.state(), identities_);
  consensus::Options options;
  options.log_rewrite_after = 300;
  options.weakness = plan_.weakness;
  // A liar does not care what its copies remember.
  if (!instance.honest) options.weakness = consensus::Weakness::no_echo_check;
  const consensus::Validator& identity = identities_[instance.identity];
  instance.replica.emplace(
      options,
      consensus::Replica::Self{.node = identity.node,
                               .first = genesis_,
                               .voting_key = std::make_unique<StandInKey>(identity.vote_key)},
      *instance.application, rng_.fork("replica", instance.number));
  consensus::Effects effects;
  instance.epoch = instance.storage.newest_epoch();
  if (instance.honest) {
    for (const consensus::Record& record : instance.storage.log()) {
      const auto* body = std::get_if<consensus::BlockBody>(&record);
      if (body != nullptr) oracle_.on_body(instance.identity, body->block->hash());
    }
    oracle_.on_bodies_durable(instance.identity);
    oracle_.on_started(instance.identity, instance.epoch, instance.storage.floor(instance.epoch));
    pace_.on_started(instance.identity, now_);
  }
  instance.replica->on_start(instance.storage.recovery(), instance.storage.key_spent(),
                             wall_of(instance), local(instance), effects);
  if (instance.honest) check_replay(instance);
  after_input(instance, effects);
}

Oracle::Progress World::progress_of(const Instance& instance) {
  const consensus::Replica::Standing standing = instance.replica->standing();
  return {.epoch = standing.epoch,
          .view = standing.view,
          .finalized = standing.finalized_view,
          .height = standing.height};
}

// I6, I7: what was durable is what it knows, and what the guard remembers.
void World::check_replay(const Instance& instance) {
  const Storage& disk = instance.storage;
  const consensus::EpochNumber epoch = disk.newest_epoch();
  oracle_.check_started(instance.identity,
                        {.epoch = epoch,
                         .view = disk.view(epoch),
                         .finalized = disk.floor(epoch),
                         .height = disk.stored()},
                        progress_of(instance));
  const consensus::Replica::Standing standing = instance.replica->standing();
  std::size_t durable = 0;
  for (const consensus::Record& record : instance.storage.log()) {
    const auto* own = std::get_if<consensus::OwnVote>(&record);
    if (own == nullptr || own->vote.epoch != standing.epoch) continue;
    if (own->vote.view > standing.finalized_view) ++durable;
  }
  std::size_t restored = instance.replica->own_votes().size();
  if (restored < durable) {
    oracle_.violate("I7 replay", "node " + std::to_string(instance.identity) + " forgot votes");
  }
}

void World::crash(Instance& instance) {
  if (!instance.up()) return;
  check_recoveries(instance);
  instance.unproven.clear();
  instance.heard_lie.reset();
  instance.replica.reset();
  instance.application.reset();
  ++instance.generation;
  instance.storage.lose_power(disk_rng_);
  if (instance.honest) {
    oracle_.on_power_lost(instance.identity);
    oracle_.restart(instance.identity);
    pace_.on_stopped(instance.identity);
  }
}

void World::arm(Instance& instance) {
  const base::Duration at = world_time(instance, instance.replica->next_deadline());
  if (at >= instance.timer_at) return;
  instance.timer_at = at;
  if (at == base::Duration::max()) return;
  push({.at = at,
        .kind = EventKind::timer,
        .instance = instance.number,
        .generation = instance.generation});
}

void World::after_input(Instance& instance, consensus::Effects& effects) {
  const std::uint32_t generation = instance.generation;
  std::deque<consensus::Effects> waiting;
  waiting.push_back(std::move(effects));
  while (!waiting.empty()) {
    consensus::Effects now = std::move(waiting.front());
    waiting.pop_front();
    for (consensus::Effect& effect : now) {
      consensus::Effects more;
      apply(instance, effect, more);
      if (!more.empty()) waiting.push_back(std::move(more));
    }
  }
  instance.storage.end_transaction();
  CHECK(instance.generation == generation);
  if (instance.honest) {
    const Oracle::Progress progress = progress_of(instance);
    oracle_.check_progress(instance.identity, progress);
    deadlines_.on_view(instance.identity, progress.view, now_);
    check_heard(instance);
    if (++instance.inputs % 32 == 0) check_fills(instance);
  }
  arm(instance);
}

// ---- events ----

void World::submit(std::size_t index) {
  const Plan::Submission& submission = plan_.submissions[index];
  auto at = std::find_if(submitted_.begin(), submitted_.end(),
                         [&](const Submitted& one) { return one.op == submission.op; });
  if (at == submitted_.end()) {
    const auto parsed = RegisterOp::parse(submission.op);
    at = submitted_.insert(at, {.op = submission.op,
                                .author = parsed->author,
                                .sequence = parsed->sequence,
                                .due = parsed->kind != OpKind::hopeless,
                                .held_since = {}});
    oracle_.on_submitted(submission.op);
  }
  for (const std::uint32_t identity : submission.to) {
    Instance& instance = *instances_[instances_of_[identity].front()];
    if (!instance.up()) continue;
    if (healed_ && is_core(instance) && !at->held_since) at->held_since = now_;
    consensus::Effects effects;
    static_cast<void>(instance.replica->on_op(submission.op, local(instance), effects));
    after_input(instance, effects);
  }
}

// M5: clients submit again until they see a decision.
void World::resubmit() {
  for (Submitted& one : submitted_) {
    if (oracle_.decided(one.op)) continue;
    for (const auto& instance : instances_) {
      if (!instance->honest || !instance->up()) continue;
      consensus::Effects effects;
      static_cast<void>(instance->replica->on_op(one.op, local(*instance), effects));
      after_input(*instance, effects);
    }
    if (!one.held_since) one.held_since = now_;
  }
}

void World::heal() {
  healed_ = true;
  blackout_ = true;
  group_.clear();
  for (const auto& instance : instances_) {
    instance->wall_offset_ms %= 500;
    set_clock(*instance);
  }
  for (const std::uint32_t identity : plan_.dead) {
    Instance& instance = *instances_[instances_of_[identity].front()];
    crash(instance);
    instance.dead = true;
  }
  for (const auto& instance : instances_) boot(*instance);
  note_calm();
}

// Every honest node that lives has decided everything, and they stand at the same block.
bool World::settled() const {
  const Instance* first = nullptr;
  for (const auto& instance : instances_) {
    if (!instance->honest || instance->dead) continue;
    if (!instance->up()) return false;
    if (first == nullptr) first = instance.get();
    const auto standing = instance->replica->standing();
    const auto other = first->replica->standing();
    if (standing.block != other.block || standing.epoch != other.epoch) return false;
  }
  return std::all_of(submitted_.begin(), submitted_.end(),
                     [&](const Submitted& one) { return no_longer_due(one.op); });
}

// Decided, or beaten by a later op of its author, or never possible.
bool World::no_longer_due(const base::Bytes& op) const {
  if (oracle_.decided(op)) return true;
  const auto parsed = RegisterOp::parse(op);
  if (parsed->kind == OpKind::hopeless) return true;
  for (const auto& instance : instances_) {
    if (!instance->honest || instance->dead || !instance->up()) continue;
    const auto& last = instance->application->state().last_sequence;
    const auto at = last.find(parsed->author);
    return at != last.end() && at->second >= parsed->sequence;
  }
  return false;
}

void World::look() {
  if (settled_at_ || settled()) {
    if (!settled_at_) settled_at_ = now_;
    watch_quiet();
    return;
  }
  if (now_ > plan_.chaos_ends + plan_.patience) {
    oracle_.violate("L6 settled", describe_standing());
    done_ = true;
    return;
  }
  if ((now_ - plan_.chaos_ends) / std::chrono::milliseconds(500) % 10 == 0) resubmit();
  push({.at = now_ + std::chrono::milliseconds(100), .kind = EventKind::look});
}

std::string World::describe_standing() const {
  std::string text = "not settled:";
  for (const auto& instance : instances_) {
    text += " [" + std::to_string(instance->identity);
    if (!instance->honest) text += " liar";
    if (!instance->up()) {
      text += " down]";
      continue;
    }
    text += " " + narrate(instance->replica->standing()) + "]";
  }
  for (const Submitted& one : submitted_) {
    if (!no_longer_due(one.op)) text += " undecided " + base::to_hex(one.op);
  }
  return text;
}

void World::step(Event& event) {
  oracle_.set_time(now_);
  digest_.add(static_cast<std::uint64_t>(event.kind) << 32U | event.instance);
  digest_.add(static_cast<std::uint64_t>(now_.count()));
  Instance& instance = *instances_[event.instance];
  switch (event.kind) {
    case EventKind::restart:
      boot(instance);
      return;
    case EventKind::crash:
      blackout_ = blackout_ || now_ >= plan_.blackout;
      crash(instance);
      return;
    case EventKind::copy:
      instance.copy = instance.storage;
      return;
    case EventKind::restore:
      if (!instance.copy || instance.dead) return;
      crash(instance);
      instance.storage = *instance.copy;
      instance.storage.lose_power(disk_rng_);
      instance.restored = true;
      // No machine is back before its last words have arrived.
      push({.at = now_ + std::chrono::milliseconds(100),
            .kind = EventKind::restart,
            .instance = instance.number});
      return;
    case EventKind::submit:
      submit(static_cast<std::size_t>(event.number));
      return;
    case EventKind::regroup:
      regroup();
      return;
    case EventKind::heal:
      heal();
      return;
    case EventKind::look:
      look();
      return;
    case EventKind::measure:
      measure();
      return;
    case EventKind::jump:
      instance.wall_offset_ms = plan_.jumps[event.number].offset_ms;
      set_clock(instance);
      return;
    case EventKind::deliver:
    case EventKind::timer:
    case EventKind::durable:
    case EventKind::hint:
      break;
  }
  if (!instance.up()) return;
  const bool from_outside = event.kind == EventKind::deliver || event.kind == EventKind::hint;
  if (!from_outside && event.generation != instance.generation) return;
  if (event.kind == EventKind::timer && event.at != instance.timer_at) return;  // armed anew
  consensus::Effects effects;
  input(instance, event, effects);
  after_input(instance, effects);
}

void World::input(Instance& instance, const Event& event, consensus::Effects& effects) {
  const base::Instant now = local(instance);
  if (event.kind == EventKind::deliver) {
    add_to(digest_, *event.message);
    // Liars answer honest nodes only, or two of them would keep each other busy for ever.
    if (!plan_.lies(event.from)) {
      for (const auto& way : instance.ways) {
        way->on_receive(*instance.villain, event.from, *event.message);
      }
    }
    hear_out(instance, event, effects);
  } else if (event.kind == EventKind::hint) {
    take_hint(instance, event, effects);
  } else if (event.kind == EventKind::timer) {
    instance.timer_at = base::Duration::max();
    instance.replica->on_time(now, effects);
  } else {
    instance.storage.log_synced(event.number);
    if (instance.honest) oracle_.on_bodies_durable(instance.identity);
    instance.replica->on_durable(event.number, now, effects);
    if (disk_rng_.chance(100'000)) {
      instance.storage.decisions_synced();
      instance.replica->on_stored(instance.storage.stored());
    }
  }
}

RunResult World::run() {
  constexpr std::uint64_t events_max = 20'000'000;
  while (!heap_.empty() && !done_ && oracle_.violations().empty()) {
    std::pop_heap(heap_.begin(), heap_.end(), later);
    Event event = std::move(heap_.back());
    heap_.pop_back();
    now_ = event.at;
    step(event);
    if (plan_.trace) tell(event);
    if (++figures_.events > events_max) {
      oracle_.violate("L7 bounded", "the run does not end");
      break;
    }
  }
  figures_.views = oracle_.views();
  figures_.decisions = oracle_.decisions();
  figures_.epochs = oracle_.epochs();
  figures_.evidence = oracle_.evidence();
  figures_.prompt = deadlines_.prompt();
  figures_.simulated = now_;
  if (settled_at_) figures_.settled_after = *settled_at_ - plan_.chaos_ends;
  return {.violations = oracle_.violations(),
          .situations = std::move(situations_),
          .digest = digest_.finish(),
          .figures = figures_,
          .trace = trace_.text()};
}

}  // namespace sim::agreement
