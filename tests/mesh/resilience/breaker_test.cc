#include "mesh/resilience/breaker.h"

#include "base/rng.h"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace mesh::resilience {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using State = Breaker::State;
using Verdict = Breaker::Verdict;

class BreakerTest : public testing::Test {
 protected:
  BreakerTest() {
    policy.min_requests = 4;
    policy.window = seconds(10);
    policy.open_for = seconds(30);
    policy.half_open_requests = 3;
  }
  [[nodiscard]] Breaker::Permit admitted() {
    const auto permit = breaker.admit(policy, now);
    EXPECT_TRUE(permit.has_value());
    return permit.value_or(Breaker::Permit{});
  }
  void call(Verdict verdict, int times = 1) {
    for (int i = 0; i < times; ++i) breaker.on_result(admitted(), verdict, policy, now);
  }
  void result(const Breaker::Permit& permit, Verdict verdict) {
    breaker.on_result(permit, verdict, policy, now);
  }
  void open() {
    call(Verdict::failure, 4);
    ASSERT_EQ(breaker.state(), State::open);
  }
  void open_and_wait() {
    open();
    now = now + policy.open_for;
  }

  BreakerPolicy policy;
  base::Instant now = base::Instant::from_nanoseconds(5'000'000'000);
  Breaker breaker;
};

TEST_F(BreakerTest, StartsClosedAndAdmitsEverybody) {
  EXPECT_EQ(breaker.state(), State::closed);
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(admitted().probe);
  EXPECT_TRUE(breaker.admits(policy, now));
  EXPECT_FALSE(breaker.would_probe(now));
}

TEST_F(BreakerTest, StaysClosedBelowTheMinimumOfRequests) {
  call(Verdict::failure, 3);
  EXPECT_EQ(breaker.state(), State::closed);
  EXPECT_EQ(breaker.sums(now), (Breaker::Sums{.requests = 3, .failures = 3}));
}

TEST_F(BreakerTest, OpensWhenTheShareOfFailuresReachesTheThreshold) {
  call(Verdict::success, 3);
  call(Verdict::failure, 2);
  EXPECT_EQ(breaker.state(), State::closed);  // 2 of 5
  call(Verdict::failure);
  EXPECT_EQ(breaker.state(), State::open);  // 3 of 6
  EXPECT_EQ(breaker.opened(), 1U);
  EXPECT_EQ(breaker.retry_at(), now + seconds(30));
}

TEST_F(BreakerTest, OpensByTheSuccessThatCompletesTheMinimum) {
  call(Verdict::failure, 3);
  call(Verdict::success);
  EXPECT_EQ(breaker.state(), State::open);
}

TEST_F(BreakerTest, NeverOpensWithoutAFailure) {
  policy.failure_threshold = 0;
  call(Verdict::success, 50);
  EXPECT_EQ(breaker.state(), State::closed);
  call(Verdict::failure);
  EXPECT_EQ(breaker.state(), State::open);
}

TEST_F(BreakerTest, DoesNotCountWhatEndedWithoutAVerdict) {
  call(Verdict::failure, 3);
  call(Verdict::none, 20);
  EXPECT_EQ(breaker.state(), State::closed);
  EXPECT_EQ(breaker.sums(now), (Breaker::Sums{.requests = 3, .failures = 3}));
}

// ---- answers that break off ----

TEST_F(BreakerTest, AnAnswerThatBreaksOffIsAFailureAndNoSecondRequest) {
  const Breaker::Permit permit = admitted();
  result(permit, Verdict::success);
  breaker.on_broken(permit, policy, now);
  EXPECT_EQ(breaker.sums(now), (Breaker::Sums{.requests = 1, .failures = 1}));
  now = now + seconds(60);
  breaker.on_broken(permit, policy, now);  // its success is forgotten
  EXPECT_EQ(breaker.sums(now), (Breaker::Sums{.requests = 1, .failures = 1}));
}

TEST_F(BreakerTest, OpensByAnswersThatBreakOff) {
  policy.failure_threshold = 1;
  for (int i = 0; i < 4; ++i) {
    const Breaker::Permit permit = admitted();
    result(permit, Verdict::success);
    breaker.on_broken(permit, policy, now);
  }
  EXPECT_EQ(breaker.state(), State::open);
}

TEST_F(BreakerTest, AProbeThatBreaksOffOpensAgain) {
  open_and_wait();
  const Breaker::Permit first = admitted();
  result(first, Verdict::success);
  EXPECT_EQ(breaker.state(), State::half_open);
  breaker.on_broken(first, policy, now);
  EXPECT_EQ(breaker.state(), State::open);
}

TEST_F(BreakerTest, TheProbeThatClosedItOpensItAgainIfItBreaksOffSoon) {
  policy.half_open_requests = 1;
  open_and_wait();
  const Breaker::Permit probe = admitted();
  result(probe, Verdict::success);
  ASSERT_EQ(breaker.state(), State::closed);
  breaker.on_broken(probe, policy, now);
  EXPECT_EQ(breaker.state(), State::open);
}

TEST_F(BreakerTest, TheProbeThatClosedItLongAgoChangesNothing) {
  policy.half_open_requests = 1;
  open_and_wait();
  const Breaker::Permit probe = admitted();
  result(probe, Verdict::success);
  call(Verdict::success, 4);
  breaker.on_broken(probe, policy, now);
  EXPECT_EQ(breaker.state(), State::closed);
}

TEST_F(BreakerTest, ForgetsWhatIsOlderThanTheWindow) {
  call(Verdict::failure, 3);
  now = now + seconds(10);
  EXPECT_EQ(breaker.sums(now), Breaker::Sums{});
  call(Verdict::failure, 3);
  EXPECT_EQ(breaker.state(), State::closed);
  EXPECT_EQ(breaker.sums(now), (Breaker::Sums{.requests = 3, .failures = 3}));
}

TEST_F(BreakerTest, TheWindowLosesATenthAtATime) {
  for (int i = 0; i < 10; ++i) {
    call(Verdict::success, i + 1);
    now = now + seconds(1);
  }
  // The first second, with one request, has just left; then those with two, three, ...
  std::uint32_t left = 54;
  for (std::uint32_t gone = 2; gone <= 10; ++gone) {
    EXPECT_EQ(breaker.sums(now).requests, left);
    now = now + seconds(1);
    left -= gone;
  }
  EXPECT_EQ(breaker.sums(now), Breaker::Sums{});
}

TEST_F(BreakerTest, CountsAcrossTheRingWhileTimeGoesOn) {
  policy.min_requests = 1'000;
  for (int i = 0; i < 100; ++i) {
    call(i % 2 == 0 ? Verdict::success : Verdict::failure);
    now = now + milliseconds(500);
  }
  // The newest part has lasted one second already: nine parts of two outcomes each remain.
  EXPECT_EQ(breaker.sums(now), (Breaker::Sums{.requests = 18, .failures = 9}));
}

TEST_F(BreakerTest, StartsAnEmptyWindowWhenItsLengthChanges) {
  call(Verdict::failure, 3);
  policy.window = seconds(20);
  call(Verdict::failure);
  EXPECT_EQ(breaker.sums(now), (Breaker::Sums{.requests = 1, .failures = 1}));
}

TEST_F(BreakerTest, BearsAWindowThatIsShorterThanItsParts) {
  policy.window = base::Duration(3);
  call(Verdict::failure, 3);
  EXPECT_EQ(breaker.sums(now + base::Duration(10)), Breaker::Sums{});
}

TEST_F(BreakerTest, AdmitsNobodyWhileOpen) {
  open();
  now = now + seconds(30) - base::Duration(1);
  EXPECT_FALSE(breaker.admits(policy, now));
  EXPECT_FALSE(breaker.would_probe(now));
  EXPECT_EQ(breaker.admit(policy, now), std::nullopt);
  EXPECT_EQ(breaker.state(), State::open);
  EXPECT_EQ(breaker.sums(now), Breaker::Sums{});
}

TEST_F(BreakerTest, LetsExactlySoManyProbesThroughOnceTheTimeHasPassed) {
  open_and_wait();
  EXPECT_TRUE(breaker.admits(policy, now));
  EXPECT_TRUE(breaker.would_probe(now));
  EXPECT_EQ(breaker.state(), State::open);  // asking changes nothing
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(admitted().probe);
  EXPECT_EQ(breaker.state(), State::half_open);
  EXPECT_EQ(breaker.retry_at(), base::Instant{});
  EXPECT_FALSE(breaker.admits(policy, now));
  EXPECT_FALSE(breaker.would_probe(now));
  EXPECT_EQ(breaker.admit(policy, now + seconds(3600)), std::nullopt);
}

TEST_F(BreakerTest, ASuccessfulProbeMakesNoPlaceForAnother) {
  open_and_wait();
  const auto first = admitted();
  static_cast<void>(admitted());
  static_cast<void>(admitted());
  result(first, Verdict::success);
  EXPECT_EQ(breaker.admit(policy, now), std::nullopt);
}

TEST_F(BreakerTest, ClosesWithAnEmptyWindowWhenAllProbesSucceeded) {
  open_and_wait();
  call(Verdict::success, 2);
  EXPECT_EQ(breaker.state(), State::half_open);
  call(Verdict::success);
  EXPECT_EQ(breaker.state(), State::closed);
  EXPECT_EQ(breaker.sums(now), Breaker::Sums{});
  call(Verdict::failure, 3);
  EXPECT_EQ(breaker.state(), State::closed);
  call(Verdict::failure);
  EXPECT_EQ(breaker.state(), State::open);
  EXPECT_EQ(breaker.opened(), 2U);
}

TEST_F(BreakerTest, AFailedProbeOpensItForAWholePeriodAgain) {
  open_and_wait();
  const auto good = admitted();
  const auto bad = admitted();
  result(good, Verdict::success);
  now = now + seconds(2);
  result(bad, Verdict::failure);
  EXPECT_EQ(breaker.state(), State::open);
  EXPECT_EQ(breaker.retry_at(), now + seconds(30));
  EXPECT_EQ(breaker.opened(), 2U);
  EXPECT_EQ(breaker.admit(policy, now), std::nullopt);
}

TEST_F(BreakerTest, GivesAProbeWithoutAVerdictToSomebodyElse) {
  open_and_wait();
  const auto cancelled = admitted();
  static_cast<void>(admitted());
  static_cast<void>(admitted());
  EXPECT_EQ(breaker.admit(policy, now), std::nullopt);
  result(cancelled, Verdict::none);
  EXPECT_EQ(breaker.state(), State::half_open);
  EXPECT_TRUE(admitted().probe);
  EXPECT_EQ(breaker.admit(policy, now), std::nullopt);
}

TEST_F(BreakerTest, IgnoresAPermitOfTheTimeBeforeItOpened) {
  const auto early = admitted();
  open();
  result(early, Verdict::failure);
  EXPECT_EQ(breaker.opened(), 1U);
  now = now + policy.open_for;
  static_cast<void>(admitted());
  result(early, Verdict::failure);  // half open by now: not a probe of this phase
  EXPECT_EQ(breaker.state(), State::half_open);
  result(early, Verdict::success);
  result(early, Verdict::none);
  static_cast<void>(admitted());
  static_cast<void>(admitted());
  EXPECT_EQ(breaker.admit(policy, now), std::nullopt);
}

TEST_F(BreakerTest, IgnoresAProbeOfAnEarlierHalfOpenPhase) {
  open_and_wait();
  const auto late = admitted();
  call(Verdict::failure);
  now = now + policy.open_for;
  call(Verdict::success, 2);
  result(late, Verdict::success);  // it would have been the third
  EXPECT_EQ(breaker.state(), State::half_open);
  result(late, Verdict::failure);
  EXPECT_EQ(breaker.state(), State::half_open);
  call(Verdict::success);
  EXPECT_EQ(breaker.state(), State::closed);
  result(late, Verdict::failure);
  EXPECT_EQ(breaker.sums(now), Breaker::Sums{});
}

TEST_F(BreakerTest, KeepsTheNumberOfProbesOfTheMomentWhenItBecameHalfOpen) {
  open_and_wait();
  call(Verdict::success);
  policy.half_open_requests = 1;
  EXPECT_TRUE(admitted().probe);
  policy.half_open_requests = 9;
  EXPECT_TRUE(admitted().probe);
  EXPECT_EQ(breaker.admit(policy, now), std::nullopt);
}

TEST_F(BreakerTest, NeedsAtLeastOneProbe) {
  policy.half_open_requests = 0;
  open_and_wait();
  call(Verdict::success);
  EXPECT_EQ(breaker.state(), State::closed);
}

TEST_F(BreakerTest, AdmitsAllAndCountsNothingWhileNotEnabled) {
  policy.enabled = false;
  call(Verdict::failure, 50);
  EXPECT_EQ(breaker.state(), State::closed);
  EXPECT_EQ(breaker.sums(now), Breaker::Sums{});
}

TEST_F(BreakerTest, BeginsAnewAfterItWasNotEnabled) {
  open();
  policy.enabled = false;
  EXPECT_TRUE(breaker.admits(policy, now));
  EXPECT_FALSE(admitted().probe);
  EXPECT_EQ(breaker.state(), State::closed);
  policy.enabled = true;
  EXPECT_FALSE(admitted().probe);
}

TEST_F(BreakerTest, StaysOpenForEverWhenThePeriodHasNoEnd) {
  policy.open_for = base::Duration::max();
  open();
  EXPECT_EQ(breaker.retry_at(), base::Instant::never());
  EXPECT_FALSE(breaker.admits(policy, now + seconds(1'000'000)));
}

TEST_F(BreakerTest, IsNotDisturbedByAClockThatStepsBack) {
  call(Verdict::failure, 2);
  now = now - seconds(60);
  call(Verdict::success);
  EXPECT_EQ(breaker.sums(now), (Breaker::Sums{.requests = 3, .failures = 2}));
}

// Good answers take their time: the first that end of many may all be failures.
TEST_F(BreakerTest, CountsThoseUnderWayBesideQuickFailures) {
  std::vector<Breaker::Permit> held;
  for (int i = 0; i < 40; ++i) held.push_back(admitted());
  for (std::size_t i = 0; i < 19; ++i) result(held[i], Verdict::failure);
  EXPECT_EQ(breaker.state(), State::closed);
  result(held[19], Verdict::failure);
  EXPECT_EQ(breaker.state(), State::open) << "half of all, whatever becomes of the others";
}

TEST_F(BreakerTest, IsNotKeptClosedByAllWhoWait) {
  std::vector<Breaker::Permit> held;
  for (int i = 0; i < 1'000; ++i) held.push_back(admitted());
  for (std::size_t i = 0; i < 40; ++i) result(held[i], Verdict::failure);
  EXPECT_EQ(breaker.state(), State::open);
}

TEST_F(BreakerTest, ForgetsWhoWasCancelled) {
  std::vector<Breaker::Permit> held;
  for (int i = 0; i < 40; ++i) held.push_back(admitted());
  for (const Breaker::Permit& permit : held) result(permit, Verdict::none);
  call(Verdict::failure, 4);
  EXPECT_EQ(breaker.state(), State::open);
}

// Any order of admissions and outcomes: the probes under way and those that succeeded are never
// more than allowed, and every way out of a phase is taken.
TEST_F(BreakerTest, HoldsItsInvariantsUnderAnyOrderOfOutcomes) {
  base::Rng rng(7);
  std::vector<Breaker::Permit> held;
  std::uint64_t phase = 0;  // generation of the probes that are counted
  std::uint32_t probes = 0;
  std::array<std::array<int, 3>, 3> seen{};
  for (int step = 0; step < 50'000; ++step) {
    const auto before = breaker.state();
    if (rng.chance(480'000)) {
      const bool admits = breaker.admits(policy, now);
      const bool probing = breaker.would_probe(now);
      const auto permit = breaker.admit(policy, now);
      ASSERT_EQ(permit.has_value(), admits);
      if (permit) {
        ASSERT_EQ(permit->probe, probing);
        held.push_back(*permit);
        if (permit->probe && permit->generation != phase) {
          phase = permit->generation;
          probes = 0;
        }
        if (permit->probe) ++probes;
        ASSERT_LE(probes, policy.half_open_requests);
      }
    } else if (!held.empty()) {
      const auto index = static_cast<std::size_t>(rng.below(held.size()));
      const auto permit = held[index];
      held.erase(held.begin() + static_cast<std::ptrdiff_t>(index));
      const bool fails = rng.chance(400'000);
      const bool counts = !rng.chance(100'000);
      if (!counts && permit.probe && permit.generation == phase) --probes;
      result(permit, !counts ? Verdict::none : fails ? Verdict::failure : Verdict::success);
    }
    ++seen[static_cast<std::size_t>(before)][static_cast<std::size_t>(breaker.state())];
    now = now + milliseconds(static_cast<std::int64_t>(rng.below(2'000)));
  }
  const auto times = [&](State from, State to) {
    return seen[static_cast<std::size_t>(from)][static_cast<std::size_t>(to)];
  };
  EXPECT_GT(times(State::closed, State::open), 0);
  EXPECT_GT(times(State::open, State::half_open), 0);
  EXPECT_GT(times(State::half_open, State::open), 0);
  EXPECT_GT(times(State::half_open, State::closed), 0);
  EXPECT_EQ(times(State::closed, State::half_open), 0);
  EXPECT_EQ(times(State::open, State::closed), 0);
}

TEST_F(BreakerTest, SaysItsStateInWords) {
  EXPECT_EQ(to_string(State::closed), "closed");
  EXPECT_EQ(to_string(State::open), "open");
  EXPECT_EQ(to_string(State::half_open), "half_open");
}

}  // namespace
}  // namespace mesh::resilience
