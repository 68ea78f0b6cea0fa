// Streams of decisions over streams that only write down what they are sent.
#include "node/decision_feeds.h"

#include "tests/api/plain_shell.h"
#include "tests/kernel/lone_validator.h"
#include "tests/node/fake_stream.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace node {
namespace {

class DecisionFeedsTest : public testing::Test {
 protected:
  DecisionFeedsTest()
      : feeds_(io_, {.feeds_max = 2}, nullptr, [this](const DecisionFeeds::Ask& ask) {
          return ask(shell_.view(validator_.kernel(), validator_.now));
        }) {}
  ~DecisionFeedsTest() override {
    feeds_.shut_down();
    run();
  }

  // From now on.
  StreamLog& open() {
    StreamLog& log = *logs_.emplace_back(std::make_unique<StreamLog>());
    const std::uint64_t height = validator_.agreement().replica().standing().height;
    feeds_.open({.height = height + 1, .place = 0}, std::make_unique<FakeStream>(log));
    return log;
  }
  void decide(const std::string& key) {
    ASSERT_TRUE(validator_.decides(key));
    feeds_.on_decided();
    run();
  }
  void run() {
    io_.restart();
    io_.poll();
  }
  static bool tells(const StreamLog& log, const std::string& key) {
    return log.sent.find("\"key\":\"" + key + "\"") != std::string::npos;
  }

  kernel::LoneValidator validator_;
  asio::io_context io_;
  api::PlainShell shell_{.mesh_name = "test",
                         .mesh = kernel::LoneValidator::founded().genesis.mesh};
  std::vector<std::unique_ptr<StreamLog>> logs_;
  DecisionFeeds feeds_;
};

TEST_F(DecisionFeedsTest, AStreamTellsWhatIsDecidedFromItsPlaceOn) {
  decide("before");
  const StreamLog& log = open();
  ASSERT_TRUE(log.head);
  EXPECT_EQ(log.head->status, 200);
  decide("first");
  decide("second");
  EXPECT_FALSE(tells(log, "before"));
  EXPECT_TRUE(tells(log, "first"));
  EXPECT_LT(log.sent.find("\"key\":\"first\""), log.sent.find("\"key\":\"second\""));
  EXPECT_EQ(log.sent.find("\"key\":\"first\""), log.sent.rfind("\"key\":\"first\""));
}

TEST_F(DecisionFeedsTest, AReaderThatIsSlowWaitsAtItsPlaceAndMissesNothing) {
  StreamLog& slow = open();
  const StreamLog& quick = open();
  slow.unsent = transport::Stream::high_water;
  decide("a");
  decide("b");
  EXPECT_TRUE(tells(quick, "b"));
  EXPECT_FALSE(tells(slow, "a"));
  slow.unsent = 0;
  slow.receiver->on_writable();
  EXPECT_TRUE(tells(slow, "a"));
  EXPECT_TRUE(tells(slow, "b"));
}

TEST_F(DecisionFeedsTest, OneMoreThanMayBeIsRefusedAndOneThatLeavesMakesRoom) {
  const StreamLog& first = open();
  open();
  const StreamLog& third = open();
  EXPECT_EQ(third.head->status, 503);
  EXPECT_TRUE(third.ended);
  EXPECT_EQ(feeds_.size(), 2U);
  first.receiver->on_failed(transport::StreamError::cancelled);
  run();
  EXPECT_TRUE(first.destroyed);
  EXPECT_EQ(open().head->status, 200);
}

TEST_F(DecisionFeedsTest, AllOfThemEndWhenTheNodeStops) {
  const StreamLog& log = open();
  feeds_.shut_down();
  EXPECT_TRUE(log.ended);
  EXPECT_EQ(feeds_.size(), 0U);
}

}  // namespace
}  // namespace node
