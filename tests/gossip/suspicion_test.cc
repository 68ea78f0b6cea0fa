#include "gossip/suspicion.h"

#include "gossip/local_health.h"

#include <gtest/gtest.h>

#include <chrono>

namespace gossip {
namespace {

using namespace std::chrono_literals;

base::Instant at(base::Duration since) {
  return base::Instant::from_nanoseconds(since.count());
}

TEST(SuspicionTest, EachFurtherAccuserShortensTheTimeToRefute) {
  const Options options;
  const base::Duration max = options.suspicion_min * options.suspicion_max_factor;
  EXPECT_EQ(suspicion_timeout(options, 1, 10, 1), max);
  base::Duration before = max;
  for (std::size_t accusers = 2; accusers <= 6; ++accusers) {
    EXPECT_LT(suspicion_timeout(options, accusers, 10, 1), before);
    before = suspicion_timeout(options, accusers, 10, 1);
  }
  EXPECT_EQ(before, options.suspicion_min);
  EXPECT_EQ(suspicion_timeout(options, 10, 10, 1), options.suspicion_min);
}

TEST(SuspicionTest, TheOnlyMonitorThereIsNeedNotWaitForOthers) {
  const Options options;
  EXPECT_EQ(suspicion_timeout(options, 1, 1, 1), options.suspicion_min);
  EXPECT_EQ(suspicion_timeout(options, 1, 1, 3), 3 * options.suspicion_min);
}

TEST(PatienceTest, RepeatedFalseAlarmsStretchAndQuietHeals) {
  Patience patience;
  for (int i = 1; i <= 2; ++i) patience.on_false_alarm(at(i * 1s));
  EXPECT_EQ(patience.stretch(at(3s)), 1U);
  for (int i = 3; i <= 9; ++i) patience.on_false_alarm(at(i * 1s));
  EXPECT_EQ(patience.stretch(at(10s)), 4U);
  EXPECT_EQ(patience.stretch(at(75s)), 2U);
  EXPECT_EQ(patience.stretch(at(10min)), 1U);
}

TEST(LocalHealthTest, ALateTimerMeansARoundOfSilence) {
  const Options options;
  LocalHealth health(options);
  EXPECT_FALSE(health.on_input(at(5s), at(5s + options.starved_after / 2)));
  EXPECT_FALSE(health.catching_up(at(6s)));
  EXPECT_TRUE(health.on_input(at(5s), at(25s)));
  EXPECT_TRUE(health.catching_up(at(25s + options.probe_interval)));
  EXPECT_FALSE(health.catching_up(at(30s)));
  EXPECT_EQ(health.score(), 1U);
}

TEST(LocalHealthTest, PacketsThatWaitedLongMeanStarvationToo) {
  const Options options;
  LocalHealth health(options);
  health.on_waited(options.starved_after, at(5s));
  EXPECT_TRUE(health.on_input(at(6s), at(5s)));
  EXPECT_TRUE(health.catching_up(at(5s + options.probe_interval)));
  EXPECT_EQ(health.score(), 1U);
  EXPECT_TRUE(health.on_input(at(6s), at(5s)));
  EXPECT_EQ(health.score(), 1U);  // the same starvation
}

TEST(LocalHealthTest, TheLagShrinksWhileNothingMoreComes) {
  const Options options;
  LocalHealth health(options);
  EXPECT_EQ(health.lag(at(5s)), 0s);
  health.on_waited(300ms, at(5s));
  EXPECT_EQ(health.lag(at(5s)), 300ms);
  EXPECT_EQ(health.lag(at(5s + 200ms)), 100ms);
  EXPECT_EQ(health.lag(at(6s)), 0s);
}

TEST(LocalHealthTest, ABurstOfOldPacketsIsNotBehindButAStandingQueueIs) {
  const Options options;
  const base::Duration old = options.behind_after;
  LocalHealth health(options);
  health.on_waited(20s, at(5s));  // continued a moment ago
  EXPECT_FALSE(health.behind(at(5s)));
  health.on_waited(old, at(5s + old / 2));
  EXPECT_FALSE(health.behind(at(5s + old / 2)));
  health.on_waited(old, at(5s + old));
  EXPECT_TRUE(health.behind(at(5s + old)));
  EXPECT_FALSE(health.behind(at(5s + 2 * old)));  // nothing more came: the queue is empty
  health.on_waited(0s, at(5s + old));
  EXPECT_FALSE(health.behind(at(5s + old)));
}

TEST(LocalHealthTest, TheScoreIsBoundedAndHealsByAnswers) {
  const Options options;
  LocalHealth health(options);
  health.on_missed_nacks(100);
  EXPECT_EQ(health.score(), options.health_max);
  for (int i = 0; i < 100; ++i) health.on_probe_answered();
  EXPECT_EQ(health.multiplier(), 1U);
}

}  // namespace
}  // namespace gossip
