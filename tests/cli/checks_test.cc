#include "cli/checks.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cli {
namespace {

using testing::HasSubstr;

// A listener on a free port of the loopback.
class Listener {
 public:
  Listener() : handle_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sockaddr generic{};
    std::memcpy(&generic, &address, sizeof generic);
    EXPECT_EQ(::bind(handle_, &generic, sizeof generic), 0);
    EXPECT_EQ(::listen(handle_, 4), 0);
    socklen_t size = sizeof generic;
    EXPECT_EQ(::getsockname(handle_, &generic, &size), 0);
    std::memcpy(&address, &generic, sizeof address);
    at_ = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener() { ::close(handle_); }
  [[nodiscard]] const std::string& at() const { return at_; }

 private:
  int handle_;
  std::string at_;
};

class ChecksTest : public testing::Test {
 protected:
  ChecksTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "parley-check-XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
    flags_ = {{"data", {directory_ + "/d"}}, {"mesh", {"127.0.0.1:0"}}, {"api", {"127.0.0.1:0"}}};
  }
  ~ChecksTest() override { std::filesystem::remove_all(directory_); }

  [[nodiscard]] std::vector<Check> run() const {
    const auto config =
        node::load_config({flags_, [](const std::string&) { return std::nullopt; }});
    EXPECT_TRUE(config);
    return run_checks(*config);
  }
  // The worst of that name.
  [[nodiscard]] Check result(const std::string& name) const {
    std::optional<Check> worst;
    for (Check& one : run()) {
      if (one.name == name && (!worst || one.status > worst->status)) worst = std::move(one);
    }
    EXPECT_TRUE(worst) << name;
    return worst.value_or(Check{});
  }

  std::string directory_;
  node::Flags flags_;
};

TEST_F(ChecksTest, HoldWhereANodeCouldStart) {
  for (const Check& one : run()) {
    EXPECT_NE(one.status, CheckStatus::failed) << one.name << ": " << one.detail;
  }
  EXPECT_FALSE(std::filesystem::exists(directory_ + "/d")) << "a check makes nothing";
}

TEST_F(ChecksTest, LeaveADataDirectoryAsItIs) {
  std::filesystem::create_directory(directory_ + "/d");
  EXPECT_EQ(result("data").status, CheckStatus::ok) << result("data").detail;
  EXPECT_TRUE(std::filesystem::is_empty(directory_ + "/d"));
}

TEST_F(ChecksTest, NameAPortThatIsInUse) {
  const Listener other;
  flags_["api"] = {other.at()};
  EXPECT_EQ(result("port").status, CheckStatus::failed);
  EXPECT_THAT(result("port").detail, HasSubstr(other.at()));
}

TEST_F(ChecksTest, SeeWhetherSeedAndAgentTakeConnections) {
  const Listener there;
  flags_["seed"] = {there.at()};
  flags_["agent"] = {"http://" + there.at()};
  EXPECT_EQ(result("seed").status, CheckStatus::ok) << result("seed").detail;
  EXPECT_EQ(result("agent").status, CheckStatus::ok) << result("agent").detail;
  flags_["seed"] = {"127.0.0.1:1"};
  EXPECT_EQ(result("seed").status, CheckStatus::failed);
}

TEST_F(ChecksTest, FollowTheNameThatIsAdvertised) {
  flags_["advertise"] = {"127.0.0.1:7400"};
  EXPECT_EQ(result("advertise").status, CheckStatus::ok) << result("advertise").detail;
}

TEST_F(ChecksTest, FailOnAClockThatIsFarOffAndWarnOfOneThatNobodyKeeps) {
  EXPECT_EQ(check_clock(0, true).status, CheckStatus::failed);
  EXPECT_EQ(check_clock(1'790'000'000, false).status, CheckStatus::warning);
  EXPECT_EQ(check_clock(1'790'000'000, true).status, CheckStatus::ok);
}

TEST_F(ChecksTest, NameAPortThatCannotBeUsed) {
  const auto elsewhere = *base::Endpoint::parse("192.0.2.1:7400");  // TEST-NET, not this machine's
  const Check check = check_port("--mesh", elsewhere, true);
  EXPECT_EQ(check.status, CheckStatus::failed);
  EXPECT_NE(check.detail.find("192.0.2.1:7400"), std::string::npos);
  EXPECT_EQ(check_port("--api", *base::Endpoint::parse("127.0.0.1:0"), false).status,
            CheckStatus::ok);
}

TEST_F(ChecksTest, NameADataDirectoryThatCannotBe) {
  flags_["data"] = {"/proc/parley"};
  EXPECT_EQ(result("data").status, CheckStatus::failed);
}

}  // namespace
}  // namespace cli
