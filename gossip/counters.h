// What membership measures of itself: totals since the start, gauges, and moving averages. Plain
// values; telemetry turns them into metrics.
#pragma once

#include "base/time.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace gossip {

// Counts of durations by upper bound; the last bucket has no bound.
struct DurationCounts {
  static constexpr std::array<std::int64_t, 9> bounds_ms{50,   100,  250,   500,  1000,
                                                         2500, 5000, 10000, 30000};
  std::array<std::uint64_t, bounds_ms.size() + 1> counts{};
  base::Duration sum{};

  void add(base::Duration value) {
    const auto milliseconds = value.count() / 1'000'000;
    std::size_t bucket = 0;
    while (bucket < bounds_ms.size() && milliseconds > bounds_ms.at(bucket)) ++bucket;
    ++counts.at(bucket);
    sum += value;
  }
  [[nodiscard]] std::uint64_t total() const {
    std::uint64_t total = 0;
    for (const std::uint64_t count : counts) total += count;
    return total;
  }
};

struct Counters {
  // Totals.
  std::uint64_t packets_sent = 0;
  std::uint64_t packets_received = 0;
  std::uint64_t bytes_sent = 0;  // an upper estimate of the encoded packets, without the seal
  std::uint64_t probes_sent = 0;
  std::uint64_t probes_failed = 0;
  std::uint64_t accusations_made = 0;
  std::uint64_t refutations = 0;   // records that we published because we were accused
  std::uint64_t false_alarms = 0;  // suspects that turned out to live
  std::uint64_t deaths = 0;
  std::uint64_t starvations = 0;
  std::uint64_t items_received = 0;  // records and accusations that came in
  std::uint64_t items_new = 0;       // of these, what was worth a signature check
  std::uint64_t items_shed = 0;      // not looked at, because this node was behind
  std::uint64_t items_refused = 0;   // out of bounds, over a rate, or with a bad signature
  std::uint64_t signatures_checked = 0;
  std::uint64_t syncs = 0;
  std::uint64_t records_published = 0;
  std::uint64_t reports_published = 0;  // observation reports
  std::uint64_t reports_received = 0;
  std::uint64_t reports_refused = 0;  // unsound, unasked, of a stranger or with a bad signature

  // Gauges.
  std::uint32_t rumors = 0;  // items still being told
  std::uint32_t checks_pending = 0;
  std::uint32_t candidates = 0;  // heard of from one introducer only, not yet admitted
  std::uint32_t reports = 0;     // observation reports of others that are held
  std::uint32_t health = 0;      // Lifeguard's multiplier, 0 = healthy

  // Measured.
  DurationCounts convergence;  // own record published -> a probed peer's table digest equals ours
  DurationCounts detection;    // first accusation seen -> dead in this view
};

}  // namespace gossip
