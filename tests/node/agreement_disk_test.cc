// Starts that fail half-way: whatever the next one finds, a key votes again only if its promises
// are known.
#include "node/agreement_disk.h"

#include "storage/database.h"
#include "storage/log_format.h"
#include "storage/spent_keys.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>

namespace node {
namespace {

class AgreementDiskTest : public testing::Test {
 protected:
  AgreementDiskTest() {
    key_.bytes[0] = std::byte{7};
    std::string name = (std::filesystem::temp_directory_path() / "agreement-disk-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~AgreementDiskTest() override { std::filesystem::remove_all(folder_); }

  auto open() { return AgreementDisk::open(io_, folder_.string(), key_); }
  bool votes() {
    auto disk = open();
    EXPECT_TRUE(disk) << disk.error();
    return disk && !(*disk)->take_stored().key_spent;
  }
  // A file that cannot be written, whoever runs this.
  void obstruct(const char* file) { std::filesystem::create_directory(folder_ / file); }
  void clear(const char* file) { std::filesystem::remove(folder_ / file); }

  // Promises, synced one by one, and a byte of the first of them is another.
  void damage_log() {
    std::mutex mutex;
    std::condition_variable changed;
    std::uint64_t synced = 0;
    auto opened = storage::OrderedLog::open(
        folder_ / "agreement.log", {}, [](const std::function<void()>& run) { run(); },
        [&](std::uint64_t position, base::Duration) {
          const std::lock_guard lock(mutex);
          synced = position;
          changed.notify_all();
        });
    ASSERT_TRUE(opened);
    for (std::uint64_t i = 1; i <= 3; ++i) {
      ASSERT_TRUE(opened->log->append(i, base::to_bytes("promise")));
      opened->log->sync(i);
      std::unique_lock lock(mutex);
      ASSERT_TRUE(changed.wait_for(lock, std::chrono::seconds(20), [&] { return synced >= i; }));
    }
    opened->log.reset();
    std::fstream file(folder_ / "agreement.log", std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(storage::log_head_bytes + 45));
    file.put('!');
  }
  std::string log_bytes() const {
    std::ifstream file(folder_ / "agreement.log", std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  asio::io_context io_;
  base::NodeId key_;
  std::filesystem::path folder_;
};

TEST_F(AgreementDiskTest, AStartThatFailsBeforeTheKeyHasBegunHasPromisedNothing) {
  obstruct("voter.begun");
  EXPECT_FALSE(open());
  EXPECT_TRUE(std::filesystem::exists(folder_ / "agreement.log"));
  clear("voter.begun");
  EXPECT_TRUE(votes());
  EXPECT_TRUE(storage::has_begun(folder_.string(), key_));
  EXPECT_TRUE(votes());
}

TEST_F(AgreementDiskTest, AStartThatCannotMarkAKeyAsSpentLeavesTheDamagedLogWhereItIs) {
  ASSERT_TRUE(votes());
  damage_log();
  const std::string before = log_bytes();
  obstruct("voter.spent");
  for (int i = 0; i < 2; ++i) {
    EXPECT_FALSE(open());
    EXPECT_EQ(log_bytes(), before);
  }
  clear("voter.spent");
  EXPECT_FALSE(votes());
  EXPECT_FALSE(votes()) << "although the log is whole by now";
}

TEST_F(AgreementDiskTest, GivesUpWhenMoreThanItMayHoldWaitsForTheDisk) {
  auto disk = open();
  ASSERT_TRUE(disk);
  auto database = storage::Database::open(folder_ / "decisions.db");
  ASSERT_TRUE(database);
  ASSERT_TRUE(
      database->execute("CREATE TRIGGER full BEFORE INSERT ON decisions "
                        "BEGIN SELECT RAISE(ABORT, 'no room'); END"));
  kernel::StoredDecision decision;
  decision.height = 1;
  decision.block = base::Bytes(1'000);
  (*disk)->carry_out(kernel::StoreDecisions{.decisions = {decision}, .changes = {}});
  int gave_up = 0;
  std::string said;
  const auto watch = [&](std::size_t waiting_max) {
    (*disk)->watch([&](base::Severity, const std::string& text) { said += text; },
                   [&] { ++gave_up; }, waiting_max);
  };
  watch(2'000);
  EXPECT_EQ(gave_up, 0);
  watch(500);
  EXPECT_EQ(gave_up, 1);
  EXPECT_NE(said.find("1000 bytes of decisions wait for the disk"), std::string::npos) << said;
  (*disk)->shut_down();
}

TEST_F(AgreementDiskTest, AFreshKeyVotesThoughTheStartThatSpentTheOldOneFailedHalfWay) {
  ASSERT_TRUE(votes());
  damage_log();
  ASSERT_TRUE(storage::mark_spent(folder_.string(), key_));
  key_.bytes[0] = std::byte{8};
  EXPECT_TRUE(votes());
  EXPECT_TRUE(votes());
  key_.bytes[0] = std::byte{7};
  EXPECT_FALSE(votes());
}

// The log that went with the old key, and was damaged, is whole again by now, but it is another.
TEST_F(AgreementDiskTest, AKeyThatWasReplacedNeverVotesAgain) {
  ASSERT_TRUE(votes());
  damage_log();
  key_.bytes[0] = std::byte{8};
  ASSERT_TRUE(votes());
  key_.bytes[0] = std::byte{7};
  EXPECT_FALSE(votes());
  EXPECT_TRUE(storage::is_spent(folder_.string(), key_));
  key_.bytes[0] = std::byte{8};
  EXPECT_TRUE(votes());
}

TEST_F(AgreementDiskTest, AStartThatFailsBetweenTheMarkAndTheNewLogFindsTheKeySpent) {
  ASSERT_TRUE(votes());
  // As a start leaves it that was killed right after it marked the key.
  std::filesystem::remove(folder_ / "agreement.log");
  ASSERT_TRUE(storage::mark_spent(folder_.string(), key_));
  EXPECT_FALSE(votes());
  EXPECT_TRUE(std::filesystem::exists(folder_ / "agreement.log"));
  EXPECT_FALSE(votes());
}

TEST_F(AgreementDiskTest, ALostLogSpendsTheKeyOfWhoPromisedSomething) {
  ASSERT_TRUE(votes());
  std::filesystem::remove(folder_ / "agreement.log");
  obstruct("voter.spent");
  EXPECT_FALSE(open());
  EXPECT_FALSE(std::filesystem::exists(folder_ / "agreement.log")) << "else it looked whole";
  clear("voter.spent");
  EXPECT_FALSE(votes());
  EXPECT_FALSE(votes());
}

// Found out while it ran; what was written failed at first, and is tried again.
TEST_F(AgreementDiskTest, AKeyThatIsSpentInOneRunVotesInNoLaterOne) {
  {
    auto disk = open();
    ASSERT_TRUE(disk);
    obstruct("voter.spent");
    (*disk)->carry_out(kernel::SpendKey{key_});
    EXPECT_NE((*disk)->trouble(), "");
    clear("voter.spent");
    (*disk)->watch([](base::Severity, const std::string&) {}, [] {});
    (*disk)->shut_down();
    EXPECT_EQ((*disk)->trouble(), "");
  }
  EXPECT_FALSE(votes());
  EXPECT_FALSE(votes());
}

}  // namespace
}  // namespace node
