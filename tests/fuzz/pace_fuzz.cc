// Any values in the headers by which agents slow their callers down, grade themselves and say how
// hard a request is: what comes out is within its bounds.
#include "base/check.h"
#include "mesh/judge/complexity.h"
#include "mesh/judge/pace.h"
#include "tests/fuzz/fuzzed_input.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::array<std::string_view, 12> names{"retry-after",
                                                   "retry-after-ms",
                                                   "date",
                                                   "ratelimit",
                                                   "ratelimit-reset",
                                                   "ratelimit-remaining",
                                                   "x-ratelimit-reset",
                                                   "x-ratelimit-remaining",
                                                   "x-ratelimit-reset-tokens",
                                                   "x-ratelimit-remaining-tokens",
                                                   "anthropic-ratelimit-tokens-reset",
                                                   "anthropic-ratelimit-tokens-remaining"};
  constexpr std::array<int, 4> statuses{200, 429, 500, 503};
  fuzz::Input input(data, size);
  mesh::AnswerHead head;
  head.status = statuses.at(input.below(statuses.size()));
  mesh::ComplexityEstimator estimator{.base = 0.1, .per_kilobyte = 0.5, .keywords = {}};
  while (!input.empty() && head.headers.size() < 20) {
    const std::string_view name = names.at(input.below(names.size()));
    head.headers.push_back({std::string(name), input.text()});
    const std::string& value = head.headers.back().value;
    if (const auto share = mesh::judge::parse_share(value)) CHECK(*share >= 0 && *share <= 1);
    estimator.keywords.emplace_back(value, 0.25);
    const double hard = mesh::judge::estimate_complexity(estimator, value, {}, value);
    CHECK(hard >= 0 && hard <= 1);
  }
  if (const auto wait = mesh::judge::retry_after(head)) {
    CHECK(*wait > base::Duration::zero());
    CHECK(*wait <= mesh::judge::retry_after_max);
  }
  return 0;
}
