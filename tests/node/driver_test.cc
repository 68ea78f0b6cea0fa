#include "node/driver.h"

#include "tests/node/lone_node.h"
#include "tests/transport/loopback.h"

#include <gtest/gtest.h>

#include <vector>

namespace node {
namespace {

crypto::Identity anna() {
  crypto::Seed seed;
  seed.bytes.fill(std::byte{1});
  return crypto::Identity::from_seed(seed);
}

class DriverTest : public testing::Test, private EffectSink {
 protected:
  ~DriverTest() override {
    if (driver) driver->stop();
  }
  void start(DriverOptions options) {
    EffectSink& sink = *this;
    driver.emplace(io, kernel, sink, options);
    driver->feed(kernel::Started{});
  }
  // Its answer is an effect as any other.
  void ask() { driver->feed(kernel::PeerAsked{1, anna().id(), {}, {}}); }

  asio::io_context io{1};
  kernel::Kernel kernel{alone(), anna(), {}, base::Rng(1)};
  std::vector<std::uint64_t> persists;
  int answers = 0;
  int late = 0;
  std::optional<Driver> driver;

 private:
  void carry_out(kernel::Effect effect) override {
    if (const auto* persist = std::get_if<kernel::Persist>(&effect)) {
      persists.push_back(persist->epoch);
    }
    if (std::holds_alternative<kernel::AnswerPeer>(effect)) ++answers;
  }
  void on_disk_late(std::uint64_t epoch) override {
    EXPECT_EQ(epoch, persists.back());
    ++late;
  }
};

TEST_F(DriverTest, WhatIsBehindAPersistWaitsForTheDisk) {
  start({});
  ASSERT_EQ(persists.size(), 1U);
  ask();
  EXPECT_EQ(answers, 0);
  driver->persisted(persists[0] + 1);  // of another one
  EXPECT_EQ(answers, 0);
  driver->persisted(persists[0]);
  EXPECT_EQ(answers, 1);
  driver->persisted(persists[0]);
  ask();
  EXPECT_EQ(answers, 2);
  EXPECT_EQ(late, 0);
}

TEST_F(DriverTest, GoesOnWithoutADiskThatHangs) {
  start({.disk_patience = std::chrono::milliseconds(5)});
  ask();
  ASSERT_TRUE(transport::run_until(io, [&] { return answers == 1; }));
  EXPECT_EQ(late, 1);
  EXPECT_FALSE(driver->waits_for(persists[0]));
}

TEST(OutboxTest, DropsDatagramsBeyondItsBoundAndNothingElse) {
  Outbox outbox(2);
  for (int i = 0; i < 5; ++i) {
    outbox.push(kernel::SendDatagram{});
    outbox.push(kernel::AnswerPeer{});
  }
  EXPECT_EQ(outbox.dropped(), 3U);
  int datagrams = 0;
  int answers = 0;
  while (!outbox.empty()) {
    const kernel::Effect effect = outbox.pop();
    if (std::holds_alternative<kernel::SendDatagram>(effect)) ++datagrams;
    if (std::holds_alternative<kernel::AnswerPeer>(effect)) ++answers;
  }
  EXPECT_EQ(datagrams, 2);
  EXPECT_EQ(answers, 5);
  outbox.push(kernel::SendDatagram{});
  EXPECT_FALSE(outbox.empty());
}

}  // namespace
}  // namespace node
