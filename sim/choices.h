// B28: strings of bytes that decide what happens, and a search among them that learns. Whatever
// is to be chosen takes the next byte; strings that bring nodes into situations that none before
// did are kept, and the next ones are made from them.
#pragma once

#include "sim/outcome.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <vector>

namespace sim {

using ChoiceString = std::vector<std::uint8_t>;

// The string again and again, each time shifted, so that a short one decides a whole run.
class Choices {
 public:
  explicit Choices(const ChoiceString& string) : string_(string) {}

  [[nodiscard]] bool any() const { return !string_.empty(); }
  std::uint8_t next() {
    const std::size_t round = taken_ / string_.size();
    const std::uint8_t choice = string_[taken_ % string_.size()];
    ++taken_;
    return static_cast<std::uint8_t>(choice + 37 * round);
  }

 private:
  const ChoiceString& string_;  // outlives this
  std::size_t taken_ = 0;
};

struct ChosenRun {
  std::vector<Violation> violations;
  std::set<std::uint32_t> situations;  // which inputs met nodes in which state
};
struct SearchReport {
  std::uint64_t runs = 0;
  std::size_t kept = 0;        // strings
  std::size_t situations = 0;  // that any run reached
  std::vector<Violation> violations;
  ChoiceString failing;  // that led to them
};

// Ends with the first violation.
[[nodiscard]] SearchReport search_choices(
    std::uint64_t seed, std::uint64_t runs,
    const std::function<ChosenRun(const ChoiceString& choices)>& run);

}  // namespace sim
