#include "node/config_watch.h"

#include <asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <vector>

namespace node {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class ConfigWatchTest : public testing::Test {
 protected:
  ConfigWatchTest() {
    std::string pattern = "/tmp/parley-watch-XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
  }
  ~ConfigWatchTest() override { std::filesystem::remove_all(directory_); }

  [[nodiscard]] std::string path(const std::string& name) const { return directory_ + "/" + name; }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(path(name)) << text;
  }
  ConfigWatch watch(const std::string& name) {
    return ConfigWatch(io_, path(name), [this](const std::string& text) { told_.push_back(text); });
  }
  void run_until_told(std::size_t count) {
    const auto limit = std::chrono::seconds(10);
    while (told_.size() < count && io_.run_one_for(limit) > 0) {
    }
  }
  void run_what_is_ready() { io_.poll(); }

  std::string directory_;
  asio::io_context io_;
  std::vector<std::string> told_;
};

TEST_F(ConfigWatchTest, TellsNewContent) {
  write("a.yaml", "one");
  const ConfigWatch watching = watch("a.yaml");
  ASSERT_TRUE(watching.watching());
  write("a.yaml", "two");
  run_until_told(1);
  EXPECT_EQ(told_.back(), "two");
}

TEST_F(ConfigWatchTest, NoticesARenameOverTheFile) {
  write("a.yaml", "one");
  const ConfigWatch watching = watch("a.yaml");
  write("a.yaml.new", "two");
  std::filesystem::rename(path("a.yaml.new"), path("a.yaml"));
  run_until_told(1);
  EXPECT_THAT(told_, ElementsAre("two"));
}

// As the kubelet updates a ConfigMap: a.yaml -> ..data/a.yaml, and ..data is swapped.
TEST_F(ConfigWatchTest, NoticesASwappedSymlink) {
  for (const std::string version : {"1", "2"}) {
    std::filesystem::create_directory(path(version));
    write(version + "/a.yaml", version);
  }
  std::filesystem::create_symlink("1", path("..data"));
  std::filesystem::create_symlink("..data/a.yaml", path("a.yaml"));
  const ConfigWatch watching = watch("a.yaml");
  std::filesystem::create_symlink("2", path("..data_tmp"));
  std::filesystem::rename(path("..data_tmp"), path("..data"));
  run_until_told(1);
  EXPECT_THAT(told_, ElementsAre("2"));
}

TEST_F(ConfigWatchTest, IsSilentWhenTheBytesAreTheSame) {
  write("a.yaml", "one");
  const ConfigWatch watching = watch("a.yaml");
  write("a.yaml.new", "one");
  std::filesystem::rename(path("a.yaml.new"), path("a.yaml"));
  write("other", "x");
  run_what_is_ready();
  EXPECT_THAT(told_, IsEmpty());
}

TEST_F(ConfigWatchTest, EndsWithItsOwner) {
  write("a.yaml", "one");
  { const ConfigWatch watching = watch("a.yaml"); }
  write("a.yaml", "two");
  io_.run();
  EXPECT_THAT(told_, IsEmpty());
}

TEST_F(ConfigWatchTest, DirectoryThatIsMissingMeansNoWatch) {
  EXPECT_FALSE(watch("none/a.yaml").watching());
}

}  // namespace
}  // namespace node
