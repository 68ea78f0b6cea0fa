#include "node/kernel/archive_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace kernel {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::size_t bytes_max = 1'000;

class ArchiveQueueTest : public testing::Test {
 protected:
  static StoredDecision decision(std::uint64_t height) {
    StoredDecision out;
    out.height = height;
    out.block = base::Bytes(300);
    return out;
  }
  // The heights that go to the disk in this step.
  std::vector<std::uint64_t> decide(std::vector<std::uint64_t> heights) {
    Effects effects;
    for (const std::uint64_t height : heights) {
      queue_.change("k", base::to_bytes(std::to_string(height)));
      queue_.add(decision(height));
    }
    queue_.flush(effects);
    std::vector<std::uint64_t> out;
    for (const Effect& effect : effects) {
      if (const auto* store = std::get_if<StoreDecisions>(&effect)) {
        for (const StoredDecision& stored : store->decisions) out.push_back(stored.height);
      }
      if (std::holds_alternative<base::Notice>(effect)) ++notices_;
    }
    return out;
  }
  std::vector<StoreState> stored(std::uint64_t height) {
    Effects effects;
    queue_.on_stored(height, state_, effects);
    std::vector<StoreState> out;
    for (const Effect& effect : effects) {
      if (const auto* whole = std::get_if<StoreState>(&effect)) out.push_back(*whole);
    }
    return out;
  }

  ArchiveQueue queue_{bytes_max};
  ledger::State state_;
  int notices_ = 0;
};

TEST_F(ArchiveQueueTest, GivesTheDecisionsOfAStepAsOneTransaction) {
  EXPECT_THAT(decide({1, 2}), ElementsAre(1, 2));
  EXPECT_THAT(decide({}), IsEmpty());
  EXPECT_THAT(stored(2), IsEmpty());
  EXPECT_THAT(queue_.passed_over(), IsEmpty());
}

TEST_F(ArchiveQueueTest, KeepsNothingMoreWhileTheDiskTakesNothing) {
  EXPECT_THAT(decide({1}), ElementsAre(1));
  EXPECT_THAT(decide({2}), ElementsAre(2));
  EXPECT_THAT(decide({3}), ElementsAre(3));
  EXPECT_THAT(decide({4}), IsEmpty());
  EXPECT_THAT(decide({5, 6}), IsEmpty());
  EXPECT_EQ(notices_, 1) << "it is said once";
  EXPECT_THAT(stored(2), IsEmpty()) << "3 still waits";
  EXPECT_THAT(decide({7}), IsEmpty()) << "also if there is room again: 4 is not there";
}

TEST_F(ArchiveQueueTest, StoresTheStateAsAWholeOnceAllThatWaitsIsThere) {
  for (std::uint64_t height = 1; height <= 6; ++height) decide({height});
  const auto whole = stored(3);
  ASSERT_THAT(whole, SizeIs(1));
  EXPECT_EQ(whole[0].decision.height, 6U);
  EXPECT_EQ(whole[0].passed_over, (PassedOver{4, 5}));
  EXPECT_THAT(queue_.passed_over(), ElementsAre(PassedOver{4, 5}));
  EXPECT_THAT(decide({7}), ElementsAre(7)) << "on top of it";
  EXPECT_THAT(stored(7), IsEmpty());
}

TEST_F(ArchiveQueueTest, PassesOverNothingIfOnlyTheNewestDidNotFit) {
  for (std::uint64_t height = 1; height <= 4; ++height) decide({height});
  const auto whole = stored(3);
  ASSERT_THAT(whole, SizeIs(1));
  EXPECT_EQ(whole[0].decision.height, 4U);
  EXPECT_EQ(whole[0].passed_over, std::nullopt);
  EXPECT_THAT(queue_.passed_over(), IsEmpty());
}

TEST_F(ArchiveQueueTest, OneOfAnySizeMayAlwaysWait) {
  EXPECT_THAT(decide({1, 2, 3, 4, 5}), ElementsAre(1, 2, 3, 4, 5));
  EXPECT_THAT(decide({6}), IsEmpty());
  EXPECT_THAT(stored(5), SizeIs(1));
}

TEST_F(ArchiveQueueTest, ASnapshotThatComesMeanwhileIsWhatIsStored) {
  for (std::uint64_t height = 1; height <= 4; ++height) decide({height});
  Effects effects;
  queue_.keep(KeepPiece{.index = 1, .bytes = {}}, effects);
  queue_.install(decision(100), 5, state_, effects);
  EXPECT_THAT(effects, IsEmpty());
  const auto whole = stored(3);
  ASSERT_THAT(whole, SizeIs(1));
  EXPECT_EQ(whole[0].decision.height, 100U);
  EXPECT_EQ(whole[0].passed_over, (PassedOver{4, 99}));
}

TEST_F(ArchiveQueueTest, ASnapshotIsStoredAtOnceIfTheDiskTakesWhatItIsGiven) {
  decide({1});
  Effects effects;
  queue_.keep(KeepPiece{.index = 1, .bytes = {}}, effects);
  queue_.change("k", base::to_bytes("of a step that the snapshot ends"));
  queue_.install(decision(100), 2, state_, effects);
  ASSERT_THAT(effects, SizeIs(2));
  EXPECT_EQ(std::get<StoreState>(effects[1]).passed_over, (PassedOver{2, 99}));
  effects.clear();
  queue_.add(decision(101));
  queue_.flush(effects);
  ASSERT_THAT(effects, SizeIs(1));
  EXPECT_THAT(std::get<StoreDecisions>(effects[0]).changes, IsEmpty());
}

}  // namespace
}  // namespace kernel
