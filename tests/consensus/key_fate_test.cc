#include "consensus/key_fate.h"

#include <gtest/gtest.h>

namespace consensus {
namespace {

using Log = PromisesFound::Log;
using Mark = KeyFate::Mark;
using Why = KeyFate::Why;

KeyFate spent(Why why) {
  return {.mark = Mark::spent, .votes = false, .why = why};
}

TEST(KeyFateTest, AKeyOnAnEmptyDiskVotesOnceItIsMarked) {
  EXPECT_EQ(fate_of({}), KeyFate{});
  EXPECT_EQ(KeyFate{}.mark, Mark::begun);
}

TEST(KeyFateTest, AKeyWithItsLogGoesOn) {
  EXPECT_EQ(fate_of({.log = Log::whole, .begun = true, .spent = false, .decided = true}),
            KeyFate{});
  // Power failed between the first log and its mark.
  EXPECT_EQ(fate_of({.log = Log::whole, .begun = false, .spent = false, .decided = false}),
            KeyFate{});
}

TEST(KeyFateTest, AKeyWhoseLogIsGoneIsSpentIfThereWasOne) {
  EXPECT_EQ(fate_of({.log = Log::missing, .begun = true, .spent = false, .decided = false}),
            spent(Why::lost));
  EXPECT_EQ(fate_of({.log = Log::missing, .begun = false, .spent = false, .decided = true}),
            spent(Why::lost));
}

TEST(KeyFateTest, AKeyWhoseLogIsDamagedIsSpentWhateverElseIsThere) {
  for (const bool begun : {false, true}) {
    for (const bool decided : {false, true}) {
      EXPECT_EQ(fate_of({.log = Log::damaged, .begun = begun, .spent = false, .decided = decided}),
                spent(Why::damaged));
    }
  }
}

TEST(KeyFateTest, ASpentKeyStaysSpentWithTheFreshLogOfTheNextRun) {
  EXPECT_EQ(fate_of({.log = Log::whole, .begun = true, .spent = true, .decided = true}),
            spent(Why::spent_before));
}

}  // namespace
}  // namespace consensus
