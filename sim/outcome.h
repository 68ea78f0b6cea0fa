// What a run came to.
#pragma once

#include "base/ids.h"
#include "base/time.h"
#include "sim/coverage.h"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace sim {

// A property did not hold. `checker` names the property; shrinking keeps to the same one.
struct Violation {
  std::string checker;
  base::Duration at{};
  std::string text;
  bool operator==(const Violation&) const = default;
};

struct Figures {
  base::Duration simulated{};
  std::uint64_t events = 0;
  std::uint64_t datagrams = 0;
  std::uint64_t datagram_bytes = 0;
  std::uint64_t link_bytes = 0;
  std::uint64_t signature_checks = 0;  // asked for by all nodes
  std::uint64_t signatures = 0;        // distinct ones among them, which were computed
  std::uint64_t calls = 0;
  std::uint64_t calls_succeeded = 0;
  std::uint64_t decisions = 0;     // ops
  std::uint64_t views = 0;         // of agreement, that ended in a decision or were skipped
  std::uint64_t deaths = 0;        // distinct members that were seen dead
  std::uint64_t false_deaths = 0;  // and were not; counted even where they are excused
  // From the start until every node knew every other for the first time.
  std::optional<base::Duration> first_convergence;
  // From the end of chaos until all views were right again.
  std::optional<base::Duration> settled_after;
  // The longest time between a crash and the last survivor's knowing of it.
  std::optional<base::Duration> slowest_detection;
};

struct Outcome {
  std::vector<Violation> violations;  // in order; at most violations_max are kept
  base::Digest digest;                // of all inputs and effects: equal runs, equal digests
  Coverage coverage;
  std::set<std::uint32_t> situations;  // of a run by choices (sim/agreement/situation.h)
  Figures figures;
  std::string trace;  // the last events as text, if something was violated or it was asked for

  static constexpr std::size_t violations_max = 16;
};

}  // namespace sim
