#include "storage/ordered_log.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <condition_variable>
#include <csignal>
#include <fstream>
#include <mutex>
#include <string>
#include <thread>

namespace storage {
namespace {

class OrderedLogTest : public testing::Test {
 protected:
  OrderedLogTest() {
    std::string name = (std::filesystem::temp_directory_path() / "ordered-log-XXXXXX").string();
    folder = ::mkdtemp(name.data());
  }
  ~OrderedLogTest() override {
    log.reset();
    std::filesystem::remove_all(folder);
  }

  OrderedLog::Opened open() {
    log.reset();
    synced = 0;
    auto opened = OrderedLog::open(
        folder / "log",
        {.grow_by = 4096,
         .waiting_bytes_max = 64 * 1024,
         .retry_after = std::chrono::milliseconds(5)},
        [](const std::function<void()>& run) { run(); },
        [this](std::uint64_t position, base::Duration) {
          const std::lock_guard lock(mutex);
          synced = position;
          changed.notify_all();
        });
    EXPECT_TRUE(opened) << opened.error().text();
    log = std::move(opened->log);
    return std::move(*opened);
  }
  void append(std::uint64_t position, const std::string& text) {
    ASSERT_TRUE(log->append(position, base::to_bytes(text)));
  }
  void wait_synced(std::uint64_t position) {
    std::unique_lock lock(mutex);
    EXPECT_TRUE(
        changed.wait_for(lock, std::chrono::seconds(20), [&] { return synced >= position; }));
  }
  std::vector<std::string> texts(const OrderedLog::Opened& opened) {
    std::vector<std::string> out;
    for (const base::Bytes& record : opened.content.records) {
      out.emplace_back(base::as_text(record));
    }
    return out;
  }

  std::filesystem::path folder;
  std::unique_ptr<OrderedLog> log;
  std::mutex mutex;
  std::condition_variable changed;
  std::uint64_t synced = 0;
};

TEST_F(OrderedLogTest, KeepsWhatWasSynced) {
  EXPECT_TRUE(open().content.records.empty());
  append(1, "one");
  append(2, "two");
  log->sync(2);
  wait_synced(2);
  append(3, "three");
  log->sync(3);
  wait_synced(3);
  const auto opened = open();
  EXPECT_EQ(texts(opened), (std::vector<std::string>{"one", "two", "three"}));
  EXPECT_EQ(opened.content.position, 3U);
  EXPECT_EQ(opened.content.ending, LogEnding::whole);
}

TEST_F(OrderedLogTest, GoesOnBehindATornTail) {
  open();
  append(1, "one");
  log->sync(1);
  wait_synced(1);
  log.reset();
  const auto size = std::filesystem::file_size(folder / "log");
  base::Bytes part;
  append_log_record(2, 1, base::to_bytes(std::string(5000, 'x')), part);
  part.resize(2000);
  {
    std::fstream file(folder / "log", std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(log_head_bytes + 40 + 8));
    file.write(reinterpret_cast<const char*>(part.data()),
               static_cast<std::streamsize>(part.size()));
  }
  EXPECT_GE(std::filesystem::file_size(folder / "log"), size);
  EXPECT_EQ(open().content.ending, LogEnding::torn);
  append(2, "two");
  log->sync(2);
  wait_synced(2);
  const auto opened = open();
  EXPECT_EQ(texts(opened), (std::vector<std::string>{"one", "two"}));
  EXPECT_EQ(opened.content.ending, LogEnding::whole);
}

TEST_F(OrderedLogTest, ARewriteStandsForWhatWasBefore) {
  open();
  for (std::uint64_t i = 1; i <= 50; ++i) append(i, "old " + std::to_string(i));
  log->sync(50);
  wait_synced(50);
  append(51, "unsynced");
  log->rewrite({base::to_bytes("a"), base::to_bytes("b")}, 51);
  append(52, "behind");
  log->sync(52);
  wait_synced(52);
  const auto opened = open();
  EXPECT_EQ(texts(opened), (std::vector<std::string>{"a", "b", "behind"}));
  EXPECT_EQ(opened.content.position, 52U);
  EXPECT_FALSE(std::filesystem::exists(folder / "log.new"));
}

TEST_F(OrderedLogTest, ADamagedLogIsMovedAside) {
  open();
  for (std::uint64_t i = 1; i <= 4; ++i) {
    append(i, "record " + std::to_string(i));
    log->sync(i);
    wait_synced(i);
  }
  log.reset();
  {
    std::fstream file(folder / "log", std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(log_head_bytes + 45));
    file.put('!');
  }
  const auto opened = open();
  EXPECT_EQ(opened.content.ending, LogEnding::damaged);
  EXPECT_TRUE(std::filesystem::exists(opened.moved_to));
  EXPECT_TRUE(open().content.records.empty());
}

TEST_F(OrderedLogTest, ADiskWithoutRoomIsTriedUntilThereIsSome) {
  open();
  append(1, "one");
  log->sync(1);
  wait_synced(1);
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const auto heeded = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{.rlim_cur = 8192, .rlim_max = before.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &small);
  append(2, std::string(20'000, 'x'));
  log->sync(2);
  while (log->health().healthy) std::this_thread::yield();
  EXPECT_NE(log->health().detail.find("make room"), std::string::npos);
  {
    const std::lock_guard lock(mutex);
    EXPECT_EQ(synced, 1U);
  }
  ::setrlimit(RLIMIT_FSIZE, &before);
  wait_synced(2);
  std::signal(SIGXFSZ, heeded);
  EXPECT_TRUE(log->health().healthy);
  EXPECT_EQ(open().content.records.size(), 2U);
}

TEST_F(OrderedLogTest, SaysWhenTooMuchWaits) {
  open();
  const std::string large(8 * 1024, 'x');
  std::uint64_t position = 0;
  while (position < 20 && log->append(position + 1, base::to_bytes(large))) ++position;
  EXPECT_EQ(position, 8U);
}

}  // namespace
}  // namespace storage
