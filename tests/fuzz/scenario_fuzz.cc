// Any text as a scenario: read within its limits or refused, and what was read is written so that
// it reads the same.
#include "base/check.h"
#include "sim/scenario.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto scenario =
      sim::Scenario::parse(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!scenario) return 0;
  CHECK(scenario->nodes <= sim::Scenario::nodes_max);
  CHECK(scenario->faults.size() <= sim::Scenario::faults_max);
  const auto again = sim::Scenario::parse(scenario->to_text());
  CHECK(again.has_value());
  CHECK(*again == *scenario);
  return 0;
}
