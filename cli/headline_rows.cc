// What each measurement is called, and what it stands beside.
#include "cli/headline.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace cli {

namespace {

using sim::headline::BadAgentResult;
using sim::headline::ChainResult;
using sim::headline::FleetResult;
using sim::headline::PricesResult;

std::string text_of(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", value);
  return text;
}

HeadlineRow row(std::string name, double ours, std::string unit, std::optional<double> field,
                std::string reference) {
  return {.name = std::move(name),
          .ours = ours,
          .unit = std::move(unit),
          .field = field,
          .reference = std::move(reference),
          .target = {},
          .met = std::nullopt};
}
HeadlineRow at_least(HeadlineRow row, double target) {
  row.target = ">= " + text_of(target);
  row.met = row.ours >= target;
  return row;
}
HeadlineRow at_most(HeadlineRow row, double target) {
  row.target = "<= " + text_of(target);
  row.met = row.ours <= target;
  return row;
}

}  // namespace

HeadlineRow chain_row(std::uint32_t length, std::uint32_t percent, std::uint32_t providers,
                      const ChainResult& result) {
  const double share = percent / 100.0;
  const double all = std::pow(share, length);
  std::string name = "chain_" + std::to_string(length) + "x" + std::to_string(percent);
  name += providers == 0   ? "_bare"
          : providers == 1 ? "_1_agent"
                           : "_" + std::to_string(providers) + "_agents";
  HeadlineRow out =
      row(std::move(name), result.success(), "share", all,
          "without a mesh " + text_of(share) + "^" + std::to_string(length) + " = " + text_of(all));
  if (length == 10 && percent == 95 && providers == 2) return at_least(std::move(out), 0.999);
  return out;
}

std::vector<HeadlineRow> cost_of_chains_rows(const ChainResult& bare, const ChainResult& meshed) {
  constexpr std::uint32_t length = 10;
  return {
      at_most(row("attempts_per_call", meshed.attempts_per_call(), "attempts", 1.67,
                  "repeating the whole chain until it succeeds: 1 / 0.95^10 = 1.67 runs"),
              1.15),
      row("agent_runs_per_step", meshed.runs_per_step(length), "attempts", 1.67,
          "the same; parts of chains that ran again below a hedge or a wrong answer count here"),
      row("chain_10x95_bare_mean_ms", bare.mean_ms, "ms", std::nullopt,
          "of the chains that succeed"),
      row("chain_10x95_2_agents_mean_ms", meshed.mean_ms, "ms", bare.mean_ms,
          "the bare ones that succeed"),
      row("chain_10x95_2_agents_p99_ms", meshed.p99_ms, "ms", bare.p99_ms,
          "the bare ones that succeed"),
      row("chain_10x95_added_latency_ms", meshed.mean_ms - bare.mean_ms, "ms", 0,
          "both with 0.2 to 2 ms each way between nodes; the nodes' own work is measured by "
          "bench/run")};
}

std::vector<HeadlineRow> fleet_rows(const std::vector<FleetResult>& at_30_60_80,
                                    const FleetResult& moving) {
  const std::string even = "an even split of the calls: 0.74 * 1 + 0.26 * 10 = 3.34";
  double worst = 0;
  double answered = 1;
  for (const FleetResult& fleet : at_30_60_80) {
    worst = std::max(worst, fleet.ratio());
    answered = std::min(answered, static_cast<double>(fleet.good) / std::max(1U, fleet.calls));
  }
  std::vector<HeadlineRow> out{at_most(
      row("slow_fleet_mean_ratio", worst, "ratio", 3.34, "the worst of the loads; " + even), 1.05)};
  const char* const loads[] = {"30", "60", "80"};
  for (std::size_t i = 0; i < at_30_60_80.size() && i < 3; ++i) {
    out.push_back(at_most(row("slow_fleet_mean_ratio_at_" + std::string(loads[i]),
                              at_30_60_80[i].ratio(), "ratio", 3.34, even),
                          1.05));
  }
  out.push_back(at_most(
      row("slow_fleet_mean_ratio_moving", moving.ratio(), "ratio", 3.34,
          "at 60 % load, every 10 s one slow agent recovers and another gets slow; " + even),
      1.05));
  out.push_back(row("slow_fleet_answered", answered, "share", std::nullopt,
                    "the least of the three loads: what waits in no line may be refused"));
  return out;
}

std::vector<HeadlineRow> price_rows(const PricesResult& result) {
  return {
      at_least(row("cost_saving", result.saving(), "share", 0.5,
                   "beside an even split (" + text_of(result.split.cost / 1'000) +
                       " of the dear price each call, attempts included); RouteLLM (Ong et "
                       "al., 2024) reports more than 2 times cheaper"),
               0.5),
      at_least(row("cost_success_change", result.cost.success() - result.split.success(), "share",
                   0, "success of the even split: " + text_of(result.split.success())),
               0),
      row("cost_success", result.cost.success(), "share", result.split.success(), "the even split"),
      row("cost_attempts_per_call", result.cost.attempts, "attempts", result.split.attempts,
          "the even split"),
      row("cost_mean_ms", result.cost.mean_ms, "ms", result.split.mean_ms, "the even split")};
}

std::vector<HeadlineRow> bad_agent_rows(const BadAgentResult& result) {
  const double bare = result.chains / 3.0;
  const double beyond = static_cast<double>(result.leaked) - static_cast<double>(result.probes);
  return {at_most(row("bad_agent_visible_errors", result.visible_errors, "errors", bare,
                      "without a mesh a third of " + std::to_string(result.chains) +
                          " chains in that minute"),
                  0),
          row("bad_agent_asked", static_cast<double>(result.asked_bad), "requests", bare,
              "without a mesh a third of the chains"),
          row("bad_agent_probes", static_cast<double>(result.probes), "requests", std::nullopt,
              "by its callers, after their breakers opened"),
          at_most(row("bad_agent_leaked_beyond_probes", beyond, "requests", 0,
                      "what went there after a caller's breaker opened, without the probes"),
                  0),
          row("bad_agent_trips_after_s", base::in_seconds(result.trips_after), "s", std::nullopt,
              "until the breakers of all its callers had opened"),
          at_most(row("bad_agent_back_after_s", base::in_seconds(result.back_after), "s", 30,
                      "one open period (openFor 30s), and the time for three probes"),
                  30),
          row("bad_agent_mean_ms_during", result.mean_during_ms, "ms", result.mean_before_ms,
              "the chains before")};
}

Json described(const std::vector<HeadlineRow>& rows) {
  Json out = Json::array();
  for (const HeadlineRow& row : rows) {
    // Six digits are more than a measurement has.
    Json each{{"name", row.name},
              {"ours", std::round(row.ours * 1e6) / 1e6},
              {"unit", row.unit},
              {"field", row.field ? Json(std::round(*row.field * 1e6) / 1e6) : Json()},
              {"reference", row.reference},
              {"target", row.target.empty() ? Json() : Json(row.target)},
              {"met", row.met ? Json(*row.met) : Json()}};
    out.push_back(std::move(each));
  }
  return out;
}

}  // namespace cli
