#include "storage/log_format.h"

#include <gtest/gtest.h>

#include <string>

namespace storage {
namespace {

// Three batches of two records, each batch synced before the next was written.
base::Bytes six_records() {
  base::Bytes file;
  append_log_head(10, file);
  for (std::uint64_t i = 1; i <= 6; ++i) {
    append_log_record(10 + i, 10 + (i - 1) / 2 * 2, base::to_bytes(std::string(i * 3, 'x')), file);
  }
  return file;
}

std::vector<std::size_t> sizes(const LogContent& content) {
  std::vector<std::size_t> out;
  for (const base::Bytes& record : content.records) out.push_back(record.size());
  return out;
}

TEST(LogFormatTest, IsReadBackAsItWas) {
  base::Bytes file = six_records();
  const std::size_t bytes = file.size();
  file.resize(bytes + 4096);
  const LogContent content = read_log(file);
  EXPECT_EQ(sizes(content), (std::vector<std::size_t>{3, 6, 9, 12, 15, 18}));
  EXPECT_EQ(content.position, 16U);
  EXPECT_EQ(content.bytes, bytes);
  EXPECT_EQ(content.ending, LogEnding::whole);
}

TEST(LogFormatTest, NothingIsAWholeLog) {
  EXPECT_EQ(read_log({}).ending, LogEnding::whole);
}

TEST(LogFormatTest, ACutAnywhereBehindTheHeadIsATornTail) {
  const base::Bytes file = six_records();
  for (std::size_t length = log_head_bytes; length < file.size(); ++length) {
    const LogContent content = read_log(base::ByteView(file).first(length));
    EXPECT_NE(content.ending, LogEnding::damaged) << length;
    EXPECT_LT(content.records.size(), 6U);
    EXPECT_LE(content.bytes, length);
  }
}

TEST(LogFormatTest, AChangedByteWithPromisesBehindItIsDamage) {
  const base::Bytes good = six_records();
  // The last batch starts where the fifth record does.
  const std::size_t last_batch = read_log(good).bytes - (40 + 24) - (40 + 16);
  for (std::size_t at = 0; at < last_batch; ++at) {
    base::Bytes file = good;
    file[at] ^= std::byte{0x10};
    const LogContent content = read_log(file);
    // Padding is not part of anything.
    if (content.records.size() == 6) continue;
    EXPECT_EQ(content.ending, LogEnding::damaged) << at;
  }
}

TEST(LogFormatTest, WithinTheLastUnsyncedBatchAHoleIsATornTail) {
  base::Bytes file = six_records();
  const std::size_t fifth = read_log(file).bytes - (40 + 24) - (40 + 16);
  file[fifth + 45] ^= std::byte{1};
  const LogContent content = read_log(file);
  EXPECT_EQ(content.ending, LogEnding::torn);
  EXPECT_EQ(content.position, 14U);
}

TEST(LogFormatTest, AnotherFileIsDamage) {
  EXPECT_EQ(read_log(base::to_bytes(std::string(100, 'z'))).ending, LogEnding::damaged);
  EXPECT_EQ(read_log(base::to_bytes("short")).ending, LogEnding::damaged);
}

TEST(LogFormatTest, ARecordOfAnotherPlaceDoesNotCount) {
  base::Bytes file;
  append_log_head(0, file);
  append_log_record(1, 0, base::to_bytes("one"), file);
  append_log_record(3, 0, base::to_bytes("three"), file);
  const LogContent content = read_log(file);
  EXPECT_EQ(content.position, 1U);
  EXPECT_EQ(content.ending, LogEnding::torn);
}

}  // namespace
}  // namespace storage
