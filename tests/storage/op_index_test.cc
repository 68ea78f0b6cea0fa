#include "storage/op_index.h"

#include "crypto/digest.h"
#include "storage/schema.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <optional>
#include <string>

namespace storage {
namespace {

class OpIndexTest : public testing::Test {
 protected:
  OpIndexTest() : folder_(std::filesystem::temp_directory_path() / name()) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    database_.emplace(*Database::open(folder_ / "decisions.db"));
    EXPECT_TRUE(migrate(*database_, archive_schema()));
    open();
  }
  ~OpIndexTest() override {
    index_.reset();
    database_.reset();
    std::filesystem::remove_all(folder_);
  }
  static std::string name() {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    return std::string("parley-op-index-") + test->name() + std::to_string(::getpid());
  }
  void open() {
    index_.reset();
    index_.emplace(*OpIndex::open(*database_));
  }
  static base::Digest id(std::uint64_t number) {
    return crypto::digest(base::as_bytes(std::to_string(number)));
  }
  // A transaction with the ops from `first` on, each in a block of its own.
  void add(std::uint64_t first, std::uint64_t count) {
    ASSERT_TRUE(database_->execute("BEGIN"));
    index_->begin();
    for (std::uint64_t i = first; i < first + count; ++i) {
      index_->note(id(i), {.height = i, .index = i % OpIndex::places_max});
    }
    ASSERT_TRUE(index_->add());
    ASSERT_TRUE(database_->execute("COMMIT"));
  }
  void expect_all(std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) {
      const auto found = index_->find(id(i));
      ASSERT_TRUE(found) << i;
      ASSERT_EQ(*found, (OpIndex::Place{.height = i, .index = i % OpIndex::places_max}));
    }
    EXPECT_FALSE(index_->find(id(count)));
  }

  std::filesystem::path folder_;
  std::optional<Database> database_;
  std::optional<OpIndex> index_;
};

TEST_F(OpIndexTest, FindsWhatManyTransactionsBroughtInFewRuns) {
  std::uint64_t count = 0;
  for (std::uint64_t i = 0; i < 100; ++i) {
    add(count, 1 + 7 * i % 50);
    count += 1 + 7 * i % 50;
  }
  EXPECT_LE(index_->runs(), 1U + 4U + 4U);  // 100 = 1 * 64 + 4 * 8 + 4
  expect_all(count);
  open();
  expect_all(count);
  add(count, 3'000);
  expect_all(count + 3'000);
}

TEST_F(OpIndexTest, MergesSmallRunsBesideLargeOnes) {
  std::uint64_t count = 0;
  for (int large = 0; large < 2; ++large, count += 150'000) add(count, 150'000);
  for (int small = 0; small < 200; ++small) add(count++, 1);
  EXPECT_LE(index_->runs(), 2U + 3U + 1U + 1U);  // 200 = 3 * 64 + 1 * 8
  EXPECT_TRUE(index_->find(id(0)));
  EXPECT_TRUE(index_->find(id(count - 1)));
}

TEST_F(OpIndexTest, ForgetsWhatATransactionThatFailedBrought) {
  for (std::uint64_t i = 0; i < 7; ++i) add(10 * i, 10);
  ASSERT_TRUE(database_->execute("BEGIN"));
  index_->begin();
  index_->note(id(70), {.height = 1, .index = 1});
  ASSERT_TRUE(index_->add());  // merges, too
  ASSERT_TRUE(database_->execute("ROLLBACK"));
  index_->roll_back();
  expect_all(70);
  add(70, 10);
  expect_all(80);
}

}  // namespace
}  // namespace storage
