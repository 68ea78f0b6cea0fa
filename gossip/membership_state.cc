#include "gossip/membership_state.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace gossip {

namespace {

constexpr base::Duration leave_push_every = std::chrono::milliseconds(300);
constexpr std::size_t leave_push_fanout = 8;

Record first_record(const Self& who) {
  Record record;
  record.version = {.epoch = who.epoch_before + 1, .sequence = 0};
  record.name = who.name;
  record.endpoint = who.endpoint;
  return record;
}

}  // namespace

Membership::State::State(Options given, Self who, const crypto::Identity& identity,
                         base::Rng chance)
    : options(given),
      start(std::move(who)),
      self(identity.id()),
      rng(chance.fork("membership")),
      own(options, start.mesh, identity, first_record(start)),
      view(options, start.mesh, self),
      detector(options, static_cast<std::uint32_t>(chance.fork("sequence").next()) | 1U),
      rounds(options, self),
      health(options),
      rumors(options.rumors_max),
      verification(options, start.mesh),
      anti_entropy(options),
      seeds(options, self, start.endpoint),
      admission(options, self, chance.fork("candidates")),
      descriptors(options),
      reports(options, start.mesh, identity, chance.fork("reports")),
      leave_sequence(static_cast<std::uint32_t>(chance.fork("leave").next())) {}

void Membership::State::begin(base::Instant now, Effects& effects) {
  heeded = effects.size();
  const bool again = health.catching_up(now);
  if (!health.on_input(deadline, now)) return;
  detector.discard();
  view.on_starved(health.calm_at());
  if (again) return;
  ++counters.starvations;
  effects.push_back(base::Notice{base::Severity::info,
                                 "this node was starved of time; it judges nobody until it has "
                                 "caught up"});
}

void Membership::State::finish(base::Instant now, Effects& effects) {
  if (const auto target = rounds.on_time(view.rings(), now)) {
    probe(*target, ProbeReason::round, now);
  }
  // An answer that is already here may wait behind other packets.
  detector.on_time(now - health.lag(now), detected);
  knock_if_due(now);
  join_if_due(now, effects);
  publish_if_due(now, effects);
  leave_if_due(now, effects);
  heed_detector(now, effects);
  View::Looks looks;
  view.judge(std::min(health.multiplier(), 2U), now, effects, looks);
  for (const base::NodeId& id : looks.doubtful) probe(id, ProbeReason::look, now);
  for (const base::NodeId& id : looks.last) probe(id, ProbeReason::last_look, now);
  heed_detector(now, effects);
  if (now >= view.next_forgetting()) view.forget_old(now, effects);
  heed_changes(now, effects);
  reports_if_due(now, effects);
  tell_rumors(now, effects);
  verification.flush(effects);
  reckon_deadline(now);
}

void Membership::State::finish_unless_pressed(base::Instant now, Effects& effects) {
  if (health.lag(now) < options.pressed_after) return finish(now, effects);
  publish_if_due(now, effects);  // a refutation does not wait
  heed_detector(now, effects);
  heed_changes(now, effects);
  reckon_deadline(now);
}

void Membership::State::publish_if_due(base::Instant now, Effects& effects) {
  const auto record = own.on_time(now);
  if (!record) return;
  view.put(*record, now, effects);
  rumors.add({.subject = self, .accuser = {}});
  ++counters.records_published;
  publishing = now;
  own_tellings = options.retransmit_extra;
}

// What the view's changes mean for the other parts.
void Membership::State::heed_changes(base::Instant now, Effects& effects) {
  for (; heeded < effects.size(); ++heeded) {
    const auto* change = std::get_if<MemberChanged>(&effects[heeded]);
    if (change == nullptr) continue;
    if (change->after == MemberState::dead) {
      knocks.try_emplace(change->id, Knock{now + options.knock_min, options.knock_min});
    } else {
      knocks.erase(change->id);
    }
  }
}

void Membership::State::knock_if_due(base::Instant now) {
  for (auto& [id, knock] : knocks) {
    if (now < knock.next) continue;
    knock.gap = std::min(knock.gap * 2, options.knock_max);
    knock.next = now + knock.gap;
    probe(id, ProbeReason::knock, now);
  }
  std::erase_if(knocks, [&](const auto& entry) { return view.find(entry.first) == nullptr; });
}

void Membership::State::leave_if_due(base::Instant now, Effects& effects) {
  if (!own.leaving() || departed) return;
  // We are off the rings already: the others are all that is on them.
  const std::size_t wanted = std::min<std::size_t>(options.leave_acks, view.rings().size());
  if (leave_acks.size() >= wanted || now >= leave_by) {
    departed = true;
    return;
  }
  if (now < leave_push) return;
  leave_push = now + leave_push_every;
  for (const base::NodeId& id : some_others(leave_push_fanout, self)) {
    send(id, view.find(id)->record.record.endpoint, Ping{leave_sequence}, true, effects);
  }
}

void Membership::State::reckon_deadline(base::Instant now) {
  base::Instant detector_deadline = detector.next_deadline();
  if (detector_deadline != base::Instant::never()) {
    detector_deadline = detector_deadline + health.lag(now);
  }
  deadline =
      std::min({rounds.next_deadline(), detector_deadline, view.next_verdict(),
                seeds.next_deadline(), admission.next_deadline(), own.next_deadline(),
                view.next_forgetting(), join_by, reports.next_deadline(), next_telling(now)});
  if (!verification.flushed()) deadline = std::min(deadline, now);
  for (const auto& [id, knock] : knocks) deadline = std::min(deadline, knock.next);
  if (own.leaving() && !departed) deadline = std::min({deadline, leave_by, leave_push});
  // Left for the timer: it is late from now on, not since it could have been told.
  deadline = std::max(deadline, now);
}

}  // namespace gossip
