// Makes a failing scenario smaller while it still violates the same property (delta debugging;
// Zeller and Hildebrandt, TSE 2002). In this order, because each step makes the next ones cheaper:
// fewer faults, fewer calls, fewer nodes, shorter faults, quiet links, an earlier end.
#pragma once

#include "sim/outcome.h"
#include "sim/scenario.h"

#include <cstdint>
#include <functional>
#include <string>

namespace sim {

struct ShrinkOptions {
  std::uint32_t runs_max = 400;
  // Asked before each run; true ends the search with what was found so far.
  std::function<bool()> stop = {};
  // How a candidate is judged: the name of the first violated checker, or "". Nothing = run() it.
  std::function<std::string(const Scenario&)> judge = {};
};

struct Shrunk {
  Scenario scenario;
  std::string checker;  // empty: the scenario does not fail, nothing was done
  std::uint32_t runs = 0;
};

[[nodiscard]] Shrunk shrink(const Scenario& failing, const ShrinkOptions& options = {});

}  // namespace sim
