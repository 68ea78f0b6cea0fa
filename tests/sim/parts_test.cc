// The parts that a world is made of, each alone.
#include "sim/clock_model.h"
#include "sim/coverage.h"
#include "sim/disk.h"
#include "sim/network.h"
#include "sim/scheduler.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

base::Instant at(base::Duration time) {
  return base::Instant() + time;
}

TEST(SchedulerTest, RunsInTheOrderOfTimeAndOfInsertion) {
  Scheduler scheduler;
  std::string order;
  scheduler.at(at(seconds(2)), [&] { order += 'c'; });
  scheduler.at(at(seconds(1)), [&] {
    order += 'a';
    scheduler.after(base::Duration::zero(), [&] { order += 'b'; });
    scheduler.at(at(seconds(2)), [&] { order += 'd'; });
  });
  while (scheduler.step(at(seconds(2)))) {
  }
  EXPECT_EQ(order, "abcd");
  EXPECT_EQ(scheduler.now(), at(seconds(2)));
  EXPECT_EQ(scheduler.events(), 4U);
}

TEST(SchedulerTest, TimeGoesOnWithoutEvents) {
  Scheduler scheduler;
  bool ran = false;
  scheduler.at(at(seconds(5)), [&] { ran = true; });
  EXPECT_FALSE(scheduler.step(at(seconds(3))));
  EXPECT_EQ(scheduler.now(), at(seconds(3)));
  EXPECT_FALSE(ran);
}

TEST(ClockModelTest, WhenIsTheFirstMomentThatShowsTheTime) {
  for (const std::int32_t drift : {-500, -1, 0, 1, 500, 90'000}) {
    const ClockModel clock({.origin = seconds(1'234), .drift_ppm = drift, .wall_offset = {}});
    for (const base::Duration time :
         {base::Duration(1), base::Duration(milliseconds(777)), base::Duration(seconds(86'400))}) {
      const base::Instant local = clock.monotonic(at(time));
      EXPECT_GE(clock.monotonic(clock.when(local)), local) << drift;
      EXPECT_LT(clock.monotonic(clock.when(local) - std::chrono::microseconds(1)), local) << drift;
    }
  }
  EXPECT_EQ(ClockModel().when(base::Instant::never()), base::Instant::never());
}

TEST(ClockModelTest, AJumpMovesTheCalendarOnly) {
  ClockModel clock;
  const base::WallTime before = clock.wall(at(seconds(1)));
  const base::Instant monotonic = clock.monotonic(at(seconds(1)));
  clock.jump(-seconds(3'600));
  EXPECT_EQ(clock.wall(at(seconds(1))).milliseconds, before.milliseconds - 3'600'000);
  EXPECT_EQ(clock.monotonic(at(seconds(1))), monotonic);
}

TEST(DiskTest, ACrashTakesBackWhatWasNotSynced) {
  Disk disk{base::Rng(1)};
  base::NodeId a;
  base::NodeId b;
  b.bytes[0] = std::byte{1};
  disk.put_epoch(1);
  disk.put_member(a, base::to_bytes("old"));
  disk.synced();
  const Disk::Contents synced = disk.contents();
  disk.put_epoch(2);
  disk.put_member(a, base::to_bytes("new"));
  disk.put_member(a, base::to_bytes("newer"));
  disk.put_member(b, base::to_bytes("other"));
  disk.crash();
  EXPECT_EQ(disk.contents(), synced);
  disk.forget_member(a);
  disk.crash();
  EXPECT_EQ(disk.contents(), synced);
}

TEST(DiskTest, AFullOneNeitherSyncsNorTakesMembers) {
  Disk disk{base::Rng(1)};
  disk.set_full(true);
  EXPECT_FALSE(disk.sync_time().has_value());
  disk.put_member(base::NodeId(), base::to_bytes("x"));
  EXPECT_TRUE(disk.contents().members.empty());
  disk.set_full(false);
  EXPECT_TRUE(disk.sync_time().has_value());
}

class NetworkTest : public ::testing::Test {
 protected:
  Scenario scenario_ = [] {
    Scenario scenario;
    scenario.nodes = 4;
    return scenario;
  }();
  std::size_t add(FaultKind kind, std::vector<NodeIndex> nodes, std::vector<NodeIndex> towards = {},
                  std::int64_t amount = 0) {
    scenario_.faults.push_back({.at = {},
                                .kind = kind,
                                .nodes = std::move(nodes),
                                .towards = std::move(towards),
                                .lasts = {},
                                .amount = amount});
    return scenario_.faults.size() - 1;
  }
  static bool passes(Network& network, NodeIndex from, NodeIndex to) {
    return network.datagram(from, to, {}, at(seconds(1))).copies > 0;
  }
};

TEST_F(NetworkTest, EachKindOfCutSeparatesWhatItSays) {
  const std::size_t partition = add(FaultKind::partition, {0, 1});
  const std::size_t one_way = add(FaultKind::one_way, {2}, {3});
  const std::size_t islands = add(FaultKind::islands, {0, 1});
  Network network(scenario_, base::Rng(1));
  network.begin(partition);
  EXPECT_TRUE(passes(network, 0, 1));
  EXPECT_FALSE(passes(network, 1, 2));
  EXPECT_FALSE(passes(network, 2, 1));
  network.end(partition);
  network.begin(one_way);
  EXPECT_FALSE(passes(network, 2, 3));
  EXPECT_TRUE(passes(network, 3, 2));
  EXPECT_TRUE(passes(network, 2, 0));
  EXPECT_FALSE(network.connected(3, 2)) << "a reliable link needs both ways";
  network.end(one_way);
  network.begin(islands);
  EXPECT_FALSE(passes(network, 0, 1));
  EXPECT_TRUE(passes(network, 2, 3));
}

TEST_F(NetworkTest, LosesAboutTheShareThatItShould) {
  const std::size_t loss = add(FaultKind::loss, {0}, {}, 200'000);
  Network network(scenario_, base::Rng(1));
  network.begin(loss);
  int lost = 0;
  for (int i = 0; i < 10'000; ++i) {
    if (network.datagram(0, 1, {}, at(milliseconds(i))).copies == 0) ++lost;
    EXPECT_EQ(network.datagram(1, 0, {}, at(milliseconds(i))).copies, 1);
  }
  EXPECT_NEAR(lost, 2'000, 150);
}

TEST_F(NetworkTest, AFateDoesNotDependOnOtherLinks) {
  scenario_.loss = 500'000;
  Network alone(scenario_, base::Rng(9));
  Network busy(scenario_, base::Rng(9));
  for (int i = 0; i < 100; ++i) {
    static_cast<void>(busy.datagram(2, 3, {}, at(milliseconds(i))));
    EXPECT_EQ(alone.datagram(0, 1, {}, at(milliseconds(i))).copies,
              busy.datagram(0, 1, {}, at(milliseconds(i))).copies);
  }
}

TEST_F(NetworkTest, AReliableLinkKeepsTheOrder) {
  scenario_.latency_max = milliseconds(500);
  Network network(scenario_, base::Rng(1));
  base::Instant last;
  for (int i = 0; i < 200; ++i) {
    const auto arrival = network.stream(0, 1, 100, at(milliseconds(i)));
    ASSERT_TRUE(arrival.has_value());
    EXPECT_GE(*arrival, last);
    last = *arrival;
  }
}

TEST_F(NetworkTest, AThrottleLetsSoManyBytesPassAndWhatWaitsGoesWhenItEnds) {
  const std::size_t throttle = add(FaultKind::throttle, {0}, {1}, 1'000);
  scenario_.faults[throttle].lasts = seconds(10);
  scenario_.latency_min = scenario_.latency_max = milliseconds(1);
  Network network(scenario_, base::Rng(1));
  network.begin(throttle);
  EXPECT_EQ(network.stream(0, 1, 2'000, at(seconds(1))), at(milliseconds(3'001)));
  EXPECT_EQ(network.stream(0, 1, 1'000, at(seconds(2))), at(milliseconds(4'001)));
  EXPECT_EQ(network.stream(1, 0, 2'000, at(seconds(2))), at(milliseconds(2'001)));
  EXPECT_EQ(network.datagram(0, 1, base::Bytes(100), at(seconds(2))).copies, 0);
  EXPECT_EQ(network.datagram(0, 1, base::Bytes(100), at(seconds(4))).delays[0], milliseconds(101));
  EXPECT_EQ(network.stream(0, 1, 90'000, at(seconds(5))), at(milliseconds(10'001)));
  network.end(throttle);
  EXPECT_EQ(network.stream(0, 1, 90'000, at(seconds(11))), at(milliseconds(11'001)));
}

TEST_F(NetworkTest, BitsFlipAsOftenAsTheyShould) {
  const std::size_t rot = add(FaultKind::bit_rot, {0}, {}, 100'000);
  Network network(scenario_, base::Rng(1));
  network.begin(rot);
  int flipped = 0;
  for (int i = 0; i < 10'000; ++i) {
    if (network.datagram(0, 1, {}, at(milliseconds(i))).flipped) ++flipped;
    EXPECT_FALSE(network.datagram(1, 0, {}, at(milliseconds(i))).flipped.has_value());
  }
  EXPECT_NEAR(flipped, 1'000, 100);
}

TEST_F(NetworkTest, AHeavyTailHalvesWithEachDoublingOfTheTime) {
  scenario_.heavy_tail = 200'000;
  scenario_.latency_min = scenario_.latency_max = milliseconds(1);
  Network network(scenario_, base::Rng(1));
  std::map<base::Duration, int> times;
  for (int i = 0; i < 10'000; ++i)
    ++times[network.datagram(0, 1, {}, at(milliseconds(i))).delays[0]];
  EXPECT_NEAR(times[milliseconds(1)], 8'000, 200);
  EXPECT_NEAR(times[milliseconds(2)], 1'000, 120);
  EXPECT_NEAR(times[milliseconds(4)], 500, 90);
  EXPECT_GT(times.rbegin()->first, milliseconds(100));
  EXPECT_LE(times.rbegin()->first, seconds(3));
}

TEST(CoverageTest, SaysWhatWasNeverReached) {
  Coverage coverage;
  const std::size_t all = coverage.missing().size();
  coverage.saw("view", "serving", "suspect");
  coverage.saw("view", "serving", "suspect");
  EXPECT_EQ(coverage.missing().size(), all - 1);
  EXPECT_EQ(coverage.count("view", "serving", "suspect"), 2U);
  Coverage other;
  other.saw("fault", "", "crash");
  coverage.merge(other);
  EXPECT_EQ(coverage.missing().size(), all - 2);
}

}  // namespace
}  // namespace sim
