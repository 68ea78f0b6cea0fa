// What tests of whole runs begin and end with. For tests only.
#pragma once

#include "sim/outcome.h"
#include "sim/scenario.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace sim {

// A scenario that is written without its first line, which says the version of the format.
inline Scenario parsed(std::string_view text) {
  auto scenario = Scenario::parse("parley-scenario 1\n" + std::string(text));
  EXPECT_TRUE(scenario.has_value()) << scenario.error().line << ": " << scenario.error().text;
  return scenario ? scenario.value() : Scenario{};
}

// Each violation on a line; "" if there are none.
inline std::string complaints(const Outcome& outcome) {
  std::string text;
  for (const Violation& violation : outcome.violations) {
    text += violation.checker + ": " + violation.text + "\n";
  }
  return text;
}

}  // namespace sim
