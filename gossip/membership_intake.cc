// Records and accusations on their way into the view: what would be dropped is never verified.
#include "gossip/membership_state.h"

namespace gossip {

namespace {

bool sane(const Record& record) {
  return record.name.size() <= Record::name_max && !record.subject.is_zero() &&
         record.endpoint.port != 0 && record.version.epoch != 0;
}

}  // namespace

void Membership::State::screen(std::vector<SignedRecord> records,
                               const std::vector<SignedAccusation>& accusations, const Source& from,
                               base::Instant now) {
  counters.items_received += records.size() + accusations.size();
  Source source = from;
  // A member may write any address on a datagram; at that of its record it answers.
  if (const Member* member = view.find(from.id)) source.at = member->record.record.endpoint;
  for (SignedRecord& record : records) {
    if (!worth_checking(record, source, now)) continue;
    if (verification.add(std::move(record), source)) ++counters.items_new;
  }
  for (const SignedAccusation& accusation : accusations) {
    if (!worth_checking(accusation)) continue;
    if (verification.add(accusation, source)) ++counters.items_new;
  }
}

void Membership::State::lighten(const base::NodeId& from, Packet& packet) {
  counters.items_shed +=
      std::erase_if(packet.records, [&](const auto& item) { return item.record.subject != from; });
  counters.items_shed += std::erase_if(
      packet.accusations, [&](const auto& item) { return item.accusation.subject != self; });
}

bool Membership::State::worth_checking(const SignedRecord& signed_record, const Source& from,
                                       base::Instant now) {
  const Record& record = signed_record.record;
  if (record.subject == self) {
    // Of our own past, if the disk was lost; anything older is what others will drop too.
    return signed_record != own.current() && record.version >= own.current().record.version;
  }
  if (const Version* newest = view.newest(record.subject)) {
    if (record.version <= *newest) return false;
    const bool leap = record.version.epoch == newest->epoch &&
                      record.version.sequence - newest->sequence > options.sequence_jump_max;
    if (!leap && sane(record)) return true;
    ++counters.items_refused;
    return false;
  }
  const bool may = admission.contains(record.subject) || admission.may(record.subject, from, now);
  if (sane(record) && view.has_room(now) && may) return true;
  ++counters.items_refused;
  return false;
}

bool Membership::State::worth_checking(const SignedAccusation& signed_accusation) {
  const Accusation& accusation = signed_accusation.accusation;
  if (accusation.accuser == accusation.subject || accusation.accuser == self) return false;
  // While we join, accusers may still be candidates; they are judged when the accusation is
  // admitted.
  if (view.find(accusation.accuser) == nullptr && !admission.contains(accusation.accuser) &&
      !verification.awaits_record_of(accusation.accuser)) {
    return false;
  }
  const Member* subject = view.find(accusation.subject);
  const bool newer_comes = verification.awaits_record_of(accusation.subject);
  if (subject == nullptr) return newer_comes || admission.contains(accusation.subject);
  if (subject->barred) return false;
  if (view.digest(*subject) != accusation.record) return newer_comes;
  for (const auto& known : view.evidence(*subject)) {
    if ((*known).accusation.accuser == accusation.accuser) return false;
  }
  return true;
}

void Membership::State::admit(const crypto::Verified<SignedRecord>& record, const Source& from,
                              base::Instant now, Effects& effects) {
  const base::NodeId& subject = record->record.subject;
  if (subject == self) {
    if (record->record.version < own.current().record.version) return;
    own.outrank(record->record.version.epoch);
    effects.push_back(ClaimEpoch{own.current().record.version.epoch});
    effects.push_back(base::Notice{base::Severity::warning,
                                   "the mesh knows a newer record of this node than its own disk "
                                   "does; a higher epoch was claimed. If this comes again, another "
                                   "node runs with a copy of this one's key: stop it"});
    return;
  }
  if (view.newest(subject) == nullptr && !lets_in(record, from, now, effects)) return;
  // What an introducer tells a joiner is known to the others already: told on, it would multiply
  // every table by every joiner.
  const bool news = subject == from.id || own.joined();
  enter(record, news, now, effects);
}

bool Membership::State::lets_in(const crypto::Verified<SignedRecord>& record, const Source& from,
                                base::Instant now, Effects& effects) {
  const base::NodeId& subject = record->record.subject;
  const bool first_hand = subject == from.id;
  if (first_hand && !from.linked) {
    static_cast<void>(admission.wait(record, subject, now));
    return false;
  }
  if (!admission.take(subject, from, now)) {
    ++counters.items_refused;
    return false;
  }
  const bool one_word_is_not_enough =
      !own.joined() || from.id == self || admission.was_named(subject);
  if (!first_hand && one_word_is_not_enough && !admission.wait(record, from.id, now)) return false;
  // Whatever waited of it is superseded.
  admission.drop(subject);
  if (view.make_room(now, effects)) return true;
  ++counters.items_refused;
  return false;
}

void Membership::State::enter(const crypto::Verified<SignedRecord>& record, bool news,
                              base::Instant now, Effects& effects) {
  const base::NodeId& subject = record->record.subject;
  const View::Put outcome = view.put(record, now, effects);
  if (outcome == View::Put::stale) return;
  rumors.drop_accusations(subject);
  if (view.find(subject)->barred) return;
  if (news) rumors.add({.subject = subject, .accuser = {}});
  if (outcome == View::Put::added && !name_noticed && !start.name.empty() && subject != self &&
      record->record.name == start.name) {
    name_noticed = true;
    effects.push_back(base::Notice{
        base::Severity::warning, "another member has the same name, " + start.name + ": " +
                                     subject.short_hex() +
                                     "; names are labels, both work, but people will mix them up"});
  }
}

void Membership::State::admit(const crypto::Verified<SignedAccusation>& verified,
                              base::Instant now) {
  const Accusation& accusation = verified->accusation;
  if (accusation.subject == self) {
    const Member* own_row = view.find(self);
    if (own_row == nullptr || own.leaving()) return;
    if (view.digest(*own_row) != accusation.record) return;
    own.on_accused();
    health.on_refutation();
    ++counters.refutations;
    return;
  }
  if (view.find(accusation.accuser) == nullptr) return;
  if (!view.accuse(verified, now)) return;
  rumors.add({.subject = accusation.subject, .accuser = accusation.accuser});
  const Member* subject = view.find(accusation.subject);
  if (subject == nullptr || subject->state == MemberState::dead) return;
  // Confirm or deny at once, if our word counts.
  if (view.rings().is_monitor(self, accusation.subject)) {
    for (const auto& known : view.evidence(*subject)) {
      if ((*known).accusation.accuser == self) return;
    }
    probe(accusation.subject, ProbeReason::look, now);
  }
}

void Membership::State::heard(const base::NodeId& id, bool fresh, Effects& effects) {
  if (view.on_heard(id, fresh)) effects.push_back(MemberHeard{id});
}

void Membership::State::call_candidates(base::Instant now, Effects& effects) {
  const Admission::Due due = admission.due(now);
  for (const base::NodeId& id : due.expired) effects.push_back(MemberForgotten{id});
  for (const Admission::Call& call : due.calls) {
    effects.push_back(CandidateCalled{.id = call.id, .at = call.at, .epoch = call.epoch});
    send(call.id, call.at, Ping{call.sequence}, true, effects);
  }
}

void Membership::State::on_candidate_ack(const base::NodeId& from, const Ack& ack,
                                         base::Instant now, Effects& effects) {
  const auto answered = admission.answered(from, ack.sequence);
  if (!answered) return;
  // It got our ping at the address of its record, wherever its answer says to come from.
  const Source there{.id = from, .at = answered->record->record.endpoint, .linked = true};
  const bool may = !answered->introduced_itself || admission.take(from, there, now);
  if (!may || !view.make_room(now, effects)) {
    ++counters.items_refused;
    return;
  }
  enter(answered->record, answered->introduced_itself, now, effects);
  view.on_answered(from, base::Duration(), now);
  heard(from, true, effects);
  if (!own.joined() && introducers.size() < options.introducers) {
    ask_introducer(from, base::NodeId(), effects);
  }
}

}  // namespace gossip
