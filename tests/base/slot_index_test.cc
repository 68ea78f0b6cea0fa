#include "base/slot_index.h"

#include "base/rng.h"

#include <gtest/gtest.h>

#include <iterator>
#include <map>

namespace base {
namespace {

TEST(SlotIndexTest, FindsNothingInAnEmptyOne) {
  EXPECT_EQ(SlotIndex().find(7, [](SlotIndex::Slot) { return true; }), std::nullopt);
}

TEST(SlotIndexTest, TellsTwoOfOneHashApart) {
  SlotIndex index;
  index.insert(5, 1);
  index.insert(5, 2);
  EXPECT_EQ(index.find(5, [](SlotIndex::Slot slot) { return slot == 2; }), 2U);
  index.erase(5, 1);
  EXPECT_EQ(index.find(5, [](SlotIndex::Slot) { return true; }), 2U);
}

// Few places and hashes that crowd, so that holes are closed in every way there is.
TEST(SlotIndexTest, HoldsWhatATreeHolds) {
  Rng rng(1);
  SlotIndex index;
  std::map<SlotIndex::Slot, std::uint64_t> tree;
  for (SlotIndex::Slot step = 0; step < 20'000; ++step) {
    const std::uint64_t hash = rng.next() % 24;
    const bool add = tree.size() < 40 && rng.next() % 2 == 0;
    if (add) {
      index.insert(hash, step);
      tree.emplace(step, hash);
    } else if (!tree.empty()) {
      const auto gone = std::next(tree.begin(), static_cast<long>(rng.next() % tree.size()));
      index.erase(gone->second, gone->first);
      tree.erase(gone);
    }
    ASSERT_EQ(index.size(), tree.size());
    for (const auto& [slot, its_hash] : tree) {
      ASSERT_EQ(index.find(its_hash, [&](SlotIndex::Slot s) { return s == slot; }), slot);
    }
  }
}

TEST(SlotIndexTest, SpreadsNumbersThatAreCountedUp) {
  std::map<std::uint64_t, int> low;
  for (std::uint64_t i = 0; i < 64; ++i) ++low[spread(i) & 63U];
  EXPECT_GT(low.size(), 24U);
}

}  // namespace
}  // namespace base
