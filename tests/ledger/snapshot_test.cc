#include "ledger/snapshot.h"

#include "base/rng.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace ledger {
namespace {

State filled(std::size_t documents) {
  Changes changes;
  for (std::size_t i = 0; i < documents; ++i) {
    changes.emplace("key/" + std::to_string(i), base::to_bytes(std::string(i % 50, 'x')));
  }
  return State().with(changes);
}

TEST(SnapshotTest, BringsTheSameStateInAnyOrderOfBuckets) {
  const State state = filled(2000);
  auto snapshot = Snapshot::begin(state.root(), encode_manifest(state));
  ASSERT_TRUE(snapshot);
  base::Rng rng(5);
  while (!snapshot->complete()) {
    const std::vector<std::size_t> missing = snapshot->missing(16);
    const std::size_t index = rng.pick(missing);
    ASSERT_TRUE(snapshot->on_bucket(index, encode_bucket(state.bucket(index))));
  }
  EXPECT_TRUE(snapshot->missing(1).empty());
  EXPECT_EQ(snapshot->state().root(), state.root());
  EXPECT_EQ(snapshot->state().size(), 2000U);
  EXPECT_EQ(snapshot->state().bytes(), state.bytes());
  EXPECT_EQ(snapshot->state().under("key/").size(), 2000U);
}

TEST(SnapshotTest, OfAnEmptyStateIsCompleteAtOnce) {
  const auto snapshot = Snapshot::begin(State().root(), encode_manifest(State()));
  ASSERT_TRUE(snapshot);
  EXPECT_TRUE(snapshot->complete());
  EXPECT_EQ(snapshot->state().root(), State().root());
}

TEST(SnapshotTest, RefusesAManifestOfAnotherRoot) {
  const State state = filled(10);
  base::Bytes manifest = encode_manifest(state);
  manifest[4000] ^= std::byte{1};
  EXPECT_EQ(Snapshot::begin(state.root(), manifest).error(), SnapshotError::other_digest);
  manifest.pop_back();
  EXPECT_EQ(Snapshot::begin(state.root(), manifest).error(), SnapshotError::malformed);
}

TEST(SnapshotTest, RefusesEveryBucketThatWasChanged) {
  const State state = filled(3000);
  auto snapshot = Snapshot::begin(state.root(), encode_manifest(state));
  ASSERT_TRUE(snapshot);
  const std::size_t index = snapshot->missing(1).front();
  const base::Bytes right = encode_bucket(state.bucket(index));
  for (std::size_t i = 0; i < right.size(); ++i) {
    base::Bytes wrong = right;
    wrong[i] ^= std::byte{1};
    EXPECT_FALSE(snapshot->on_bucket(index, wrong)) << i;
  }
  for (std::size_t size = 0; size < right.size(); ++size) {
    EXPECT_FALSE(snapshot->on_bucket(index, base::ByteView(right).first(size))) << size;
  }
  EXPECT_TRUE(snapshot->on_bucket(index, right));
  EXPECT_EQ(snapshot->on_bucket(index, right).error(), SnapshotError::unasked);
}

TEST(SnapshotTest, RefusesABucketInThePlaceOfAnother) {
  const State state = filled(3000);
  auto snapshot = Snapshot::begin(state.root(), encode_manifest(state));
  ASSERT_TRUE(snapshot);
  const std::vector<std::size_t> missing = snapshot->missing(2);
  ASSERT_EQ(missing.size(), 2U);
  EXPECT_EQ(snapshot->on_bucket(missing[0], encode_bucket(state.bucket(missing[1]))).error(),
            SnapshotError::malformed);
  EXPECT_EQ(snapshot->on_bucket(State::bucket_count, {}).error(), SnapshotError::unasked);
}

}  // namespace
}  // namespace ledger
