// Two price levels: cheap novices that do well at simple requests and badly at hard ones, and dear
// experts. What routing by expected cost comes to beside an even split of the same requests, under
// the same policy otherwise, where callers are often wrong about what is hard.
#pragma once

#include "mesh/policy_table.h"
#include "sim/headline/chains.h"

#include <cstdint>

namespace sim::headline {

struct PricesPlan {
  std::uint64_t seed = 1;
  std::uint32_t cheap = 3;  // agents of each level
  std::uint32_t dear = 3;
  std::uint32_t cheap_costs = 100;  // millionths of the currency
  std::uint32_t dear_costs = 1'000;
  std::uint32_t hard = 200'000;              // ppm of the requests
  std::uint32_t misjudged = 100'000;         // ppm of what callers say of them
  std::uint32_t wrong = 20'000;              // ppm of all answers of any agent
  std::uint32_t cheap_hard_wrong = 500'000;  // ppm of a novice's answers to hard requests, besides
  std::uint32_t calls = 20'000;
  mesh::Policy policy;  // its route is set for each of both
  Play play = simulate;
};

struct PricesResult {
  struct Way {
    std::uint32_t calls = 0;
    std::uint32_t good = 0;
    double cost = 0;      // of all attempts, in millionths for each call
    double attempts = 0;  // for each call
    double mean_ms = 0;
    [[nodiscard]] double success() const { return calls == 0 ? 0 : double{1} * good / calls; }
  };
  Way split;  // round_robin
  Way cost;
  [[nodiscard]] double saving() const { return split.cost > 0 ? 1 - cost.cost / split.cost : 0; }
};

[[nodiscard]] PricesResult run_prices(const PricesPlan& plan, const Progress& progress = {});

}  // namespace sim::headline
