#include "consensus/key_fate.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <functional>
#include <vector>

namespace consensus {
namespace {

using Log = PromisesFound::Log;
using Why = KeyFate::Why;

PromisesFound found(Log log, bool begun, bool spent, bool decided) {
  return {.log = log,
          .begun = begun,
          .spent = spent,
          .decided = decided,
          .others_marked = false,
          .replaced = false};
}

TEST(KeyFateTest, AKeyOnAnEmptyDiskVotesOnceItHasALogAndIsMarked) {
  const KeyFate fate = fate_of({});
  EXPECT_TRUE(fate.votes());
  EXPECT_EQ(fate.steps, (std::array{KeyStep::open_log, KeyStep::mark_begun}));
}

TEST(KeyFateTest, AKeyWithItsLogGoesOn) {
  EXPECT_TRUE(fate_of(found(Log::whole, true, false, true)).votes());
  // Power failed between the first log and its mark.
  EXPECT_TRUE(fate_of(found(Log::whole, false, false, false)).votes());
}

TEST(KeyFateTest, AKeyWhoseLogIsGoneIsSpentIfThereWasOne) {
  EXPECT_EQ(fate_of(found(Log::missing, true, false, false)).why, Why::lost);
  EXPECT_EQ(fate_of(found(Log::missing, false, false, true)).why, Why::lost);
}

TEST(KeyFateTest, AFreshKeyVotesThoughTheNodeHasDecidedAndItsOldLogWasMovedAway) {
  PromisesFound moved = found(Log::missing, false, false, true);
  moved.others_marked = true;
  EXPECT_TRUE(fate_of(moved).votes());
  moved.begun = true;
  EXPECT_EQ(fate_of(moved).why, Why::lost) << "it is not fresh";
}

TEST(KeyFateTest, AFreshKeyVotesThoughTheDamagedLogOfTheOldOneIsStillThere) {
  PromisesFound left = found(Log::damaged, false, false, true);
  left.others_marked = true;
  EXPECT_TRUE(fate_of(left).votes());
  left.begun = true;
  EXPECT_EQ(fate_of(left).why, Why::damaged) << "it is not fresh";
  left.begun = false;
  left.spent = true;
  EXPECT_EQ(fate_of(left).why, Why::spent_before);
}

TEST(KeyFateTest, AKeyWhoseLogIsDamagedIsSpentUnlessOthersWroteIt) {
  for (const bool begun : {false, true}) {
    for (const bool decided : {false, true}) {
      EXPECT_EQ(fate_of(found(Log::damaged, begun, false, decided)).why, Why::damaged);
    }
  }
}

TEST(KeyFateTest, AKeyThatWasReplacedIsSpentThoughThereIsALog) {
  PromisesFound back = found(Log::whole, true, false, true);
  back.others_marked = true;
  EXPECT_TRUE(fate_of(back).votes());
  back.replaced = true;
  EXPECT_EQ(fate_of(back).why, Why::replaced);
}

TEST(KeyFateTest, ASpentKeyStaysSpentWithTheFreshLogOfTheNextRun) {
  EXPECT_EQ(fate_of(found(Log::whole, true, true, true)).why, Why::spent_before);
}

// A disk, and whether what the key promised is in the log that it has.
struct Disk {
  PromisesFound holds;
  bool promised = false;
  bool remembers = false;
};

void take(KeyStep step, Disk& disk) {
  switch (step) {
    case KeyStep::mark_begun:
      disk.holds.begun = true;
      return;
    case KeyStep::mark_spent:
      disk.holds.spent = true;
      return;
    case KeyStep::open_log:
      disk.holds.log = Log::whole;
      return;
  }
}

using Policy = std::function<KeyFate(const PromisesFound&)>;

// Starts again and again, with power that fails after each number of steps, or a log that is lost
// in between. True if the key ever votes without the promises that it made.
bool forgets(const Policy& policy, const Disk& disk, int starts) {
  const KeyFate fate = policy(disk.holds);
  Disk next = disk;
  for (std::size_t steps = 0; steps <= fate.steps.size(); ++steps) {
    if (steps > 0) take(fate.steps[steps - 1], next);
    if (starts > 0 && forgets(policy, next, starts - 1)) return true;
  }
  if (!fate.votes()) return false;
  if (next.promised && !next.remembers) return true;
  next.promised = true;
  next.remembers = true;
  if (starts == 0) return false;
  std::vector<Disk> fates{next, next, next};
  for (Disk& lost : fates) lost.holds.decided = true;
  fates[1].holds.log = Log::missing;
  fates[2].holds.log = Log::damaged;
  for (std::size_t i = 1; i < fates.size(); ++i) fates[i].remembers = false;
  for (const Disk& after : fates) {
    if (forgets(policy, after, starts - 1)) return true;
  }
  return false;
}

TEST(KeyFateTest, NoKeyVotesWithoutItsPromisesWhereverPowerFails) {
  EXPECT_FALSE(forgets(fate_of, {}, 5));
  Disk others;  // another key voted here
  others.holds.decided = true;
  others.holds.others_marked = true;
  EXPECT_FALSE(forgets(fate_of, others, 5));
  others.holds.log = Log::damaged;  // and its log was not moved aside yet
  EXPECT_FALSE(forgets(fate_of, others, 5));
}

TEST(KeyFateTest, InTheOtherOrderASpentKeyWouldVoteAgain) {
  const Policy log_first = [](const PromisesFound& disk) {
    KeyFate fate = fate_of(disk);
    if (!fate.votes()) fate.steps = {KeyStep::open_log, KeyStep::mark_spent};
    return fate;
  };
  EXPECT_TRUE(forgets(log_first, {}, 5));
}

}  // namespace
}  // namespace consensus
