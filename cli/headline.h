// The rows of `parley bench headline`: what the field says happens to calls between agents, beside
// what happens here. A row is a measurement; whoever measures (the simulator, real processes) makes
// the values, and what they are compared with is the same.
#pragma once

#include "base/result.h"
#include "cli/report.h"
#include "sim/headline/bad_agent.h"
#include "sim/headline/chains.h"
#include "sim/headline/fleet.h"
#include "sim/headline/prices.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace cli {

struct HeadlineRow {
  std::string name;
  double ours = 0;
  std::string unit;             // share, ratio, attempts, ms, s, errors, requests
  std::optional<double> field;  // the number it stands beside
  std::string reference;        // where that comes from: its arithmetic, or its source
  std::string target;           // ">= 0.999", "" = none
  std::optional<bool> met;
};

struct HeadlineOptions {
  std::uint64_t seed = 1;
  std::uint32_t chains = 20'000;  // of the rows with ten agents of 95 %; others follow from it
  // Told how much of all is done and what is measured; true ends it with the rows so far.
  std::function<bool(double share, const std::string& what)> progress = {};
  // With real nodes: told what became of a call that failed, and in which measurement.
  std::function<void(const std::string& what, const std::string& story)> failed = {};
};

// One of each kind of row, from what was measured in whichever way. `providers` 0: without a mesh.
[[nodiscard]] HeadlineRow chain_row(std::uint32_t length, std::uint32_t percent,
                                    std::uint32_t providers,
                                    const sim::headline::ChainResult& result);
[[nodiscard]] std::vector<HeadlineRow> cost_of_chains_rows(
    const sim::headline::ChainResult& bare, const sim::headline::ChainResult& meshed);
[[nodiscard]] std::vector<HeadlineRow> fleet_rows(
    const std::vector<sim::headline::FleetResult>& at_30_60_80,
    const sim::headline::FleetResult& moving);
[[nodiscard]] std::vector<HeadlineRow> price_rows(const sim::headline::PricesResult& result);
[[nodiscard]] std::vector<HeadlineRow> bad_agent_rows(const sim::headline::BadAgentResult& result);

// All of them on the simulator.
[[nodiscard]] std::vector<HeadlineRow> measure_headline(const HeadlineOptions& options);

// The ones that can be seen from outside, with real nodes on this machine: fewer chains, in real
// time, and without what only the simulator sees of breakers. The error is one sentence.
[[nodiscard]] base::Result<std::vector<HeadlineRow>, std::string> rehearse_headline(
    const HeadlineOptions& options);
// The policy of the chains.
[[nodiscard]] mesh::Policy chain_policy();

[[nodiscard]] Json described(const std::vector<HeadlineRow>& rows);
// What was assumed: the agents, their faults, and the policies, for people.
[[nodiscard]] std::string headline_assumptions(const HeadlineOptions& options);

}  // namespace cli
