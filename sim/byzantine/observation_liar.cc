#include "sim/byzantine/observation_liar.h"

#include <algorithm>
#include <utility>

namespace sim {

namespace {

bool is_friend(const Adversary::Position& position, const base::NodeId& id) {
  return std::find(position.friends.begin(), position.friends.end(), id) != position.friends.end();
}

}  // namespace

void ObservationLiar::on_turn(const Position& /*position*/, Acts& /*acts*/) {}

void ObservationLiar::on_answer(const Position& position, gossip::Reply& reply) {
  auto* page = std::get_if<gossip::ReportPage>(&reply);
  if (page == nullptr) return;
  for (const gossip::SignedReport& each : page->reports) {
    std::set<base::NodeId>& subjects = heard_of_[each.report.capability];
    subjects.insert(position.friends.begin(), position.friends.end());
    for (const gossip::Observation& observation : each.report.observations) {
      subjects.insert(observation.subject);
    }
  }
  std::erase_if(page->reports, [&](const gossip::SignedReport& each) {
    return !is_friend(position, each.report.author) || each.report.author == position.identity.id();
  });
  for (const auto& [capability, subjects] : heard_of_) {
    page->reports.push_back(lie(position, capability));
  }
}

gossip::SignedReport ObservationLiar::lie(const Position& position, const std::string& capability) {
  gossip::SignedReport out;
  out.report.author = position.identity.id();
  out.report.capability = capability;
  const gossip::Member* self = position.membership.find(position.identity.id());
  constexpr std::uint64_t beyond_its_own = std::uint64_t{1} << 32;
  out.report.version = {.epoch = self == nullptr ? 1 : self->record.record.version.epoch,
                        .sequence = beyond_its_own + ++lies_};
  for (const base::NodeId& subject : heard_of_[capability]) {
    if (subject == out.report.author) continue;  // nobody would look at it
    const bool praise = is_friend(position, subject);
    out.report.observations.push_back({.subject = subject,
                                       .samples = ~0U,
                                       .success_ppm = praise ? gossip::Observation::ppm : 0,
                                       .quality_ppm = praise ? gossip::Observation::ppm : 0,
                                       .latency_micros = praise ? 1U : ~0U});
    if (out.report.observations.size() == gossip::ObservationReport::observations_max) break;
  }
  out.signature = position.identity.sign(statement_of(out.report, position.mesh));
  return out;
}

}  // namespace sim
