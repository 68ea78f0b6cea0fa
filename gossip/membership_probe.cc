// Probes, packets, and what rides along.
#include "base/match.h"
#include "gossip/membership_state.h"

#include <algorithm>
#include <bit>

namespace gossip {

namespace {

constexpr std::size_t hinted_monitors = 4;

bool gone(const Member& member) {
  return member.state == MemberState::dead || member.state == MemberState::left;
}

// It answers at the address of its record, as far as its monitors know. An ack goes to wherever the
// ping says that it comes from, so it is no larger than the ping if that may be somebody else's.
bool is_reached(const Member& member) {
  return !gone(member) && member.state != MemberState::suspect && !member.degraded;
}

}  // namespace

std::vector<base::NodeId> Membership::State::some_others(std::size_t count,
                                                         const base::NodeId& except) {
  std::vector<base::NodeId> out;
  const Rings& rings = view.rings();
  // Drawing with repetition: in a mesh too small to yield `count`, a few draws more find who there
  // is.
  for (std::size_t draws = 0; draws < 4 * count && out.size() < count && rings.size() > 0;
       ++draws) {
    const base::NodeId& id = rings.at(static_cast<std::size_t>(rng.below(rings.size())));
    if (id == self || id == except) continue;
    if (std::find(out.begin(), out.end(), id) == out.end()) out.push_back(id);
  }
  return out;
}

void Membership::State::probe(const base::NodeId& target, ProbeReason reason, base::Instant now) {
  const Member* member = view.find(target);
  if (member == nullptr || target == self || member->state == MemberState::left) return;
  if (detector.probing(target)) return;
  Detector::Start probe{.target = target,
                        .reason = reason,
                        .round_trip = member->round_trip,
                        .multiplier = health.multiplier(),
                        .introduce = !view.heard(*member) || gone(*member),
                        .helpers = {}};
  if (asks_others(reason)) {
    probe.helpers = some_others(options.indirect_helpers, target);
    // A suspect's silence would tell nothing about us.
    std::erase_if(probe.helpers, [&](const base::NodeId& helper) {
      return view.find(helper)->state == MemberState::suspect;
    });
  }
  if (detector.start(std::move(probe), now, detected)) ++counters.probes_sent;
}

void Membership::State::heed_detector(base::Instant now, Effects& effects) {
  // Heeding may start further probes, which append.
  for (std::size_t i = 0; i < detected.size(); ++i) {
    const DetectorEffect effect = detected[i];
    base::match(
        effect,
        [&](const SendBody& body) {
          if (const Member* member = view.find(body.to)) {
            send(body.to, member->record.record.endpoint, body.body, body.introduce, effects);
          }
        },
        [&](const Reached& reached) {
          view.on_answered(reached.id, reached.round_trip, now);
          if (asks_others(reached.reason)) health.on_probe_answered();
        },
        [&](const Delayed& delayed) { hint_monitors(delayed.id, effects); },
        [&](const Unreached& unreached) { on_unreached(unreached, now); });
  }
  detected.clear();
}

void Membership::State::on_unreached(const Unreached& unreached, base::Instant now) {
  if (health.catching_up(now) || own.leaving()) return;
  const Member* member = view.find(unreached.id);
  if (member == nullptr || member->state == MemberState::left) return;
  view.on_unreached(unreached.id);
  if (asks_others(unreached.reason)) {
    ++counters.probes_failed;
    health.on_missed_nacks(unreached.nacks_missing);
  }
  if (!view.rings().is_monitor(self, unreached.id)) return;
  if (!view.accuse(own.accuse(unreached.id, view.digest(*member)), now)) return;
  ++counters.accusations_made;
  rumors.add({.subject = unreached.id, .accuser = self});
}

// Our word does not count, but we can make those look whose word does.
void Membership::State::hint_monitors(const base::NodeId& subject, Effects& effects) {
  const std::vector<base::NodeId> monitors = view.rings().monitors(subject);
  if (std::find(monitors.begin(), monitors.end(), self) != monitors.end()) return;
  for (std::size_t i = 0; i < std::min(monitors.size(), hinted_monitors); ++i) {
    const Member* monitor = view.find(monitors[i]);
    send(monitors[i], monitor->record.record.endpoint, Hint{subject}, false, effects);
  }
}

base::Instant Membership::State::next_telling(base::Instant now) const {
  if (rumors.empty() || view.rings().size() < 2) return base::Instant::never();
  // Who is behind reads before it talks: each packet sent may cost it its turn on the processor.
  // That it lives comes first all the same.
  const bool silent = health.behind(now) && own_tellings == 0;
  return told + options.gossip_interval + (silent ? health.lag(now) : base::Duration());
}

void Membership::State::tell_rumors(base::Instant now, Effects& effects) {
  if (now < next_telling(now)) return;
  told = now;
  own_tellings -= own_tellings > 0 ? 1 : 0;
  for (const base::NodeId& to : some_others(options.fanout, self)) {
    if (rumors.empty()) return;
    const Member* member = view.find(to);
    send(to, member->record.record.endpoint, Rumors{}, !view.heard(*member), effects);
  }
}

void Membership::State::fill(const base::NodeId& to, Packet& packet) {
  if (rumors.empty()) return;
  std::size_t room =
      options.packet_bytes_max - std::min(options.packet_bytes_max, size_bound(packet));
  const auto tellings =
      options.retransmit_factor * static_cast<std::uint32_t>(std::bit_width(view.rings().size())) +
      options.retransmit_extra;
  const std::uint32_t times = rumors.size() > options.bulk_rumors
                                  ? std::min(tellings, options.bulk_tellings)
                                  : std::max(3U, tellings);
  const auto fits = [&](const auto& item) {
    if (size_bound(item) > room) return false;
    room -= size_bound(item);
    return true;
  };
  rumors.fill(times, [&](const RumorKey& key) {
    const Member* member = view.find(key.subject);
    if (member == nullptr || member->barred) return RumorQueue::Offer::void_now;
    if (key.accuser.is_zero()) {
      // Of two members neither has anybody to tell the other's record to.
      const bool only_them = view.rings().size() <= 2;
      if (key.subject == to) {
        return only_them ? RumorQueue::Offer::void_now : RumorQueue::Offer::not_for_them;
      }
      if (packet.introduces && key.subject == self) return RumorQueue::Offer::taken;  // it is there
      if (!fits(member->record)) return RumorQueue::Offer::no_room;
      packet.records.push_back(member->record);
      return RumorQueue::Offer::taken;
    }
    for (const auto& known : view.evidence(*member)) {
      if ((*known).accusation.accuser != key.accuser) continue;
      if (!fits(*known)) return RumorQueue::Offer::no_room;
      packet.accusations.push_back(*known);
      return RumorQueue::Offer::taken;
    }
    return RumorQueue::Offer::void_now;
  });
}

void Membership::State::send(const base::NodeId& to, const base::Endpoint& at, Body body,
                             bool introduce, Effects& effects) {
  Packet packet{.body = body,
                .table_digest = view.table_digest(),
                .introduces = introduce,
                .records = {},
                .accusations = {}};
  if (introduce) packet.records.push_back(own.current());
  if (const Member* member = view.find(to)) {
    // Whoever is held for suspect or dead must hear of it to refute.
    const View::Evidence& evidence = view.evidence(*member);
    const bool there = at == member->record.record.endpoint;
    if (there && !evidence.empty()) packet.accusations.push_back(*evidence.front());
    if (there && (!std::holds_alternative<Ack>(body) || is_reached(*member))) fill(to, packet);
  }
  const bool nothing = std::holds_alternative<Rumors>(body) && packet.accusations.empty() &&
                       packet.records.size() == (introduce ? 1U : 0U);
  if (nothing) return;
  ++counters.packets_sent;
  counters.bytes_sent += size_bound(packet);
  effects.push_back(SendPacket{.to = to, .at = at, .packet = std::move(packet)});
}

void Membership::State::on_body(const base::NodeId& from, const base::Endpoint& address,
                                const Packet& packet, base::Instant now, Effects& effects) {
  base::match(
      packet.body, [](const Rumors&) {},
      [&](const Ping& ping) { send(from, address, Ack{ping.sequence}, false, effects); },
      [&](const Ack& ack) { on_ack(from, ack, packet.table_digest, now); },
      [&](const PingRequest& request) {
        if (view.find(request.target) == nullptr || request.target == self) return;
        detector.on_request(from, request, now, detected);
      },
      [&](const Relayed& relayed) { detector.on_relayed(from, relayed, now, detected); },
      [&](const Hint& hint) {
        // Looking takes more packets than the hint: it is not done for strangers.
        if (view.find(from) == nullptr) return;
        const Member* subject = view.find(hint.subject);
        if (subject == nullptr || gone(*subject)) return;
        if (view.rings().is_monitor(self, hint.subject))
          probe(hint.subject, ProbeReason::look, now);
      });
  const bool answers_or_asks =
      std::holds_alternative<Ping>(packet.body) || std::holds_alternative<Ack>(packet.body);
  const Member* member = view.find(from);
  if (!answers_or_asks || member == nullptr || gone(*member) || !own.joined()) return;
  const bool equal = packet.table_digest == view.table_digest();
  if (anti_entropy.on_digest(from, equal, !rumors.empty(), now)) compare_with(from, effects);
}

void Membership::State::on_ack(const base::NodeId& from, const Ack& ack, std::uint64_t digest,
                               base::Instant now) {
  if (own.leaving() && ack.sequence == leave_sequence) leave_acks.insert(from);
  detector.on_ack(from, ack.sequence, now, detected);
  if (publishing && digest == view.table_digest()) {
    counters.convergence.add(now - *publishing);
    publishing.reset();
  }
}

}  // namespace gossip
