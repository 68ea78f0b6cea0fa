// Reports that members tell, in any order and with anything in them that decodes: what is held
// keeps its bounds, is sound, and is nobody's praise of itself.
#include "base/check.h"
#include "gossip/reports.h"
#include "tests/fuzz/fuzzed_input.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

const crypto::Identity& self() {
  static const crypto::Identity it = crypto::Identity::from_seed(crypto::Seed());
  return it;
}

class World {
 public:
  World(const std::uint8_t* data, std::size_t size)
      : input_(data, size), reports_(options(), base::MeshId{}, self(), base::Rng(7)) {}

  void run() {
    for (int i = 0; i < 200 && !input_.empty(); ++i) {
      step();
      check();
    }
  }

 private:
  static gossip::Options options() {
    gossip::Options options;
    options.report_topics_max = 3;
    options.report_authors_max = 2;
    return options;
  }

  void step() {
    gossip::Effects effects;
    switch (input_.below(7)) {
      case 0: {
        std::vector<gossip::Observed> observed;
        for (std::size_t i = input_.below(5); i > 0; --i) {
          observed.push_back({capability(), {}});
          if (input_.yes()) observed.back().observations = {observation(other())};
        }
        reports_.on_observed(std::move(observed), 1, now_);
        break;
      }
      case 1: {
        const gossip::SignedReport told = report();
        const auto worth = reports_.worth(told);
        if (!is_sound(told.report)) CHECK(worth == gossip::Reports::Worth::refuse);
        break;
      }
      case 2:
        reports_.admit(crypto::Verified<gossip::SignedReport>::own(report()), now_, effects);
        break;
      case 3:
        reports_.on_answered(other(), {{report(), report()}}, input_.byte(), effects);
        break;
      case 4: {
        const std::size_t kept = input_.below(8);
        reports_.expire([&](const base::NodeId& id) { return id.head() % 8 >= kept; }, now_,
                        effects);
        break;
      }
      case 5:
        now_ = now_ + std::chrono::seconds(input_.byte());
        if (reports_.on_time(now_)) CHECK(reports_.next_deadline() > now_);
        break;
      default:
        asked_ = reports_.question();
        CHECK(asked_.interests.size() <= gossip::interests_max);
        static_cast<void>(reports_.to_ask());
    }
    for (const gossip::Effect& effect : effects) {
      if (const auto* arrived = std::get_if<gossip::ReportArrived>(&effect)) {
        CHECK(is_sound(arrived->report->report));
      }
    }
  }

  void check() {
    CHECK(reports_.held() <= 6);
    CHECK(reports_.own().size() <= 3);
    for (const gossip::Interest& interest : asked_.interests) {
      CHECK(interest.known.size() <= gossip::known_reports_max);
    }
    for (const gossip::SignedReport& each : reports_.answer(asked_, now_).reports) {
      CHECK(is_sound(each.report));
      CHECK(std::chrono::milliseconds(each.age_ms) < options().report_lifetime);
    }
  }

  std::string capability() { return std::string(1, static_cast<char>('a' + input_.below(5))); }
  base::NodeId other() {
    base::NodeId id;
    id.bytes.fill(std::byte{input_.byte()});
    return id;
  }
  gossip::Observation observation(const base::NodeId& subject) {
    return {.subject = subject,
            .samples = input_.byte(),
            .success_ppm = input_.byte(),
            .quality_ppm = std::nullopt,
            .latency_micros = input_.byte()};
  }
  gossip::SignedReport report() {
    gossip::SignedReport out;
    out.report.author = input_.below(8) == 0 ? self().id() : other();
    out.report.capability = capability();
    out.report.version = {.epoch = input_.byte(), .sequence = input_.byte()};
    for (std::size_t i = input_.below(4); i > 0; --i) {
      out.report.observations.push_back(observation(other()));
      out.report.observations.back().success_ppm *= 5'000;
      if (input_.yes()) out.report.observations.back().quality_ppm = input_.byte() * 5'000U;
    }
    out.age_ms = input_.byte() * 1'000U;
    return out;
  }

  fuzz::Input input_;
  base::Instant now_;
  gossip::Reports reports_;
  gossip::PullReports asked_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  World(data, size).run();
  return 0;
}
