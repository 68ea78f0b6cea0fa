#include "sim/choices.h"

#include "base/rng.h"

#include <algorithm>
#include <utility>

namespace sim {

namespace {

constexpr std::size_t choices_first = 64;
constexpr std::size_t choices_max = 2048;

// One to four changes: a byte, a run of them from elsewhere in this string or another, more or
// fewer.
ChoiceString changed(ChoiceString choices, const ChoiceString& other, base::Rng& rng) {
  for (std::int64_t changes = rng.between(1, 4); changes > 0; --changes) {
    const auto at = static_cast<std::size_t>(rng.below(choices.size()));
    const std::uint64_t kind = rng.below(4);
    if (kind == 0) {
      choices[at] = static_cast<std::uint8_t>(rng.below(256));
    } else if (kind == 1) {
      const auto from = static_cast<std::size_t>(rng.below(other.size()));
      const std::size_t length =
          std::min({other.size() - from, choices.size() - at, std::size_t{16}});
      std::copy_n(other.begin() + static_cast<std::ptrdiff_t>(from), length,
                  choices.begin() + static_cast<std::ptrdiff_t>(at));
    } else if (kind == 2 && choices.size() < choices_max) {
      for (int i = 0; i < 16; ++i) choices.push_back(static_cast<std::uint8_t>(rng.below(256)));
    } else if (choices.size() > choices_first) {
      choices.resize(choices.size() - 16);
    }
  }
  return choices;
}

}  // namespace

SearchReport search_choices(std::uint64_t seed, std::uint64_t runs,
                            const std::function<ChosenRun(const ChoiceString& choices)>& run) {
  SearchReport report;
  base::Rng rng = base::Rng(seed).fork("fuzzer");
  std::vector<ChoiceString> corpus(1);
  for (std::size_t i = 0; i < choices_first; ++i) {
    corpus.front().push_back(static_cast<std::uint8_t>(rng.below(256)));
  }
  std::set<std::uint32_t> known;
  for (; report.runs < runs && report.violations.empty(); ++report.runs) {
    ChoiceString choices = corpus.front();
    if (report.runs > 0) choices = changed(rng.pick(corpus), rng.pick(corpus), rng);
    const ChosenRun result = run(choices);
    const std::size_t before = known.size();
    known.insert(result.situations.begin(), result.situations.end());
    if (!result.violations.empty()) {
      report.violations = result.violations;
      report.failing = choices;
    }
    if (known.size() > before) corpus.push_back(std::move(choices));
  }
  report.kept = corpus.size();
  report.situations = known.size();
  return report;
}

}  // namespace sim
