// The parts that a world is made of, each alone.
#include "sim/clock_model.h"
#include "sim/coverage.h"
#include "sim/disk.h"
#include "sim/network.h"
#include "sim/scheduler.h"

#include <gtest/gtest.h>

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
  bool passes(const Network& network, NodeIndex from, NodeIndex to) {
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
    const auto arrival = network.stream(0, 1, at(milliseconds(i)));
    ASSERT_TRUE(arrival.has_value());
    EXPECT_GE(*arrival, last);
    last = *arrival;
  }
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
