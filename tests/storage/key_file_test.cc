#include "storage/key_file.h"

#include "storage/data_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace storage {
namespace {

using testing::HasSubstr;

class KeyFileTest : public testing::Test {
 protected:
  KeyFileTest() {
    std::string pattern = "/tmp/parley-key-XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
    path_ = directory_ + "/identity.key";
  }
  ~KeyFileTest() override { std::filesystem::remove_all(directory_); }

  void write(const std::string& text) {
    std::ofstream(path_) << text;
    ::chmod(path_.c_str(), 0600);
  }
  std::string read() {
    std::ifstream file(path_);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::string refusal() {
    const auto key = load_key(directory_, KeyKind::identity);
    return key ? "accepted" : key.error().text();
  }

  std::string directory_;
  std::string path_;
};

TEST_F(KeyFileTest, IsMadeOnceAndThenTheSame) {
  const auto made = load_or_create_key(directory_, KeyKind::identity);
  ASSERT_TRUE(made);
  EXPECT_FALSE(made->is_zero());
  EXPECT_EQ(*load_or_create_key(directory_, KeyKind::identity), *made);
  EXPECT_EQ(*load_key(directory_, KeyKind::identity), *made);
}

TEST_F(KeyFileTest, IsReadableForItsOwnerOnlyAndLeavesNoDraft) {
  ASSERT_TRUE(load_or_create_key(directory_, KeyKind::identity));
  struct stat status {};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory_), {}), 1);
}

TEST_F(KeyFileTest, TwoKindsAreTwoKeys) {
  EXPECT_NE(*load_or_create_key(directory_, KeyKind::identity),
            *load_or_create_key(directory_, KeyKind::voter));
}

TEST_F(KeyFileTest, SaysThatThereIsNone) {
  EXPECT_THAT(refusal(), HasSubstr(path_ + ": there is no key; make one with parley keygen"));
}

TEST_F(KeyFileTest, RefusesAFileThatOthersMayRead) {
  ASSERT_TRUE(load_or_create_key(directory_, KeyKind::identity));
  ::chmod(path_.c_str(), 0640);
  EXPECT_THAT(refusal(), HasSubstr("others may read or change it; run chmod 600"));
}

TEST_F(KeyFileTest, RefusesEveryTruncationAndNeverReplacesTheFile) {
  ASSERT_TRUE(load_or_create_key(directory_, KeyKind::identity));
  const std::string whole = read();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    write(whole.substr(0, size));
    EXPECT_FALSE(load_or_create_key(directory_, KeyKind::identity)) << size;
    EXPECT_EQ(read().size(), size);
  }
}

TEST_F(KeyFileTest, RefusesEveryChangedDigit) {
  ASSERT_TRUE(load_or_create_key(directory_, KeyKind::identity));
  const std::string whole = read();
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string bent = whole;
    bent[at] = bent[at] == '0' ? '1' : '0';
    write(bent);
    EXPECT_FALSE(load_key(directory_, KeyKind::identity)) << at;
  }
}

TEST_F(KeyFileTest, NamesWhatIsWrongWithGarbage) {
  write("");
  EXPECT_THAT(refusal(), HasSubstr("is empty"));
  write("hello\n");
  EXPECT_THAT(refusal(), HasSubstr("is no key file"));
  write("parley voter key v1\nsecret 00\npublic 00\n");
  EXPECT_THAT(refusal(), HasSubstr("its first line is not \"parley identity key v1\""));
  write("parley identity key v1\nsecret 00\npublic 00\n");
  EXPECT_THAT(refusal(), HasSubstr("a key is 64 hexadecimal digits"));
  write("parley identity key v1\nsecret " + std::string(64, '0') + "\npublic " +
        std::string(64, '0') + "\n");
  EXPECT_THAT(refusal(), HasSubstr("do not belong together"));
}

TEST_F(KeyFileTest, FullDiskLeavesNoHalfKey) {
  ::signal(SIGXFSZ, SIG_IGN);
  struct rlimit before {};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const struct rlimit tiny { 40, before.rlim_max };
  ::setrlimit(RLIMIT_FSIZE, &tiny);
  const auto key = load_or_create_key(directory_, KeyKind::identity);
  ::setrlimit(RLIMIT_FSIZE, &before);
  ASSERT_FALSE(key);
  EXPECT_THAT(key.error().text(), HasSubstr("cannot write it"));
  EXPECT_TRUE(std::filesystem::is_empty(directory_));
  EXPECT_TRUE(load_or_create_key(directory_, KeyKind::identity));
}

TEST_F(KeyFileTest, ValidatorIsTextAndBack) {
  const auto validator = load_or_create_validator(directory_);
  ASSERT_TRUE(validator);
  const std::string text = validator->to_string();
  EXPECT_EQ(text.size(), 4U + 64U + 1U + 64U);
  EXPECT_EQ(Validator::parse(text), *validator);
  EXPECT_EQ(Validator::parse(text + "0"), std::nullopt);
  EXPECT_EQ(Validator::parse("pv2" + text.substr(3)), std::nullopt);
  EXPECT_EQ(Validator::parse(""), std::nullopt);
}

TEST_F(KeyFileTest, DirectoryIsHeldByOneAtATime) {
  {
    const auto held = DataDirectory::open(directory_ + "/node");
    ASSERT_TRUE(held);
    const auto second = DataDirectory::open(directory_ + "/node");
    ASSERT_FALSE(second);
    EXPECT_THAT(second.error().text(), HasSubstr("another node runs with this data directory"));
  }
  EXPECT_TRUE(DataDirectory::open(directory_ + "/node"));
}

TEST_F(KeyFileTest, DirectoryThatCannotBeMadeIsNamed) {
  write("a file");
  const auto refused = DataDirectory::open(path_ + "/below");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().text(), HasSubstr("cannot make the data directory"));
}

}  // namespace
}  // namespace storage
