#include "node/whole_request.h"

#include "tests/node/fake_stream.h"
#include "tests/transport/loopback.h"

#include <gtest/gtest.h>

#include <deque>

namespace node {
namespace {

base::NodeId peer(std::uint8_t number) {
  base::NodeId id;
  id.bytes.fill(std::byte{number});
  return id;
}

class RequestCollectorTest : public testing::Test {
 protected:
  void make(RequestCollector::Options options) {
    collector.emplace(
        io, options,
        [this](WholeRequest request, std::unique_ptr<transport::Stream>) {
          whole.emplace_back(base::as_text(request.body));
        },
        [this](std::unique_ptr<transport::Stream>) { ++too_large; });
  }
  // The stream of a request whose body is still to come.
  StreamLog& begin(std::optional<base::NodeId> from = peer(1)) {
    StreamLog& log = logs.emplace_back();
    collector->collect({}, std::make_unique<FakeStream>(log), {.remote = {}, .peer = from});
    return log;
  }

  asio::io_context io{1};
  std::deque<StreamLog> logs;
  std::vector<std::string> whole;
  int too_large = 0;
  std::optional<RequestCollector> collector;
};

TEST_F(RequestCollectorTest, HandsOverWhatIsWholeAndNothingElse) {
  make({.body_bytes_max = 5});
  StreamLog& good = begin();
  good.receiver->on_data(base::as_bytes("hel"));
  good.receiver->on_data(base::as_bytes("lo"));
  good.receiver->on_end({});
  begin().receiver->on_data(base::as_bytes("larger"));
  begin().receiver->on_failed(transport::StreamError::cancelled);
  EXPECT_EQ(whole, std::vector<std::string>{"hello"});
  EXPECT_EQ(too_large, 1);
}

TEST_F(RequestCollectorTest, APeerTakesNoMoreThanItsShare) {
  make({.requests_per_peer_max = 2});
  const StreamLog& first = begin(peer(1));
  const StreamLog& second = begin(peer(1));
  StreamLog& other = begin(peer(2));
  const StreamLog& third = begin(peer(1));
  EXPECT_TRUE(first.destroyed);
  EXPECT_FALSE(second.destroyed);
  EXPECT_FALSE(third.destroyed);
  other.receiver->on_end({});
  EXPECT_EQ(whole.size(), 1U);
}

TEST_F(RequestCollectorTest, TheOldestMakesRoom) {
  make({.requests_max = 2});
  const StreamLog& first = begin(peer(1));
  const StreamLog& second = begin(std::nullopt);
  StreamLog& third = begin(std::nullopt);
  EXPECT_TRUE(first.destroyed);
  EXPECT_FALSE(second.destroyed);
  third.receiver->on_end({});
  EXPECT_EQ(whole.size(), 1U);
}

TEST_F(RequestCollectorTest, TheOldestMakesRoomForBytesToo) {
  make({.bytes_max = 4});
  StreamLog& first = begin(peer(1));
  StreamLog& second = begin(peer(2));
  first.receiver->on_data(base::as_bytes("abc"));
  second.receiver->on_data(base::as_bytes("de"));
  EXPECT_TRUE(first.destroyed);
  second.receiver->on_data(base::as_bytes("fg"));
  second.receiver->on_end({});
  EXPECT_EQ(whole, std::vector<std::string>{"defg"});
  StreamLog& third = begin(peer(1));
  third.receiver->on_data(base::as_bytes("hijk"));
  EXPECT_FALSE(third.destroyed);
}

TEST_F(RequestCollectorTest, DropsWhatDoesNotEndInTime) {
  make({.timeout = std::chrono::milliseconds(5)});
  const StreamLog& first = begin();
  ASSERT_TRUE(transport::run_until(io, [&] { return first.destroyed; }));
  const StreamLog& second = begin();
  EXPECT_TRUE(transport::run_until(io, [&] { return second.destroyed; }));
  EXPECT_TRUE(whole.empty());
}

}  // namespace
}  // namespace node
