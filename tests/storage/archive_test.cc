#include "storage/archive.h"

#include "storage/database.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <string>
#include <thread>

namespace storage {
namespace {

using Pieces = std::vector<std::pair<std::uint32_t, base::Bytes>>;

class ArchiveTest : public testing::Test {
 protected:
  ArchiveTest() {
    std::string name = (std::filesystem::temp_directory_path() / "archive-XXXXXX").string();
    folder = ::mkdtemp(name.data());
    open();
  }
  ~ArchiveTest() override {
    archive.reset();
    std::filesystem::remove_all(folder);
  }

  void open() {
    archive.reset();
    auto opened = Archive::open(
        folder, {}, [](const std::function<void()>& run) { run(); },
        [this](std::uint64_t height) { say([&] { committed = height; }); });
    ASSERT_TRUE(opened) << opened.error().text();
    archive = std::move(*opened);
  }
  Archived load() {
    auto archived = archive->load();
    EXPECT_TRUE(archived);
    return archived ? std::move(*archived) : Archived{};
  }
  // What is posted comes from the archive's thread here.
  void say(const std::function<void()>& change) {
    const std::lock_guard lock(mutex);
    change();
    changed.notify_all();
  }
  void wait(const std::function<bool()>& condition) {
    std::unique_lock lock(mutex);
    EXPECT_TRUE(changed.wait_for(lock, std::chrono::seconds(20), condition));
  }
  void commit(std::uint64_t height, std::vector<DocumentChange> changes = {}, bool proven = true) {
    archive->commit({block(height, proven)}, std::move(changes));
  }
  static DecidedBlock block(std::uint64_t height, bool proven = true) {
    return {.height = height,
            .epoch = 1,
            .block = base::to_bytes("block " + std::to_string(height)),
            .proof = base::to_bytes(proven ? "proof" : ""),
            .ops = {op(2 * height), op(2 * height + 1)},
            .events = base::to_bytes("events " + std::to_string(height))};
  }
  static base::Digest op(std::uint64_t number) {
    base::Digest id;
    id.bytes[0] = static_cast<std::byte>(number);
    return id;
  }
  std::vector<std::uint64_t> range(std::uint64_t from, std::size_t blocks_max,
                                   std::size_t bytes_max = 1'000'000) {
    std::optional<std::vector<DecidedBlock>> read;
    archive->read_range(from, blocks_max, bytes_max, [&](std::vector<DecidedBlock> blocks) {
      say([&] { read = std::move(blocks); });
    });
    wait([&] { return read.has_value(); });
    std::vector<std::uint64_t> heights;
    for (const DecidedBlock& each : *read) heights.push_back(each.height);
    return heights;
  }

  std::filesystem::path folder;
  std::unique_ptr<Archive> archive;
  std::mutex mutex;
  std::condition_variable changed;
  std::uint64_t committed = 0;
};

TEST_F(ArchiveTest, KeepsTheNewestBlockWithItsState) {
  EXPECT_FALSE(load().newest);
  commit(1, {{"a", base::to_bytes("1")}, {"b", base::to_bytes("2")}});
  commit(2, {{"a", std::nullopt}, {"c", base::to_bytes("3")}});
  archive->save_epoch(0, base::to_bytes("end of 0"));
  wait([&] { return committed == 2; });
  open();
  const Archived archived = load();
  ASSERT_TRUE(archived.newest);
  EXPECT_EQ(archived.newest->height, 2U);
  EXPECT_EQ(base::as_text(archived.newest->block), "block 2");
  EXPECT_EQ(archived.state,
            (std::vector<Document>{{"b", base::to_bytes("2")}, {"c", base::to_bytes("3")}}));
  EXPECT_EQ(archived.epochs, (std::vector<base::Bytes>{base::to_bytes("end of 0")}));
}

TEST_F(ArchiveTest, OfADocumentThatManyBlocksChangeTheLastChangeCounts) {
  for (std::uint64_t height = 1; height <= 9; ++height) {
    commit(height, {{"a", base::to_bytes(std::to_string(height))}, {"b", base::to_bytes("x")}});
  }
  commit(10, {{"b", std::nullopt}});
  wait([&] { return committed == 10; });
  commit(11, {{"c", base::to_bytes("3")}});
  wait([&] { return committed == 11; });
  open();
  EXPECT_EQ(load().state,
            (std::vector<Document>{{"a", base::to_bytes("9")}, {"c", base::to_bytes("3")}}));
}

TEST_F(ArchiveTest, ARangeEndsWithAProof) {
  for (std::uint64_t height = 1; height <= 9; ++height) commit(height, {}, height % 3 == 0);
  wait([&] { return committed == 9; });
  EXPECT_EQ(range(1, 100), (std::vector<std::uint64_t>{1, 2, 3, 4, 5, 6, 7, 8, 9}));
  EXPECT_EQ(range(1, 5), (std::vector<std::uint64_t>{1, 2, 3}));
  EXPECT_EQ(range(4, 1), (std::vector<std::uint64_t>{4, 5, 6}));
  EXPECT_EQ(range(1, 100, 10), (std::vector<std::uint64_t>{1, 2, 3}));
  EXPECT_EQ(range(10, 5), (std::vector<std::uint64_t>{}));
}

TEST_F(ArchiveTest, FindsAnOpAndTheNewestBlocks) {
  for (std::uint64_t height = 1; height <= 5; ++height) commit(height);
  std::optional<std::optional<OpPlace>> found;
  archive->find_op(op(7),
                   [&](std::optional<OpPlace> place) { say([&] { found = std::move(place); }); });
  wait([&] { return found.has_value(); });
  ASSERT_TRUE(*found);
  ASSERT_EQ((*found)->blocks.size(), 1U);
  EXPECT_EQ((*found)->blocks.front().height, 3U);
  EXPECT_EQ((*found)->index, 1U);
  std::optional<std::vector<DecidedBlock>> newest;
  archive->read_newest(
      5, 2, [&](std::vector<DecidedBlock> blocks) { say([&] { newest = std::move(blocks); }); });
  wait([&] { return newest.has_value(); });
  ASSERT_EQ(newest->size(), 2U);
  EXPECT_EQ(newest->front().height, 4U);
  found.reset();
  archive->find_op(op(99),
                   [&](std::optional<OpPlace> place) { say([&] { found = std::move(place); }); });
  wait([&] { return found.has_value(); });
  EXPECT_FALSE(*found);
}

// While the disk takes nothing.
class FullDiskTest : public ArchiveTest {
 protected:
  FullDiskTest() {
    for (std::uint64_t height = 1; height <= 5; ++height) commit(height);
    wait([&] { return committed == 5; });
    auto opened = Database::open(folder / "decisions.db");
    EXPECT_TRUE(opened);
    disk.emplace(std::move(*opened));
    EXPECT_TRUE(
        disk->execute("CREATE TRIGGER full BEFORE INSERT ON decisions "
                      "BEGIN SELECT RAISE(ABORT, 'no room'); END"));
    commit(6, {}, false);
    while (archive->health().healthy) std::this_thread::yield();
    commit(7);
  }
  void make_room() { EXPECT_TRUE(disk->execute("DROP TRIGGER full")); }
  std::vector<std::uint64_t> newest(std::uint64_t below, std::size_t blocks_max) {
    std::optional<std::vector<std::uint64_t>> heights;
    archive->read_newest(below, blocks_max, [&](const std::vector<DecidedBlock>& blocks) {
      say([&] {
        heights.emplace();
        for (const DecidedBlock& each : blocks) heights->push_back(each.height);
      });
    });
    wait([&] { return heights.has_value(); });
    return *heights;
  }
  // Of the op's block and what proves it.
  std::vector<std::uint64_t> find(std::uint64_t number) {
    std::optional<std::vector<std::uint64_t>> heights;
    archive->find_op(op(number), [&](const std::optional<OpPlace>& place) {
      say([&] {
        heights.emplace();
        for (std::size_t i = 0; place && i < place->blocks.size(); ++i) {
          heights->push_back(place->blocks[i].height);
        }
        if (place) heights->push_back(100 + place->index);
      });
    });
    wait([&] { return heights.has_value(); });
    return *heights;
  }

  std::optional<Database> disk;
};

using Heights = std::vector<std::uint64_t>;

TEST_F(FullDiskTest, ReadsSeeWhatWaits) {
  EXPECT_EQ(range(3, 100), (Heights{3, 4, 5, 6, 7}));
  EXPECT_EQ(range(6, 1), (Heights{6, 7})) << "up to a proof";
  EXPECT_EQ(range(5, 1), (Heights{5}));
  EXPECT_EQ(range(8, 100), (Heights{}));
  EXPECT_EQ(newest(100, 4), (Heights{7, 6, 5, 4}));
  EXPECT_EQ(newest(7, 1), (Heights{6}));
  EXPECT_EQ(newest(5, 9), (Heights{4, 3, 2, 1}));
  EXPECT_EQ(find(13), (Heights{6, 7, 101}));
  EXPECT_EQ(find(4), (Heights{2, 100}));
  EXPECT_EQ(find(99), (Heights{}));
  make_room();
  wait([&] { return committed == 7; });
  EXPECT_EQ(range(3, 100), (Heights{3, 4, 5, 6, 7}));
  EXPECT_EQ(find(13), (Heights{6, 7, 101}));
}

TEST_F(FullDiskTest, ReadersDoNotKeepItFromBeingTriedAgain) {
  const std::uint64_t failures = archive->health().failures;
  while (archive->health().failures < failures + 3) find(99);
  make_room();
  while (archive->health().waiting_bytes > 0) find(99);
  EXPECT_TRUE(archive->health().healthy);
}

TEST_F(FullDiskTest, SaysHowMuchWaits) {
  const std::size_t waiting = archive->health().waiting_bytes;
  EXPECT_GT(waiting, 100U);
  archive->commit({block(8)}, {{"k", base::Bytes(1'000)}});
  EXPECT_GE(archive->health().waiting_bytes, waiting + 1'000);
  make_room();
  wait([&] { return committed == 8; });
  EXPECT_EQ(archive->health().waiting_bytes, 0U);
}

TEST_F(ArchiveTest, AnInstalledStateReplacesAll) {
  commit(1, {{"a", base::to_bytes("1")}});
  archive->keep_piece(7, base::to_bytes("part of it"));
  open();
  EXPECT_EQ(load().pieces, (Pieces{{7, base::to_bytes("part of it")}}));
  archive->install(block(40), {{"z", base::to_bytes("26")}}, Gap{4, 39});
  wait([&] { return committed == 40; });
  open();
  const Archived archived = load();
  EXPECT_EQ(archived.newest->height, 40U);
  EXPECT_EQ(archived.state, (std::vector<Document>{{"z", base::to_bytes("26")}}));
  EXPECT_TRUE(archived.pieces.empty());
  EXPECT_EQ(archived.gaps, (std::vector<Gap>{{4, 39}}));
}

TEST_F(ArchiveTest, WhatOpsChangedIsKeptWithTheirBlock) {
  commit(1);
  open();
  EXPECT_EQ(load().newest->events, base::to_bytes("events 1"));
  std::optional<std::vector<DecidedBlock>> newest;
  archive->read_newest(
      5, 2, [&](std::vector<DecidedBlock> blocks) { say([&] { newest = std::move(blocks); }); });
  wait([&] { return newest.has_value(); });
  ASSERT_EQ(newest->size(), 1U);
  EXPECT_EQ(newest->front().events, base::to_bytes("events 1"));
}

// Also while it is open, and where there is none.
TEST_F(ArchiveTest, ADocumentIsReadWithoutOpeningTheArchive) {
  const auto none = Archive::read_document(folder / "elsewhere", "mesh");
  ASSERT_TRUE(none);
  EXPECT_EQ(*none, std::nullopt);
  commit(1, {{"mesh", base::to_bytes("this one")}});
  wait([&] { return committed == 1; });
  const auto found = Archive::read_document(folder, "mesh");
  ASSERT_TRUE(found) << found.error().text();
  EXPECT_EQ(*found, base::to_bytes("this one"));
  EXPECT_EQ(*Archive::read_document(folder, "other"), std::nullopt);
  archive.reset();
  EXPECT_EQ(*Archive::read_document(folder, "mesh"), base::to_bytes("this one"));
}

}  // namespace
}  // namespace storage
