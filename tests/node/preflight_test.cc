#include "node/preflight.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace node {
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

class PreflightTest : public testing::Test {
 protected:
  PreflightTest() {
    std::string pattern = "/tmp/parley-check-XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
    flags_ = {{"data", {directory_ + "/d"}}, {"mesh", {"127.0.0.1:0"}}, {"api", {"127.0.0.1:0"}}};
  }
  ~PreflightTest() override { std::filesystem::remove_all(directory_); }

  [[nodiscard]] std::vector<CheckResult> run() const {
    return preflight({flags_, [](const std::string&) { return std::nullopt; }});
  }
  [[nodiscard]] CheckResult result(const std::string& name) const {
    for (CheckResult& one : run()) {
      if (one.name == name) return one;
    }
    return {};
  }

  std::string directory_;
  Flags flags_;
};

TEST_F(PreflightTest, HoldsWhereANodeCouldStart) {
  const auto results = run();
  EXPECT_EQ(exit_code(results), 0);
  for (const CheckResult& one : results) {
    EXPECT_EQ(one.outcome, CheckResult::Outcome::ok) << one.name << ": " << one.detail;
  }
  EXPECT_FALSE(std::filesystem::exists(directory_ + "/d")) << "a check makes nothing";
}

TEST_F(PreflightTest, WrongConfigurationIsOfItsOwnKind) {
  flags_["api"] = {"nowhere"};
  EXPECT_EQ(exit_code(run()), 2);
}

TEST_F(PreflightTest, NamesAPortThatIsInUse) {
  const Listener other;
  flags_["api"] = {other.at()};
  EXPECT_EQ(result("API port").outcome, CheckResult::Outcome::failed);
  EXPECT_THAT(result("API port").detail, HasSubstr(other.at()));
  EXPECT_EQ(exit_code(run()), 1);
}

TEST_F(PreflightTest, SeesWhetherSeedAndAgentTakeConnections) {
  const Listener there;
  flags_["seed"] = {there.at()};
  flags_["agent"] = {"http://" + there.at()};
  EXPECT_EQ(result("seed").outcome, CheckResult::Outcome::ok) << result("seed").detail;
  EXPECT_EQ(result("agent").outcome, CheckResult::Outcome::ok) << result("agent").detail;
  flags_["seed"] = {"127.0.0.1:1"};
  EXPECT_EQ(result("seed").outcome, CheckResult::Outcome::warning);
}

TEST_F(PreflightTest, NamesADataDirectoryThatCannotBe) {
  flags_["data"] = {"/proc/parley"};
  EXPECT_EQ(result("data directory").outcome, CheckResult::Outcome::failed);
}

}  // namespace
}  // namespace node
