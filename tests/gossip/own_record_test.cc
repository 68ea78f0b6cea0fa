#include "gossip/own_record.h"

#include <gtest/gtest.h>

#include <chrono>

namespace gossip {
namespace {

using namespace std::chrono_literals;

class OwnRecordTest : public testing::Test {
 protected:
  OwnRecordTest() {
    own.on_joined();
    publish();
  }

  static Record first() {
    Record record;
    record.version = {.epoch = 1, .sequence = 0};
    record.name = "n";
    return record;
  }

  void say(std::uint32_t in_flight, Readiness readiness = Readiness::serving) {
    own.set_status({.readiness = readiness,
                    .load = {.in_flight = in_flight, .concurrency = 0, .latency_micros = 0},
                    .descriptor = {}},
                   now);
    publish();
  }

  void pass(base::Duration duration) {
    now = now + duration;
    publish();
  }

  void publish() {
    if (own.on_time(now)) ++published;
  }

  [[nodiscard]] const Record& told() const { return own.current().record; }

  OwnRecord own{Options(), base::MeshId(), crypto::Identity::from_seed(crypto::Seed()), first()};
  base::Instant now = base::Instant::from_nanoseconds(100'000'000'000);
  int published = 0;
};

TEST_F(OwnRecordTest, TellsWithinASecondThatTheNodeHasBecomeIdle) {
  pass(10s);
  say(5);
  EXPECT_EQ(told().load.in_flight, 5U);
  pass(300ms);
  say(0);
  pass(1s);
  EXPECT_EQ(told().load.in_flight, 0U);
}

TEST_F(OwnRecordTest, OneCallAtATimeIsNoNews) {
  pass(10s);
  published = 0;
  for (int i = 0; i < 1000; ++i) {
    say(1);
    pass(5ms);
    say(0);
    pass(5ms);
  }
  EXPECT_EQ(published, 0);
}

TEST_F(OwnRecordTest, ALoadThatGoesUpAndDownIsToldRarely) {
  pass(10s);
  published = 0;
  for (int i = 0; i < 6000; ++i) {
    say(i % 2 == 0 ? 40 : 3);
    pass(10ms);
  }
  EXPECT_GE(published, 10);
  EXPECT_LE(published, 20);  // of a minute
}

TEST_F(OwnRecordTest, AChangeAfterAQuietTimeIsToldAtOnce) {
  for (int i = 0; i < 1000; ++i) {
    say(i % 2 == 0 ? 40 : 3);
    pass(10ms);
  }
  say(3);
  pass(4s);
  pass(20s);
  say(40);
  EXPECT_EQ(told().load.in_flight, 40U);
  pass(1s);
  say(3);
  EXPECT_EQ(told().load.in_flight, 3U);
}

TEST_F(OwnRecordTest, AtCapacityIsToldAtOnceAndItsEndSoonAfter) {
  pass(10s);
  say(1, Readiness::at_capacity);
  EXPECT_EQ(told().readiness, Readiness::at_capacity);
  say(0);
  pass(250ms);
  EXPECT_EQ(told().readiness, Readiness::serving);
}

TEST_F(OwnRecordTest, AnAgentThatIsFullWithEveryCallDoesNotFloodTheMesh) {
  pass(10s);
  published = 0;
  for (int i = 0; i < 6000; ++i) {
    say(1, Readiness::at_capacity);
    pass(5ms);
    say(0);
    pass(5ms);
  }
  EXPECT_LE(published, 125);  // two a second
}

TEST_F(OwnRecordTest, DrainingIsToldAtOnceWhateverWasToldBefore) {
  for (int i = 0; i < 100; ++i) say(1, i % 2 == 0 ? Readiness::at_capacity : Readiness::serving);
  say(1, Readiness::draining);
  EXPECT_EQ(told().readiness, Readiness::draining);
}

}  // namespace
}  // namespace gossip
