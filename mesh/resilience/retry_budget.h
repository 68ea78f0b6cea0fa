// How many retries and hedges the callers of one capability may send (after Finagle's RetryBudget
// and the retry tokens of Google's SRE book, chapter 21): every call pays in a share of an attempt,
// every further attempt takes a whole one. However bad the providers are, all attempts thus stay
// within (1 + ratio) * calls + reserve, after any number of calls.
//
// What is paid in and not taken does not expire, but only that of the last hundred calls is kept: a
// long good time cannot pay for a storm, in which further attempts make bad worse.
#pragma once

#include "base/recent_table.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace mesh::resilience {

class RetryBudget {
 public:
  static constexpr std::uint32_t reserve = 10;      // so that a rare call may be retried too
  static constexpr std::uint32_t calls_kept = 100;  // whose shares are kept, above the reserve

  void on_call(double ratio);             // the first attempt of a call
  [[nodiscard]] bool take();              // false: no further attempt
  void give_back() { tokens_ += whole; }  // what was taken: that attempt was not made
  [[nodiscard]] double tokens() const;

 private:
  // In millionths, so that ten tenths are one.
  static constexpr std::int64_t whole = 1'000'000;
  std::int64_t tokens_ = reserve * whole;  // 0 to (reserve + calls_kept * ratio) * whole
};

// One for each capability that is called; the longest unused goes first and comes back full.
class RetryBudgets {
 public:
  static constexpr std::size_t capabilities_max = 1'024;

  // Valid until the next call of of().
  [[nodiscard]] RetryBudget& of(std::string_view capability) { return budgets_.use(capability); }

 private:
  base::RecentTable<std::string, RetryBudget> budgets_{capabilities_max};
};

}  // namespace mesh::resilience
