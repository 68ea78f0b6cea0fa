#include "mesh/score/observations.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace mesh::score {

namespace {

constexpr double whole_ppm = 1'000'000;
constexpr double slowest = std::numeric_limits<double>::infinity();

std::vector<Observation> best_known(std::vector<Observation> all) {
  if (all.size() <= Observed::observations_max) return all;
  std::stable_sort(all.begin(), all.end(), [](const Observation& a, const Observation& b) {
    return a.samples > b.samples;
  });
  all.resize(Observed::observations_max);
  std::sort(all.begin(), all.end(),
            [](const Observation& a, const Observation& b) { return a.subject < b.subject; });
  return all;
}

}  // namespace

void Observations::on_report(ObservationReport report) {
  std::erase_if(report.observations,
                [&](const Observation& each) { return each.subject == report.author; });
  const auto known = topics_.find(report.capability);
  const bool renews = known != topics_.end() && known->second.by_author.contains(report.author);
  if (!renews && reports_ >= reports_max) return;
  if (!renews) ++reports_;
  Topic& topic = topics_[report.capability];
  topic.by_author.insert_or_assign(report.author, std::move(report.observations));
  reckon(topic);
}

void Observations::on_report_gone(const base::NodeId& author, std::string_view capability) {
  const auto topic = topics_.find(capability);
  if (topic == topics_.end() || topic->second.by_author.erase(author) == 0) return;
  --reports_;
  if (topic->second.by_author.empty()) {
    topics_.erase(topic);
  } else {
    reckon(topic->second);
  }
}

void Observations::reckon(Topic& topic) {
  struct Votes {
    std::vector<double> success;
    std::vector<double> quality;
    std::vector<double> latency;
  };
  std::map<base::NodeId, Votes> votes;
  for (const auto& [author, observations] : topic.by_author) {
    for (const Observation& each : observations) {
      Votes& of = votes[each.subject];
      of.success.push_back(each.success_ppm / whole_ppm);
      if (each.quality_ppm) of.quality.push_back(*each.quality_ppm / whole_ppm);
      // Who saw nothing but failures has no latency to tell; to leave it out would let those decide
      // who say nothing, so it counts as slower than any.
      const bool known = each.latency > base::Duration::zero();
      of.latency.push_back(known ? static_cast<double>(each.latency.count()) : slowest);
    }
  }
  topic.opinions.clear();
  for (auto& [subject, of] : votes) {
    const auto authors = static_cast<std::uint32_t>(of.success.size());
    std::optional<double> latency = opinion_of(std::move(of.latency));
    if (latency && !std::isfinite(*latency)) latency.reset();
    topic.opinions.emplace(subject, Opinion{.authors = authors,
                                            .success = opinion_of(std::move(of.success)),
                                            .quality = opinion_of(std::move(of.quality)),
                                            .latency = latency});
  }
}

const Observations::Opinions* Observations::about(std::string_view capability) const {
  const auto topic = topics_.find(capability);
  return topic == topics_.end() ? nullptr : &topic->second.opinions;
}

const Opinion* Observations::of(std::string_view capability, const base::NodeId& node) const {
  const Opinions* opinions = about(capability);
  if (opinions == nullptr) return nullptr;
  const auto found = opinions->find(node);
  return found == opinions->end() ? nullptr : &found->second;
}

std::vector<Observed> Observations::own(std::span<const Card> cards, base::Instant now) {
  std::map<std::string, Called, std::less<>> called;
  std::vector<Observed> out;
  for (auto card = cards.begin(); card != cards.end();) {
    Observed here{.capability = std::string(card->capability), .observations = {}};
    std::uint64_t calls = 0;
    for (; card != cards.end() && card->capability == here.capability; ++card) {
      calls += card->scorecard.calls();
      if (auto seen = observe(card->node, card->scorecard, now)) here.observations.push_back(*seen);
    }
    if (calls == 0) continue;
    const auto before = called_.find(here.capability);
    const bool more = before == called_.end() || calls > before->second.calls;
    const Called& entry =
        called.emplace(here.capability, Called{calls, more ? now : before->second.at})
            .first->second;
    if (now - entry.at >= called_lately) continue;
    here.observations = best_known(std::move(here.observations));
    out.push_back(std::move(here));
  }
  called_ = std::move(called);
  return out;
}

}  // namespace mesh::score
