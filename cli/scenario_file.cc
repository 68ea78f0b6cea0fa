#include "cli/scenario_file.h"

#include <fstream>
#include <iostream>
#include <iterator>
#include <utility>

namespace cli {

base::Result<sim::Scenario, std::string> read_scenario(const std::string& name) {
  std::string text;
  if (name == "-") {
    text.assign(std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>());
  } else {
    std::ifstream file(name);
    if (!file) return base::Unexpected{"cannot read the scenario " + name};
    text.assign(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  auto scenario = sim::Scenario::parse(text);
  if (!scenario) {
    return base::Unexpected{name + ":" + std::to_string(scenario.error().line) + ": " +
                            scenario.error().text};
  }
  return std::move(*scenario);
}

}  // namespace cli
