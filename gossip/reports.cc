#include "gossip/reports.h"

#include "base/check.h"
#include "gossip/hash.h"

#include <algorithm>
#include <utility>

namespace gossip {

namespace {

// Who calls what hardly anybody calls need not go on asking several.
constexpr std::uint32_t hurried_rounds_max = 6;
// What is known of an author of whom nothing is wanted.
constexpr Version no_newer{.epoch = ~std::uint64_t{0}, .sequence = ~std::uint64_t{0}};
constexpr std::uint32_t percent = Observation::ppm / 100;

std::uint32_t distance(std::uint32_t a, std::uint32_t b) {
  return a > b ? a - b : b - a;
}

bool moved(const Observation& before, const Observation& now) {
  if (before.subject != now.subject ||
      before.quality_ppm.has_value() != now.quality_ppm.has_value()) {
    return true;
  }
  return distance(before.success_ppm, now.success_ppm) > 5 * percent ||
         distance(before.quality_ppm.value_or(0), now.quality_ppm.value_or(0)) > 5 * percent ||
         distance(before.latency_micros, now.latency_micros) > before.latency_micros / 2;
}

bool moved(const std::vector<Observation>& before, const std::vector<Observation>& now) {
  return !std::equal(before.begin(), before.end(), now.begin(), now.end(),
                     [](const Observation& a, const Observation& b) { return !moved(a, b); });
}

bool knows(const Interest& interest, const ObservationReport& report) {
  return std::any_of(interest.known.begin(), interest.known.end(), [&](const KnownReport& known) {
    return known.author == report.author.head() && known.version >= report.version;
  });
}

}  // namespace

bool is_sound(const ObservationReport& report) {
  const auto unordered = [](const Observation& a, const Observation& b) {
    return a.subject >= b.subject;
  };
  const auto& all = report.observations;
  if (all.empty() || std::adjacent_find(all.begin(), all.end(), unordered) != all.end()) {
    return false;
  }
  return std::none_of(all.begin(), all.end(), [&](const Observation& observation) {
    return observation.subject == report.author || observation.success_ppm > Observation::ppm ||
           observation.quality_ppm.value_or(0) > Observation::ppm;
  });
}

Reports::Reports(const Options& options, const base::MeshId& mesh, crypto::Identity identity,
                 base::Rng rng)
    : options_(options),
      mesh_(mesh),
      identity_(std::move(identity)),
      rng_(rng),
      secret_(rng.fork("rank").next()) {}

// ---- asking ----

bool Reports::on_time(base::Instant now) {
  if (now < next_) return false;
  // Not all at once: what one has asked for, the next can ask of it.
  const base::Duration interval = options_.report_interval;
  next_ = now + base::Duration(rng_.between(interval.count() * 4 / 5, interval.count() * 6 / 5));
  return true;
}

std::size_t Reports::on_observed(std::vector<Observed> observed, std::uint64_t epoch,
                                 base::Instant now) {
  for (auto& [capability, topic] : topics_) topic.called = false;
  const std::uint64_t before = sequence_;
  for (Observed& each : observed) {
    Topic* topic = topic_for(each.capability);
    if (topic == nullptr) continue;
    topic->called = true;
    sign(*topic, std::move(each), epoch, now);
  }
  return static_cast<std::size_t>(sequence_ - before);
}

Reports::Topic* Reports::topic_for(const std::string& capability) {
  if (const auto found = topics_.find(capability); found != topics_.end()) return &found->second;
  if (topics_.size() >= options_.report_topics_max) return nullptr;  // until one expires
  return &topics_[capability];
}

void Reports::sign(Topic& topic, Observed observed, std::uint64_t epoch, base::Instant now) {
  if (observed.observations.empty()) return;
  if (topic.own) {
    const bool fresh = now - topic.own->signed_at < options_.report_renewal;
    if (fresh && !moved(topic.own->report->report.observations, observed.observations)) return;
  }
  SignedReport signed_report;
  signed_report.report = {.author = identity_.id(),
                          .capability = std::move(observed.capability),
                          .version = {.epoch = epoch, .sequence = ++sequence_},
                          .observations = std::move(observed.observations)};
  CHECK(is_sound(signed_report.report));
  CHECK(signed_report.report.observations.size() <= ObservationReport::observations_max);
  signed_report.signature = identity_.sign(statement_of(signed_report.report, mesh_));
  topic.own.emplace(Held{crypto::Verified<SignedReport>::own(std::move(signed_report)), now});
}

std::size_t Reports::to_ask() {
  std::size_t count = 0;
  for (auto& [capability, topic] : topics_) {
    if (!topic.called) continue;
    const bool hurry = !topic.counts && topic.rounds < hurried_rounds_max;
    if (hurry) ++topic.rounds;
    count = std::max<std::size_t>(count, hurry ? options_.report_informants : 1);
  }
  return count;
}

PullReports Reports::question() {
  PullReports out;
  auto topic = topics_.upper_bound(asked_up_to_);
  for (std::size_t i = 0; i < topics_.size() && out.interests.size() < interests_max; ++i) {
    if (topic == topics_.end()) topic = topics_.begin();
    if (topic->second.called) {
      Interest& interest = out.interests.emplace_back();
      interest.capability = topic->first;
      for (const auto& [author, held] : topic->second.held) {
        interest.known.push_back({.author = author.head(), .version = held.report->report.version});
      }
      for (const std::uint64_t author : topic->second.skipped) {
        if (interest.known.size() < known_reports_max) interest.known.push_back({author, no_newer});
      }
      asked_up_to_ = topic->first;
    }
    ++topic;
  }
  return out;
}

// ---- answering ----

void Reports::append(const Held& held, const Interest& interest, base::Instant now,
                     std::size_t& room, ReportPage& page) const {
  const base::Duration age = now - held.signed_at;
  if (age >= options_.report_lifetime || knows(interest, held.report->report)) return;
  const std::size_t size = size_bound(held.report->report);
  if (size > room || page.reports.size() >= report_page_max) return;
  room -= size;
  SignedReport& out = page.reports.emplace_back(*held.report);
  out.age_ms = static_cast<std::uint32_t>(age / std::chrono::milliseconds(1));
}

ReportPage Reports::answer(const PullReports& question, base::Instant now) const {
  ReportPage page;
  std::size_t room = report_page_bytes_max;
  for (const Interest& interest : question.interests) {
    const auto topic = topics_.find(interest.capability);
    if (topic == topics_.end()) continue;
    if (topic->second.own) append(*topic->second.own, interest, now, room, page);
    for (const auto& [author, held] : topic->second.held) append(held, interest, now, room, page);
  }
  return page;
}

// ---- what comes in ----

void Reports::on_answered(const base::NodeId& by, const ReportPage& page, std::size_t others,
                          Effects& effects) {
  const std::size_t wanted = std::min<std::size_t>(options_.report_informants, others);
  for (auto& [capability, topic] : topics_) {
    if (topic.counts) continue;
    const bool tells = std::any_of(
        page.reports.begin(), page.reports.end(),
        [&name = capability](const SignedReport& each) { return each.report.capability == name; });
    if (!tells && !topic.held.contains(by)) continue;
    std::vector<base::NodeId>& asked = topic.informants;
    if (std::find(asked.begin(), asked.end(), by) == asked.end()) asked.push_back(by);
    if (asked.size() < wanted) continue;
    topic.counts = true;
    asked = {};
    for (const auto& [author, held] : topic.held) effects.push_back(ReportArrived{held.report});
  }
}

std::uint64_t Reports::rank(const base::NodeId& author) const {
  return mix(author.head() ^ secret_);
}

const base::NodeId* Reports::last_of(const Topic& topic) const {
  if (topic.held.size() < options_.report_authors_max) return nullptr;
  const auto by_rank = [&](const auto& a, const auto& b) { return rank(a.first) < rank(b.first); };
  return &std::max_element(topic.held.begin(), topic.held.end(), by_rank)->first;
}

Reports::Worth Reports::worth(const SignedReport& signed_report) {
  const ObservationReport& report = signed_report.report;
  const auto found = topics_.find(report.capability);
  if (found == topics_.end() || !is_sound(report)) return Worth::refuse;
  if (report.author == identity_.id()) return Worth::known;  // told back to us
  if (std::chrono::milliseconds(signed_report.age_ms) >= options_.report_lifetime) {
    return Worth::known;
  }
  Topic& topic = found->second;
  if (const auto held = topic.held.find(report.author); held != topic.held.end()) {
    return report.version > held->second.report->report.version ? Worth::check : Worth::known;
  }
  const base::NodeId* last = last_of(topic);
  if (last == nullptr || rank(report.author) < rank(*last)) return Worth::check;
  skip(topic, report.author);
  return Worth::known;
}

void Reports::skip(Topic& topic, const base::NodeId& author) {
  if (topic.skipped.size() < known_reports_max) topic.skipped.insert(author.head());
}

void Reports::admit(const crypto::Verified<SignedReport>& verified, base::Instant now,
                    Effects& effects) {
  const ObservationReport& report = verified->report;
  // Meanwhile it may have become superfluous.
  if (worth(*verified) != Worth::check) return;
  Topic& topic = topics_.find(report.capability)->second;
  if (const base::NodeId* last = last_of(topic); last && !topic.held.contains(report.author)) {
    const auto out = topic.held.find(*last);
    if (topic.counts) effects.push_back(ReportGone{out->first, report.capability});
    skip(topic, out->first);
    topic.held.erase(out);
  }
  const base::Instant signed_at = now - std::chrono::milliseconds(verified->age_ms);
  topic.held.insert_or_assign(report.author, Held{verified, signed_at});
  topic.skipped.erase(report.author.head());
  if (topic.counts) effects.push_back(ReportArrived{verified});
}

void Reports::expire(const std::function<bool(const base::NodeId&)>& is_here, base::Instant now,
                     Effects& effects) {
  const auto old = [&](const Held& held) {
    return now - held.signed_at >= options_.report_lifetime;
  };
  for (auto entry = topics_.begin(); entry != topics_.end();) {
    auto& [capability, topic] = *entry;
    std::erase_if(topic.held, [&, &name = capability, &counts = topic.counts](const auto& each) {
      if (!old(each.second) && is_here(each.first)) return false;
      if (counts) effects.push_back(ReportGone{each.first, name});
      return true;
    });
    // Not for each that lapses: then all who were outranked would be sent again.
    if (topic.held.size() < options_.report_authors_max * 3 / 4) topic.skipped.clear();
    if (topic.own && old(*topic.own)) topic.own.reset();
    const bool done = !topic.called && !topic.own && topic.held.empty();
    entry = done ? topics_.erase(entry) : std::next(entry);
  }
}

std::vector<const SignedReport*> Reports::own() const {
  std::vector<const SignedReport*> out;
  for (const auto& [capability, topic] : topics_) {
    if (topic.own) out.push_back(&*topic.own->report);
  }
  return out;
}

std::size_t Reports::held() const {
  std::size_t count = 0;
  for (const auto& [capability, topic] : topics_) count += topic.held.size();
  return count;
}

}  // namespace gossip
