// What happens in one run, all of it drawn from the seed: how many nodes, which of them lie and
// how, what the network, the disks and the power do until `chaos_ends`, and what is asked of the
// mesh. Which kinds of fault a run has at all is drawn too, so that many runs have only one or two.
#pragma once

#include "base/rng.h"
#include "base/time.h"
#include "consensus/options.h"
#include "sim/agreement/byzantine/villainy.h"
#include "sim/choices.h"

#include <cstdint>
#include <string>
#include <vector>

namespace sim::agreement {

struct Plan {
  static constexpr base::Duration tail_max = std::chrono::seconds(5);

  std::uint64_t seed = 0;
  std::uint32_t members = 4;     // of the first committee
  std::uint32_t identities = 4;  // with those that only observe at first
  struct Liar {
    std::uint32_t identity = 0;
    std::vector<Villainy> ways;
  };
  std::vector<Liar> liars;

  // ---- the network until chaos ends; afterwards 1 to 20 ms and no loss ----
  base::Duration chaos_ends{};
  base::Duration latency_max{};
  std::uint32_t loss_ppm = 0;
  std::uint32_t replay_ppm = 0;
  bool partitions = false;
  std::uint32_t tail_ppm = 0;  // takes 2, 4, 8, ... times as long
  std::uint32_t rate = 0;      // bytes a second from one to another; 0: as many as there are
  base::Duration sync_max{};   // of a disk, while chaos lasts
  std::int64_t drift_ppm_max = 0;

  struct Crash {
    base::Duration at{};
    base::Duration until{};
    std::vector<std::uint32_t> identities;  // of honest ones
  };
  std::vector<Crash> crashes;  // loss of power, several at once
  struct Rollback {            // its disk is put back to what it was then: a restored copy
    std::uint32_t identity = 0;
    base::Duration copied{};
    base::Duration restored{};
    base::Duration again{};  // power is lost once more, after it may have found out
  };
  std::vector<Rollback> rollbacks;
  struct Jump {  // of a wall clock: it is set to so much before or after the right time
    base::Duration at{};
    std::uint32_t identity = 0;
    std::int64_t offset_ms = 0;
  };
  std::vector<Jump> jumps;
  // Honest ones that are down for good once chaos ends.
  std::vector<std::uint32_t> dead;

  struct Submission {
    base::Duration at{};
    base::Bytes op;
    std::vector<std::uint32_t> to;
  };
  std::vector<Submission> submissions;
  // Twins by the book: while a node is in view i + 1, it reaches those instances only whose bit in
  // splits[i] is its own.
  std::vector<std::uint32_t> splits;
  // B28: until chaos ends, each message's way and each of a liar's draws takes one of these.
  ChoiceString choices;
  base::Duration blackout{};  // when the fickle fall silent
  base::Duration patience = std::chrono::seconds(120);
  consensus::Weakness weakness = consensus::Weakness::none;
  bool trace = false;  // what happened last is told, too

  // The longest that something which was sent in chaos can be under way.
  [[nodiscard]] base::Duration under_way_max() const;
  [[nodiscard]] bool lies(std::uint32_t identity) const;
  // Some liar floods the mesh with ops.
  [[nodiscard]] bool floods() const;
  // Some liar lies about round trips.
  [[nodiscard]] bool misleads() const;
  // None of the liars does anything but be silent.
  [[nodiscard]] bool liars_are_silent() const;
};

struct PlanOptions {
  std::uint32_t members = 0;  // 0: the seed chooses
  consensus::Weakness weakness = consensus::Weakness::none;
  std::uint32_t twins_views = 0;    // if not 0: seeds count the plans of make_twins_plan()
  std::vector<Villainy> ways = {};  // if any: as many liars as there may be, and all lie like this
  bool trace = false;
};
[[nodiscard]] Plan make_plan(std::uint64_t seed, const PlanOptions& options);
// One of all small runs with a twin (Bano et al., Twins: BFT Systems Made Robust, 2020): four
// members, one of whom is two, and in each of the first views the five instances are split in two.
// Leaders follow from the epoch, so which member is the twin stands for who leads when. Numbers
// from 0 up to twins_plans().
[[nodiscard]] Plan make_twins_plan(std::uint64_t number, std::uint32_t views);
[[nodiscard]] std::uint64_t twins_plans(std::uint32_t views);

}  // namespace sim::agreement
