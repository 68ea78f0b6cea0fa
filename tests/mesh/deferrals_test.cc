#include "mesh/deferrals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace mesh {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

CallId id_of(int number) {
  std::string digits = std::to_string(number);
  digits.insert(0, 32 - digits.size(), '0');
  return CallId(digits);
}

class DeferralsTest : public testing::Test {
 protected:
  bool admit(int number, std::string_view key = "") {
    return std::holds_alternative<Deferrals::Reserved>(
        queue.admit(id_of(number), "text.count", key, policy, now));
  }
  void keep(int number, std::uint64_t bytes = 100) {
    ASSERT_TRUE(admit(number));
    queue.on_kept(id_of(number), bytes, now);
  }
  // How many are delivered at this moment; the ids are in `due`.
  std::size_t pass(base::Duration time) {
    now = now + time;
    due = queue.on_time(now);
    return due.deliver.size();
  }
  std::string_view state(int number) const {
    const Deferrals::Entry* entry = queue.find(id_of(number).view());
    return entry == nullptr ? "gone" : to_string(entry->state);
  }

  base::Instant now = base::Instant::from_nanoseconds(1'000'000'000);
  Deferral policy{.age_max = hours(1), .calls_max = 100};
  Deferrals queue{base::Rng(1)};
  Deferrals::Due due;
};

TEST_F(DeferralsTest, TriesOneAMomentAfterItIsOnDisk) {
  ASSERT_TRUE(admit(1));
  EXPECT_EQ(state(1), "storing");
  EXPECT_EQ(pass(seconds(10)), 0U) << "it is not on disk yet";
  queue.on_kept(id_of(1), 100, now);
  EXPECT_EQ(state(1), "waiting");
  EXPECT_EQ(queue.next_deadline(), now + Deferrals::wait_min);
  EXPECT_EQ(pass(Deferrals::wait_min), 1U);
  EXPECT_EQ(state(1), "under_way");
  EXPECT_TRUE(queue.on_delivered(id_of(1), 200, now).empty());
  EXPECT_EQ(state(1), "delivered");
  EXPECT_EQ(queue.waiting(), 0U);
}

TEST_F(DeferralsTest, WaitsLongerEachTimeThatNobodyTakesThem) {
  for (int i = 1; i <= 3; ++i) keep(i);
  base::Duration before{};
  for (int round = 0; round < 5; ++round) {
    const base::Instant since = now;
    ASSERT_EQ(pass(queue.next_deadline() - now), 1U) << "one at a time";
    const base::Duration waited = now - since;
    if (round > 0) {
      const base::Duration whole = Deferrals::wait_min * (std::int64_t{1} << (round - 1));
      EXPECT_GE(waited, whole / 2);
      EXPECT_LE(waited, whole);
    }
    before = waited;
    queue.on_undelivered(due.deliver[0], "nobody", now);
  }
  EXPECT_GT(before, Deferrals::wait_min);
}

TEST_F(DeferralsTest, WhoCameToNothingGoesToTheEnd) {
  for (int i = 1; i <= 3; ++i) keep(i);
  pass(seconds(1));
  EXPECT_EQ(due.deliver[0], id_of(1));
  queue.on_undelivered(id_of(1), "500", now);
  pass(seconds(1));
  EXPECT_EQ(due.deliver[0], id_of(2));
  EXPECT_EQ(queue.find(id_of(1).view())->problem, "500");
}

TEST_F(DeferralsTest, ComesBackCarefullyWhenSomebodyTakesThemAgain) {
  for (int i = 1; i <= 40; ++i) keep(i);
  std::vector<std::size_t> widths;
  ASSERT_EQ(pass(seconds(1)), 1U);
  while (queue.waiting() > 0) {
    widths.push_back(due.deliver.size());
    for (const CallId& id : due.deliver) EXPECT_TRUE(queue.on_delivered(id, 200, now).empty());
    pass(milliseconds(1));
  }
  EXPECT_THAT(widths, testing::ElementsAre(1, 2, 8, 8, 8, 8, 5));
}

TEST_F(DeferralsTest, TriesAtOnceWhenSomebodyComesBack) {
  keep(1);
  for (int i = 0; i < 10; ++i) {
    pass(queue.next_deadline() - now);
    queue.on_undelivered(id_of(1), "nobody", now);
  }
  EXPECT_GT(queue.next_deadline() - now, seconds(20));
  queue.on_hope("text.count", now);
  EXPECT_EQ(pass(milliseconds(0)), 1U);
}

TEST_F(DeferralsTest, DropsWhatIsTooOld) {
  keep(1);
  EXPECT_EQ(pass(hours(1)), 0U);
  ASSERT_EQ(due.dropped.size(), 1U);
  EXPECT_EQ(due.dropped[0].id, id_of(1));
  EXPECT_EQ(state(1), "gone");
  EXPECT_EQ(queue.counters().dropped, 1U);
}

TEST_F(DeferralsTest, WhatIsUnderWayWhenItsTimeEndsMayEnd) {
  keep(1);
  pass(seconds(1));
  pass(hours(2));
  EXPECT_TRUE(due.dropped.empty());
  EXPECT_TRUE(queue.on_delivered(id_of(1), 200, now).empty());
  EXPECT_EQ(state(1), "delivered");
}

TEST_F(DeferralsTest, KeepsAnAnswerUntilItsTimeIsOver) {
  keep(1);
  pass(seconds(1));
  EXPECT_TRUE(queue.on_delivered(id_of(1), 201, now).empty());
  pass(minutes(30));
  EXPECT_EQ(queue.find(id_of(1).view())->status, 201);
  pass(minutes(30));
  EXPECT_EQ(state(1), "gone");
  EXPECT_EQ(queue.counters().dropped, 0U);
}

TEST_F(DeferralsTest, RefusesWhatIsMoreThanItsPolicyAllows) {
  policy.calls_max = 2;
  EXPECT_TRUE(admit(1));
  EXPECT_TRUE(admit(2));
  EXPECT_FALSE(admit(3));
  queue.on_kept(id_of(1), std::nullopt, now);  // the disk does not take it
  EXPECT_EQ(state(1), "gone");
  EXPECT_TRUE(admit(3));
}

TEST_F(DeferralsTest, RefusesWhatIsMoreThanItsBytes) {
  int kept = 0;
  policy.calls_max = 100'000;
  while (admit(kept + 1)) {
    queue.on_kept(id_of(kept + 1), Deferrals::request_bytes_max, now);
    ++kept;
  }
  EXPECT_EQ(kept, static_cast<int>(Deferrals::bytes_max / Deferrals::request_bytes_max));
}

TEST_F(DeferralsTest, WhatIsDeliveredMakesRoomForOthers) {
  const int most = static_cast<int>(Deferrals::bytes_max / Deferrals::request_bytes_max);
  policy.calls_max = 100'000;
  for (int i = 1; i <= most; ++i) keep(i, Deferrals::request_bytes_max);
  EXPECT_FALSE(admit(most + 1));
  ASSERT_EQ(pass(seconds(1)), 1U);
  EXPECT_TRUE(queue.on_delivered(due.deliver[0], 200, now).empty());
  EXPECT_TRUE(admit(most + 1));
}

TEST_F(DeferralsTest, TheSameKeyFindsTheSameCall) {
  ASSERT_TRUE(admit(1, "order-7"));
  EXPECT_FALSE(admit(2, "order-7")) << "whether the first finds its way to the disk is not known";
  queue.on_kept(id_of(1), 100, now);
  const Deferrals::Admission again = queue.admit(id_of(3), "text.count", "order-7", policy, now);
  ASSERT_TRUE(std::holds_alternative<CallId>(again));
  EXPECT_EQ(std::get<CallId>(again), id_of(1));
  EXPECT_TRUE(std::holds_alternative<Deferrals::Reserved>(
      queue.admit(id_of(4), "text.other", "order-7", policy, now)));
}

TEST_F(DeferralsTest, ACancelledOneIsGoneWhateverBecomesOfItsDelivery) {
  keep(1);
  pass(seconds(1));
  EXPECT_TRUE(queue.drop(id_of(1)));
  EXPECT_TRUE(queue.on_delivered(id_of(1), 200, now).empty());
  queue.on_undelivered(id_of(1), "late", now);
  EXPECT_EQ(state(1), "gone");
  EXPECT_FALSE(queue.drop(id_of(1)));
  EXPECT_EQ(queue.next_deadline(), base::Instant::never());
}

TEST_F(DeferralsTest, GoesOnWithWhatTheLastRunLeft) {
  queue.restore({.id = id_of(1),
                 .capability = "text.count",
                 .key = "order-7",
                 .bytes = 10,
                 .age = minutes(50),
                 .left = minutes(10),
                 .status = 0},
                now);
  queue.restore({.id = id_of(2),
                 .capability = "text.count",
                 .key = "",
                 .bytes = 10,
                 .age = minutes(50),
                 .left = minutes(10),
                 .status = 200},
                now);
  EXPECT_EQ(pass(milliseconds(0)), 1U);
  EXPECT_EQ(due.deliver[0], id_of(1));
  EXPECT_EQ(state(2), "delivered");
  EXPECT_TRUE(queue.on_delivered(id_of(1), 200, now).empty());
  pass(minutes(10));
  EXPECT_EQ(queue.entries().size(), 0U);
}

TEST_F(DeferralsTest, ForgetsTheOldestOfTooManyAnswers) {
  policy.calls_max = 100'000;
  for (std::size_t i = 1; i <= Deferrals::answers_max; ++i) {
    queue.restore({.id = id_of(static_cast<int>(i)),
                   .capability = "text.count",
                   .key = "",
                   .bytes = 1,
                   .age = seconds(1),
                   .left = hours(1),
                   .status = 200},
                  now);
  }
  keep(5'000);
  pass(seconds(1));
  EXPECT_THAT(queue.on_delivered(id_of(5'000), 200, now), testing::ElementsAre(id_of(1)));
  EXPECT_EQ(state(1), "gone");
}

}  // namespace
}  // namespace mesh
