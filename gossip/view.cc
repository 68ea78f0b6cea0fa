#include "gossip/view.h"

#include "base/check.h"
#include "gossip/hash.h"

#include <algorithm>
#include <chrono>
#include <limits>

namespace gossip {

namespace {

constexpr std::size_t doubtful_max = 8;  // own probes that one judgement may ask for
constexpr base::Duration degraded_for = std::chrono::seconds(30);
constexpr base::Duration doubt_again_after = std::chrono::milliseconds(500);
constexpr base::Duration last_look_max = std::chrono::seconds(2);  // if the probe tells nothing
constexpr base::Instant earliest =
    base::Instant::from_nanoseconds(std::numeric_limits<std::int64_t>::min());
constexpr std::uint64_t dead_mark = 0x64656164;

MemberState word_of(const Record& record) {
  switch (record.readiness) {
    case Readiness::joining:
      return MemberState::joining;
    case Readiness::serving:
      return MemberState::serving;
    case Readiness::at_capacity:
      return MemberState::at_capacity;
    case Readiness::draining:
      return MemberState::draining;
    case Readiness::left:
      return MemberState::left;
  }
  return MemberState::joining;
}

// What it counts as while nobody accuses it.
MemberState word_of(const Member& member) {
  return member.barred ? MemberState::left : word_of(member.record.record);
}

bool is_gone(const Member& member) {
  return member.state == MemberState::dead || member.state == MemberState::left;
}

bool contains(const std::vector<base::NodeId>& ids, const base::NodeId& id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

}  // namespace

std::string_view to_string(MemberState state) {
  switch (state) {
    case MemberState::joining:
      return "joining";
    case MemberState::serving:
      return "serving";
    case MemberState::at_capacity:
      return "at_capacity";
    case MemberState::draining:
      return "draining";
    case MemberState::left:
      return "left";
    case MemberState::suspect:
      return "suspect";
    case MemberState::dead:
      return "dead";
  }
  return "unknown";
}

View::View(const Options& options, const base::MeshId& mesh, const base::NodeId& self)
    : options_(options),
      mesh_(mesh),
      self_(self),
      rings_(options.rings, mesh),
      graves_(options.graves_max) {}

std::size_t View::bucket_of(const base::NodeId& id) {
  return std::to_integer<std::size_t>(id.bytes[0]) % bucket_count;
}

// Called before and after each change of what the digest covers: the record, and whether it is
// dead.
void View::toggle_digest(const base::NodeId& id, const Member& member) {
  if (!row(member).told) return;
  const std::uint64_t mark = member.state == MemberState::dead ? dead_mark : 0;
  const std::uint64_t share = mix(leading_word(row(member).digest.view()) ^ mark);
  table_digest_ ^= share;
  buckets_.at(bucket_of(id)) ^= share;
}

void View::become(const base::NodeId& id, Member& member, MemberState state, bool record_changed,
                  base::Instant now, Effects& effects) {
  const MemberState before = member.state;
  told_gone_.erase({member.since, id});
  if (before != state) {
    toggle_digest(id, member);
    member.state = state;
    member.since = now;
    row(member).told = !member.barred;
    toggle_digest(id, member);
    effects.push_back(
        base::Transition{"member", to_string(before), to_string(state), id.short_hex()});
  }
  if (is_gone(member)) {
    rings_.remove(id);
    if (row(member).told) told_gone_.insert({member.since, id});
  } else {
    rings_.add(id);
  }
  find_place(id, member);
  if (state == MemberState::dead) {
    dead_.insert(id);
  } else {
    dead_.erase(id);
  }
  effects.push_back(
      MemberChanged{.id = id, .before = before, .after = state, .record_changed = record_changed});
}

View::Put View::put(const crypto::Verified<SignedRecord>& record, base::Instant now,
                    Effects& effects) {
  const base::NodeId& id = record->record.subject;
  const Version* newest_known = newest(id);
  if (newest_known != nullptr && record->record.version <= *newest_known) return Put::stale;
  const auto [found, added] = members_.try_emplace(id);
  Member& member = found->second;
  if (added) {
    graves_.erase(id);
    if (free_rows_.empty()) {
      member.row = static_cast<std::uint32_t>(rows_.size());
      rows_.emplace_back();
    } else {
      member.row = free_rows_.back();
      free_rows_.pop_back();
      rows_[member.row] = {};
    }
    member.record = *record;
    member.barred = bars(id);
    member.state = word_of(member);
    member.since = now;
    row(member).added = now;
    row(member).told = !member.barred;
    row(member).digest = record_digest(record->record, mesh_);
    toggle_digest(id, member);
    if (member.state != MemberState::left) rings_.add(id);
    if (is_gone(member) && !member.barred) told_gone_.insert({member.since, id});
    find_place(id, member);
    effects.push_back(
        base::Transition{"member", "unknown", to_string(member.state), id.short_hex()});
    effects.push_back(MemberChanged{
        .id = id, .before = std::nullopt, .after = member.state, .record_changed = true});
    return Put::added;
  }
  Row& standing = row(member);
  const bool restarted = record->record.version.epoch > member.record.record.version.epoch;
  toggle_digest(id, member);
  member.record = *record;
  standing.digest = record_digest(record->record, mesh_);
  standing.told = !member.barred;
  toggle_digest(id, member);
  if (restarted) standing.ever_heard = false;
  standing.unreached = false;
  if (standing.accused != base::Instant::never() && !restarted) {
    ++false_alarms_;
    patience_.on_false_alarm(now);
    // Accused again although it refuted a moment ago: some reach it and some do not.
    if (standing.refuted != base::Instant() && now - standing.refuted < degraded_for) {
      member.degraded = true;
    }
    standing.refuted = now;
  }
  standing.evidence.clear();
  standing.accused = base::Instant::never();
  standing.looked = base::Instant::never();
  standing.verdict = member.degraded ? now + degraded_for : base::Instant::never();
  if (member.degraded) {
    next_verdict_ = std::min(next_verdict_, standing.verdict);
    accused_.insert(id);
  } else {
    accused_.erase(id);
  }
  become(id, member, word_of(member), true, now, effects);
  return Put::newer;
}

bool View::bars(const base::NodeId& id) const {
  return welcomes_ && id != self_ && !welcomes_(id);
}

void View::on_doors_changed(std::span<const base::NodeId> whom, base::Instant now,
                            Effects& effects) {
  for (const base::NodeId& id : whom) {
    const auto found = members_.find(id);
    if (found != members_.end()) bar(id, found->second, bars(id), now, effects);
  }
  if (!whom.empty()) return;
  for (auto& [id, member] : members_) bar(id, member, bars(id), now, effects);
}

// What is known against it stays, and is judged when it may take part again.
void View::bar(const base::NodeId& id, Member& member, bool barred, base::Instant now,
               Effects& effects) {
  if (member.barred == barred) return;
  Row& standing = row(member);
  toggle_digest(id, member);
  member.barred = barred;
  standing.told = !barred;
  toggle_digest(id, member);
  standing.accused = base::Instant::never();
  standing.looked = base::Instant::never();
  standing.verdict = base::Instant::never();
  member.degraded = false;
  accused_.erase(id);
  if (!barred && !standing.evidence.empty()) {
    accused_.insert(id);
    standing.verdict = now;
    next_verdict_ = std::min(next_verdict_, now);
  }
  become(id, member, word_of(member), false, now, effects);
}

bool View::accuse(const crypto::Verified<SignedAccusation>& accusation, base::Instant now) {
  const base::NodeId& subject = accusation->accusation.subject;
  const auto found = members_.find(subject);
  if (found == members_.end() || subject == self_) return false;
  Member& member = found->second;
  Row& standing = row(member);
  if (member.state == MemberState::left) return false;
  if (accusation->accusation.record != standing.digest) return false;
  const auto accuser_of = [](const auto& entry) { return entry->accusation.accuser; };
  for (const auto& known : standing.evidence) {
    if (accuser_of(known) == accusation->accusation.accuser) return false;
  }
  if (standing.evidence.size() >= options_.accusations_per_subject_max) {
    // Room is for those who count; who does not count now may later, so one of these gives way.
    const std::vector<base::NodeId> monitors = rings_.monitors(subject);
    if (!contains(monitors, accusation->accusation.accuser)) return false;
    const auto idle =
        std::find_if(standing.evidence.begin(), standing.evidence.end(),
                     [&](const auto& known) { return !contains(monitors, accuser_of(known)); });
    if (idle == standing.evidence.end()) return false;
    standing.evidence.erase(idle);
  }
  standing.evidence.push_back(accusation);
  if (member.state != MemberState::dead) {
    accused_.insert(subject);
    standing.verdict = now;
    next_verdict_ = std::min(next_verdict_, now);
  }
  return true;
}

bool View::on_heard(const base::NodeId& id, bool fresh) {
  const auto found = members_.find(id);
  if (found == members_.end()) return false;
  Row& standing = row(found->second);
  // Before its first answer to this run, what comes under its name may have been recorded before.
  if (fresh || standing.answered != base::Instant()) standing.unreached = false;
  if (standing.ever_heard) return false;
  standing.ever_heard = true;
  find_place(id, found->second);
  return true;
}

void View::on_answered(const base::NodeId& id, base::Duration round_trip, base::Instant now) {
  const auto found = members_.find(id);
  if (found == members_.end()) return;
  row(found->second).answered = now;
  row(found->second).unreached = false;
  if (round_trip.count() == 0) return;
  base::Duration& average = found->second.round_trip;
  average = average.count() == 0 ? round_trip : (average * 7 + round_trip) / 8;
}

void View::on_unreached(const base::NodeId& id) {
  const auto found = members_.find(id);
  if (found != members_.end()) row(found->second).unreached = true;
}

void View::on_starved(base::Instant calm_at) {
  calm_at_ = calm_at;
  for (const base::NodeId& id : accused_) {
    Row& standing = row(members_.at(id));
    // As if the accusation had come when we are calm again.
    if (standing.accused != base::Instant::never()) standing.accused = calm_at;
    standing.verdict = calm_at;
    standing.looked = base::Instant::never();
  }
  if (!accused_.empty()) next_verdict_ = calm_at;
}

void View::judge(std::uint32_t stretch, base::Instant now, Effects& effects, Looks& looks) {
  const bool rings_changed = judged_generation_ != rings_.generation() && !accused_.empty();
  if (now < next_verdict_ && !rings_changed) return;
  judged_generation_ = rings_.generation();
  const std::vector<base::NodeId> accused(accused_.begin(), accused_.end());
  for (const base::NodeId& id : accused) {
    if (!rings_changed && now < row(members_.at(id)).verdict) continue;
    judge_one(id, stretch, now, effects, looks);
  }
  next_verdict_ = base::Instant::never();
  for (const base::NodeId& id : accused_) {
    next_verdict_ = std::min(next_verdict_, row(members_.at(id)).verdict);
  }
}

void View::acquit(const base::NodeId& id, Member& member, Row& standing, base::Instant now,
                  Effects& effects) {
  standing.accused = base::Instant::never();
  standing.looked = base::Instant::never();
  standing.verdict = base::Instant::never();
  const bool was_degraded = member.degraded;
  if (was_degraded && now - standing.refuted < degraded_for) {
    standing.verdict = standing.refuted + degraded_for;
  } else {
    member.degraded = false;
    // Evidence of those who are no monitors now stays; a change of the rings may make them so.
    if (standing.evidence.empty()) accused_.erase(id);
  }
  const MemberState word = word_of(member);
  if (member.state != word || member.degraded != was_degraded) {
    become(id, member, word, false, now, effects);
  }
}

void View::judge_one(const base::NodeId& id, std::uint32_t stretch, base::Instant now,
                     Effects& effects, Looks& looks) {
  Member& member = members_.at(id);
  Row& standing = row(member);
  std::vector<base::NodeId> silent = rings_.monitors(id);
  const std::size_t monitors = silent.size();
  for (const auto& known : standing.evidence) std::erase(silent, known->accusation.accuser);
  const std::size_t accusers = monitors - silent.size();
  if (accusers == 0) return acquit(id, member, standing, now, effects);

  if (standing.accused == base::Instant::never()) standing.accused = std::max(now, calm_at_);
  const std::uint32_t factor = std::max(stretch, patience_.stretch(now));
  // Monitors that are silent because they are gone too, as far as we see ourselves, are not waited
  // for: when several die at once, the rest of a small mesh would wait the longest time.
  const auto gone = static_cast<std::size_t>(
      std::count_if(silent.begin(), silent.end(), [this](const base::NodeId& monitor) {
        const Member& other = members_.at(monitor);
        return other.state == MemberState::suspect && rows_[other.row].unreached;
      }));
  const base::Instant verdict = std::max(
      standing.accused + suspicion_timeout(options_, accusers, monitors - gone, factor), calm_at_);
  if (now < verdict) {
    standing.verdict = verdict;
    if (member.state != MemberState::suspect) {
      become(id, member, MemberState::suspect, false, now, effects);
    }
    return;
  }
  if (accusers > tolerated_liars(monitors) ||
      alone_with_the_verdict(standing, silent, looks.doubtful)) {
    if (looking(id, standing, now, looks)) {
      standing.verdict = now + doubt_again_after;
      return;
    }
    ++deaths_;
    detection_.add(now - standing.accused);
    standing.verdict = base::Instant::never();
    accused_.erase(id);
    member.degraded = false;
    become(id, member, MemberState::dead, false, now, effects);
    return;
  }
  if (looks.doubtful.size() < doubtful_max) looks.doubtful.push_back(id);
  standing.verdict = now + doubt_again_after;
  if (!member.degraded || member.state != MemberState::suspect) {
    member.degraded = true;
    become(id, member, MemberState::suspect, false, now, effects);
  }
}

bool View::looking(const base::NodeId& id, Row& standing, base::Instant now, Looks& looks) {
  if (standing.unreached) return false;
  if (standing.looked == base::Instant::never()) {
    // When many die at once, the word of the monitors has to do for the rest.
    if (looks.last.size() >= doubtful_max) return false;
    standing.looked = now;
    looks.last.push_back(id);
    return true;
  }
  if (standing.answered >= standing.looked) {
    // It lives, and learned by our probe that it is accused: time to refute, from now on.
    standing.looked = base::Instant::never();
    standing.accused = now;
    return true;
  }
  return now - standing.looked < last_look_max;
}

// Too few accuse, but the others cannot: we find them and the subject silent ourselves, as after a
// partition or when most of the mesh died at once. What we did not see ourselves we go and look at.
bool View::alone_with_the_verdict(const Row& standing, const std::vector<base::NodeId>& silent,
                                  std::vector<base::NodeId>& doubtful) const {
  bool all_unreached = standing.unreached;
  for (const base::NodeId& monitor : silent) {
    if (monitor == self_) continue;  // our own silence is judged by standing.unreached
    if (rows_[members_.at(monitor).row].unreached) continue;
    all_unreached = false;
    if (doubtful.size() < doubtful_max) doubtful.push_back(monitor);
  }
  return all_unreached;
}

void View::forget_old(base::Instant now, Effects& effects) {
  while (!told_gone_.empty() && told_gone_.begin()->first + options_.untold_after <= now) {
    const Member& member = members_.at(told_gone_.begin()->second);
    toggle_digest(told_gone_.begin()->second, member);
    row(member).told = false;
    told_gone_.erase(told_gone_.begin());
  }
  const auto forget_since = [&](Place place, base::Duration after) {
    for (;;) {
      const auto oldest = places_.lower_bound({place, earliest, base::NodeId()});
      if (oldest == places_.end() || std::get<Place>(*oldest) != place) return;
      if (std::get<base::Instant>(*oldest) + after > now) return;
      forget(base::NodeId(std::get<base::NodeId>(*oldest)), effects);
    }
  };
  forget_since(Place::gone_unheard, options_.forget_unheard_after);
  forget_since(Place::gone, options_.forget_after);
}

base::Instant View::next_forgetting() const {
  base::Instant next = base::Instant::never();
  if (!told_gone_.empty()) next = told_gone_.begin()->first + options_.untold_after;
  const auto count = [&](Place place, base::Duration after) {
    const auto oldest = places_.lower_bound({place, earliest, base::NodeId()});
    if (oldest == places_.end() || std::get<Place>(*oldest) != place) return;
    next = std::min(next, std::get<base::Instant>(*oldest) + after);
  };
  count(Place::gone_unheard, options_.forget_unheard_after);
  count(Place::gone, options_.forget_after);
  return next;
}

bool View::has_room(base::Instant now) const {
  if (members_.size() < options_.members_max) return true;
  if (places_.empty()) return false;
  const auto& [place, since, id] = *places_.begin();
  return place != Place::unheard || since + options_.unheard_grace <= now;
}

bool View::make_room(base::Instant now, Effects& effects) {
  if (!has_room(now)) return false;
  if (members_.size() >= options_.members_max) {
    forget(base::NodeId(std::get<base::NodeId>(*places_.begin())), effects);
  }
  return true;
}

void View::find_place(const base::NodeId& id, const Member& member) {
  leave_place(id, member);
  if (id == self_) return;
  Row& standing = row(member);
  if (is_gone(member)) {
    standing.place = standing.ever_heard ? Place::gone : Place::gone_unheard;
    standing.placed = member.since;
  } else {
    standing.place = standing.ever_heard ? Place::kept : Place::unheard;
    standing.placed = standing.added;
  }
  if (standing.place != Place::kept) places_.insert({standing.place, standing.placed, id});
}

void View::leave_place(const base::NodeId& id, const Member& member) {
  places_.erase({row(member).place, row(member).placed, id});
}

void View::forget(const base::NodeId& id, Effects& effects) {
  const Member& member = members_.at(id);
  // The record of one who is barred may be its newest still when it may take part again.
  if (!member.barred) graves_.use(id) = member.record.record.version;
  toggle_digest(id, member);
  leave_place(id, member);
  told_gone_.erase({member.since, id});
  rings_.remove(id);
  accused_.erase(id);
  dead_.erase(id);
  free_rows_.push_back(member.row);
  members_.erase(id);
  effects.push_back(MemberForgotten{id});
}

const Member* View::find(const base::NodeId& id) const {
  const auto found = members_.find(id);
  return found == members_.end() ? nullptr : &found->second;
}

const Member* View::find_key(std::uint64_t key) const {
  base::NodeId first;
  for (std::size_t i = 0; i < 8; ++i) first.bytes.at(i) = std::byte(key >> (56 - 8 * i) & 0xff);
  const auto found = members_.lower_bound(first);
  if (found == members_.end() || leading_word(found->first.view()) != key) return nullptr;
  return &found->second;
}

const View::Evidence& View::evidence(const Member& member) const {
  return rows_[member.row].evidence;
}

const base::Digest& View::digest(const Member& member) const {
  return rows_[member.row].digest;
}

const Version* View::newest(const base::NodeId& id) const {
  if (const Member* member = find(id)) return &member->record.record.version;
  return graves_.find(id);
}

bool View::heard(const Member& member) const {
  return rows_[member.row].ever_heard;
}

bool View::told(const Member& member) const {
  return rows_[member.row].told;
}

}  // namespace gossip
