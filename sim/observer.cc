#include "sim/observer.h"

#include "sim/checkers/death_known.h"

#include <algorithm>
#include <utility>

namespace sim {

namespace {

using gossip::MemberState;

std::string state_of(const std::optional<Seen>& seen) {
  return seen ? std::string(gossip::to_string(seen->state)) : std::string("unknown");
}

}  // namespace

Observer::Observer(const std::vector<base::NodeId>& ids, const base::MeshId& mesh,
                   std::size_t trace_lines)
    : ids_(ids),
      truth_(static_cast<std::uint32_t>(ids.size())),
      checkers_(all_checkers(truth_, mesh)),
      seen_(ids.size(), std::vector<std::optional<Seen>>(ids.size())),
      published_(ids.size()),
      ever_dead_(ids.size(), false),
      trace_(trace_lines) {
  for (NodeIndex node = 0; node < ids_.size(); ++node) {
    index_.emplace(ids_[node], node);
    by_short_hex_.emplace(ids_[node].short_hex(), node);
  }
}

std::optional<NodeIndex> Observer::index_of(const base::NodeId& id) const {
  const auto found = index_.find(id);
  if (found == index_.end()) return std::nullopt;
  return found->second;
}

void Observer::node_started(NodeIndex node, base::Duration at, bool again) {
  truth_.started(node, at);
  seen_[node].assign(ids_.size(), std::nullopt);
  trace_.add(at, node, again ? "starts again" : "starts");
  if (again) coverage_.saw("milestone", "", "restart");
  tell(&Checker::on_started, NodeStarted{at, node});
}

void Observer::node_stopped(NodeIndex node, base::Duration at, bool crashed) {
  truth_.stopped(node, at);
  trace_.add(at, node, crashed ? "crashes" : "ends");
  tell(&Checker::on_stopped, NodeStopped{at, node, crashed});
}

void Observer::look(NodeIndex node, base::Duration at, const gossip::Membership& membership,
                    const std::vector<std::string>& hints) {
  if (ids_.size() <= whole_tables_up_to) {
    look_at_all(node, at, membership);
    return;
  }
  for (const std::string& hint : hints) {
    const auto found = by_short_hex_.find(hint);
    if (found == by_short_hex_.end()) continue;
    const base::NodeId& id = ids_[found->second];
    compare(node, at, id, membership.find(id));
  }
}

void Observer::look_at_all(NodeIndex node, base::Duration at,
                           const gossip::Membership& membership) {
  std::vector<bool> present(ids_.size(), false);
  for (const auto& [id, member] : membership.members()) {
    compare(node, at, id, &member);
    if (const auto subject = index_of(id)) present[*subject] = true;
  }
  for (NodeIndex subject = 0; subject < ids_.size(); ++subject) {
    if (!present[subject] && seen_[node][subject]) compare(node, at, ids_[subject], nullptr);
  }
}

void Observer::compare(NodeIndex observer, base::Duration at, const base::NodeId& id,
                       const gossip::Member* member) {
  const std::optional<NodeIndex> subject = index_of(id);
  if (!subject) {
    tell(&Checker::on_stranger, StrangerSeen{at, observer, id.short_hex()});
    return;
  }
  std::optional<Seen>& known = seen_[observer][*subject];
  std::optional<Seen> now;
  if (member != nullptr) now = Seen{member->state, member->record.record.version, member->barred};
  if (known == now) return;
  const std::optional<Seen> before = std::exchange(known, now);
  tell(&Checker::on_view, ViewChange{at, observer, *subject, before, now,
                                     member == nullptr ? nullptr : &member->record});
  if (before && now && before->state == now->state) return;
  trace_.add(at, observer,
             "sees n" + std::to_string(*subject) + " " + state_of(now) +
                 (before ? " (was " + state_of(before) + ")" : std::string()));
  coverage_.saw("view", state_of(before), state_of(now));
  if (!now || now->state != MemberState::dead) return;
  if (!ever_dead_[*subject]) ++figures_.deaths;
  ever_dead_[*subject] = true;
  if (truth_.up(*subject)) ++figures_.false_deaths;
}

void Observer::published(NodeIndex node, base::Duration at, const gossip::SignedRecord& record) {
  if (record.record.version == published_[node]) return;
  published_[node] = record.record.version;
  tell(&Checker::on_published, Published{at, node, &record});
}

void Observer::machine(NodeIndex node, base::Duration at, const base::Transition& transition) {
  coverage_.saw(transition.machine, transition.from, transition.to);
  digest_.add(transition.machine);
  digest_.add(transition.to);
  if (transition.machine == "member") return;  // the views say it, once
  trace_.add(at, node,
             std::string(transition.machine) + " " + transition.subject + ": " +
                 std::string(transition.from) + " -> " + std::string(transition.to));
}

void Observer::notice(NodeIndex node, base::Duration at, const base::Notice& notice) {
  digest_.add(notice.text);
  if (notice.severity == base::Severity::debug) return;
  trace_.add(at, node, "says: " + notice.text);
}

void Observer::violate(std::string checker, base::Duration at, std::string text) {
  own_violations_.push_back({std::move(checker), at, std::move(text)});
}

void Observer::second(base::Duration at) {
  for (const auto& checker : checkers_) checker->on_second(at);
}

void Observer::end(base::Duration at) {
  for (const auto& checker : checkers_) {
    checker->on_end(at);
    if (const auto* deaths = dynamic_cast<const DeathKnownChecker*>(checker.get())) {
      if (deaths->slowest() > base::Duration::zero()) {
        figures_.slowest_detection = deaths->slowest();
      }
    }
  }
}

std::string Observer::disagreement(const std::vector<const gossip::Membership*>& views,
                                   const std::vector<bool>& misled) const {
  for (NodeIndex observer = 0; observer < views.size(); ++observer) {
    if (views[observer] == nullptr || !truth_.honest(observer) || misled[observer]) continue;
    std::uint32_t living = 0;
    for (const auto& [id, member] : views[observer]->members()) {
      const std::optional<NodeIndex> subject = index_of(id);
      if (!subject || !truth_.honest(*subject)) continue;
      const gossip::Membership* own = views[*subject];
      const bool gone = member.state == MemberState::dead || member.state == MemberState::left;
      const gossip::Member* word = own == nullptr ? nullptr : own->find(id);
      const bool right = word == nullptr ? gone : member.state == word->state && !gone;
      if (!right) {
        return "n" + std::to_string(observer) + " takes n" + std::to_string(*subject) + " for " +
               std::string(gossip::to_string(member.state)) + ", it is " +
               (word == nullptr ? "down" : std::string(gossip::to_string(word->state)));
      }
      if (word != nullptr) ++living;
    }
    std::uint32_t expected = 0;
    for (NodeIndex subject = 0; subject < views.size(); ++subject) {
      if (views[subject] != nullptr && truth_.honest(subject)) ++expected;
    }
    if (living < expected) {
      return "n" + std::to_string(observer) + " knows " + std::to_string(living) + " of " +
             std::to_string(expected) + " living nodes";
    }
  }
  return {};
}

bool Observer::violated() const {
  return !own_violations_.empty() ||
         std::any_of(checkers_.begin(), checkers_.end(),
                     [](const auto& checker) { return !checker->violations().empty(); });
}

std::vector<Violation> Observer::violations() const {
  std::vector<Violation> all = own_violations_;
  for (const auto& checker : checkers_) {
    all.insert(all.end(), checker->violations().begin(), checker->violations().end());
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Violation& a, const Violation& b) { return a.at < b.at; });
  if (all.size() > Outcome::violations_max) all.resize(Outcome::violations_max);
  return all;
}

}  // namespace sim
