#include "mesh/resilience/concurrency_limit.h"

#include "base/rng.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <functional>
#include <queue>
#include <vector>

namespace mesh::resilience {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct ServiceOptions {
  std::uint32_t workers = 10;
  base::Duration work = milliseconds(100);
  bool varies = false;          // exponentially, rather than the same for each call
  double calls_per_second = 0;  // 0: as many as there are places
  std::uint32_t limit_max = 1'000;
  base::Duration timeout = base::Duration::max();  // what takes longer counts as dropped
  std::uint32_t dropped_ppm = 0;
};

// A service with so many workers and one queue before them. Its callers send as many calls as the
// limit allows, or so many a second of which those above the limit are refused.
class Service {
 public:
  explicit Service(const ServiceOptions& chosen)
      : options(chosen), limit_(1, chosen.limit_max), free_at_(chosen.workers) {}

  void run(base::Duration time) {
    const base::Instant end = now_ + time;
    time_ = time;
    calls_ = refused_ = answered_ = 0;
    took_sum_ = limit_sum_ = 0;
    limit_least_ = limit_.limit();
    while (now_ < end) {
      if (options.calls_per_second == 0) {
        while (under_way_.size() < limit_.limit()) begin();
        finish();
      } else if (under_way_.empty() || next_call_ <= under_way_.top().ends) {
        arrive();
      } else {
        finish();
      }
    }
  }

  // Of the last run.
  [[nodiscard]] double limit_mean() const { return limit_sum_ / answered_; }
  [[nodiscard]] std::uint32_t limit_least() const { return limit_least_; }
  [[nodiscard]] double took_mean_ms() const { return took_sum_ / 1e6 / answered_; }
  [[nodiscard]] double refused_share() const { return 1.0 * refused_ / calls_; }
  // What was done of what its workers could do at most.
  [[nodiscard]] double utilisation() const {
    return 1.0 * answered_ / options.workers * static_cast<double>(options.work.count()) /
           static_cast<double>(time_.count());
  }

  ServiceOptions options;

 private:
  struct Call {
    base::Instant ends;
    base::Instant began;
    bool operator>(const Call& other) const { return ends > other.ends; }
  };

  base::Duration drawn(double mean) {
    const double uniform = static_cast<double>(rng_.below(1'000'000) + 1) / 1e6;
    return base::Duration(static_cast<std::int64_t>(-std::log(uniform) * mean));
  }
  void arrive() {
    now_ = std::max(now_, next_call_);
    next_call_ = next_call_ + drawn(1e9 / options.calls_per_second);
    ++calls_;
    if (under_way_.size() < limit_.limit()) {
      begin();
    } else {
      ++refused_;
    }
  }
  void begin() {
    const auto worker = std::min_element(free_at_.begin(), free_at_.end());
    const auto mean = static_cast<double>(options.work.count());
    *worker = std::max(*worker, now_) + (options.varies ? drawn(mean) : options.work);
    under_way_.push({.ends = *worker, .began = now_});
  }
  void finish() {
    const Call call = under_way_.top();
    const auto in_flight = static_cast<std::uint32_t>(under_way_.size());
    under_way_.pop();
    now_ = call.ends;
    const base::Duration took = call.ends - call.began;
    const bool unlucky = options.dropped_ppm > 0 && rng_.chance(options.dropped_ppm);
    limit_.on_sample(took, in_flight, unlucky || took > options.timeout, now_);
    ++answered_;
    took_sum_ += static_cast<double>(took.count());
    limit_sum_ += limit_.limit();
    limit_least_ = std::min(limit_least_, limit_.limit());
  }

  base::Rng rng_{17};
  base::Instant now_;
  base::Instant next_call_;
  base::Duration time_{};
  ConcurrencyLimit limit_;
  std::vector<base::Instant> free_at_;
  std::priority_queue<Call, std::vector<Call>, std::greater<>> under_way_;
  std::uint32_t calls_ = 0;
  std::uint32_t refused_ = 0;
  std::uint32_t answered_ = 0;
  std::uint32_t limit_least_ = 0;
  double took_sum_ = 0;
  double limit_sum_ = 0;
};

TEST(ConcurrencyLimitTest, SettlesALittleAboveTheKnee) {
  for (const std::uint32_t workers : {1U, 2U, 4U, 10U, 50U}) {
    Service service({.workers = workers});
    service.run(seconds(60));
    service.run(seconds(120));
    EXPECT_GE(service.limit_mean(), workers);
    EXPECT_LE(service.limit_mean(), 2 * workers + 2);
    EXPECT_GE(service.utilisation(), 0.95) << workers;
    EXPECT_LE(service.took_mean_ms(), 350) << workers;
  }
}

TEST(ConcurrencyLimitTest, SettlesNearTheKneeWhenCallsVaryMuch) {
  for (const std::uint32_t workers : {10U, 50U}) {
    Service service({.workers = workers, .varies = true});
    service.run(seconds(60));
    service.run(seconds(120));
    EXPECT_GE(service.limit_mean(), workers);
    EXPECT_LE(service.limit_mean(), 3 * workers);
    EXPECT_GE(service.utilisation(), 0.9) << workers;
    EXPECT_LE(service.took_mean_ms(), 300) << workers;
  }
}

TEST(ConcurrencyLimitTest, SettlesForAgentsThatTakeSeconds) {
  Service service({.workers = 8, .work = seconds(15), .varies = true});
  service.run(std::chrono::hours(1));
  service.run(std::chrono::hours(1));
  EXPECT_GE(service.limit_mean(), 8);
  EXPECT_LE(service.limit_mean(), 24);
  EXPECT_GE(service.utilisation(), 0.85);
}

TEST(ConcurrencyLimitTest, DoesNotFollowTheQueueUnderLoadThatNeverEnds) {
  Service service({.workers = 10});
  service.run(seconds(60));
  for (int i = 0; i < 6; ++i) {
    service.run(seconds(600));
    EXPECT_LE(service.limit_mean(), 22);
    EXPECT_GE(service.limit_mean(), 15);
  }
}

TEST(ConcurrencyLimitTest, RefusesNearlyNobodyAtUsualLoad) {
  for (const double load : {0.3, 0.6, 0.8}) {
    Service service({.workers = 20, .varies = true, .calls_per_second = load * 200});
    service.run(seconds(60));
    service.run(seconds(300));
    EXPECT_LE(service.refused_share(), 0.001) << load;
    EXPECT_LE(service.took_mean_ms(), 115) << load;
  }
}

TEST(ConcurrencyLimitTest, KeepsCallsQuickAndWorkersBusyUnderAnyOverload) {
  for (const double load : {1.2, 2.0, 5.0}) {
    Service service({.workers = 20, .varies = true, .calls_per_second = load * 200});
    service.run(seconds(60));
    service.run(seconds(300));
    EXPECT_GE(service.utilisation(), 0.95) << load;
    EXPECT_LE(service.took_mean_ms(), 300) << load;
  }
}

TEST(ConcurrencyLimitTest, FallsWhenTheServiceSlowsByTenAndComesBack) {
  for (const std::uint32_t workers : {10U, 50U}) {
    Service service({.workers = workers});
    service.run(seconds(60));
    service.run(seconds(30));
    const double usual = service.limit_mean();
    service.options.work = seconds(1);
    service.run(seconds(20));
    EXPECT_LE(service.limit_least(), usual / 4);
    service.options.work = milliseconds(100);
    service.run(seconds(10));
    service.run(seconds(30));
    EXPECT_NEAR(service.limit_mean(), usual, usual / 4);
  }
}

TEST(ConcurrencyLimitTest, TakesASlowerPaceForUsualOnceNoQueueExplainsIt) {
  Service service({.workers = 10});
  service.run(seconds(60));
  service.options.work = seconds(1);
  service.run(seconds(60));
  service.run(seconds(300));
  EXPECT_GE(service.limit_mean(), 10);
  EXPECT_LE(service.limit_mean(), 22);
  EXPECT_GE(service.utilisation(), 0.9);
}

TEST(ConcurrencyLimitTest, FallsToItsLowerBoundWhenAllIsDroppedAndComesBack) {
  Service service({.workers = 10, .timeout = milliseconds(900)});
  service.run(seconds(60));
  const double usual = service.limit_mean();
  service.options.work = seconds(1);
  service.run(seconds(60));
  EXPECT_EQ(service.limit_least(), 1U);
  service.options.work = milliseconds(100);
  service.run(seconds(20));
  service.run(seconds(30));
  EXPECT_NEAR(service.limit_mean(), usual, usual / 4);
}

TEST(ConcurrencyLimitTest, BearsThatAFewAreDropped) {
  Service service({.workers = 10, .dropped_ppm = 50'000});
  service.run(seconds(60));
  service.run(seconds(120));
  EXPECT_GE(service.limit_mean(), 10);
  EXPECT_GE(service.utilisation(), 0.95);
}

TEST(ConcurrencyLimitTest, StartsAtTwentyOrTheNearestBound) {
  EXPECT_EQ(ConcurrencyLimit(1, 1'000).limit(), 20U);
  EXPECT_EQ(ConcurrencyLimit(1, 8).limit(), 8U);
  EXPECT_EQ(ConcurrencyLimit(50, 1'000).limit(), 50U);
  EXPECT_EQ(ConcurrencyLimit(1, 8).baseline(), base::Duration::zero());
}

// One limit, one sample after the other.
class ConcurrencyLimitSamplesTest : public testing::Test {
 protected:
  // A window of so many samples, over a second.
  void window(base::Duration took, std::uint32_t in_flight, bool dropped = false,
              std::uint32_t samples = 11) {
    for (std::uint32_t i = 0; i < samples; ++i) {
      now = now + milliseconds(100);
      limit.on_sample(took, in_flight, dropped, now);
    }
  }
  base::Instant now = base::Instant::from_nanoseconds(-3'000'000'000);
  ConcurrencyLimit limit{2, 100};
};

TEST_F(ConcurrencyLimitSamplesTest, ChangesNothingBeforeTheWindowIsFull) {
  window(milliseconds(100), 20, false, 9);
  EXPECT_EQ(limit.limit(), 20U);
  EXPECT_EQ(limit.baseline(), base::Duration::zero());
  window(milliseconds(100), 20, false, 1);
  EXPECT_EQ(limit.limit(), 24U);  // and the root of 20
  EXPECT_EQ(limit.baseline(), milliseconds(100));
}

TEST_F(ConcurrencyLimitSamplesTest, AWindowLastsAtLeastATenthOfASecond) {
  for (int i = 0; i < 100; ++i) limit.on_sample(base::Duration(10), 20, false, now);
  limit.on_sample(base::Duration(10), 20, false, now + milliseconds(99));
  EXPECT_EQ(limit.limit(), 20U);
  limit.on_sample(base::Duration(10), 20, false, now + milliseconds(100));
  EXPECT_EQ(limit.limit(), 24U);
}

TEST_F(ConcurrencyLimitSamplesTest, AWindowLastsAsLongAsACallDoes) {
  window(seconds(2), 20, false, 20);
  EXPECT_EQ(limit.limit(), 20U);
  window(seconds(2), 20, false, 1);
  EXPECT_EQ(limit.limit(), 24U);
}

TEST_F(ConcurrencyLimitSamplesTest, StaysWhereHalfOfItIsNotUsed) {
  window(milliseconds(100), 9, false, 10);
  EXPECT_EQ(limit.limit(), 20U);
  window(milliseconds(900), 9, false, 10);
  EXPECT_EQ(limit.limit(), 20U);
  window(milliseconds(900), 9, true, 10);
  EXPECT_EQ(limit.limit(), 20U);
}

TEST_F(ConcurrencyLimitSamplesTest, IsNotCutToLookWhereHalfOfItIsNotUsed) {
  for (int i = 0; i < 200; ++i) {
    window(milliseconds(100 + i), 9, false, 10);
    ASSERT_EQ(limit.limit(), 20U);
  }
  EXPECT_GE(limit.baseline(), milliseconds(270));  // follows without
}

TEST_F(ConcurrencyLimitSamplesTest, HalvesAtMost) {
  window(milliseconds(100), 20, false, 10);
  window(seconds(50), 24, false, 501);
  EXPECT_EQ(limit.limit(), 17U);  // half of 24.47, and its root
}

TEST_F(ConcurrencyLimitSamplesTest, LooksSoonAfterTheStartWithAQuarterOfTheLimit) {
  for (int i = 0; i < 5; ++i) window(milliseconds(200), 100, false, 10);
  EXPECT_EQ(limit.limit(), 11U);  // of the 47 that it had grown to
  window(milliseconds(200), 100, false, 10);
  EXPECT_EQ(limit.limit(), 11U);
  EXPECT_EQ(limit.baseline(), milliseconds(200));  // draining teaches nothing
  window(milliseconds(120), 11, false, 10);
  EXPECT_EQ(limit.limit(), 47U);
  EXPECT_EQ(limit.baseline(), milliseconds(160));  // half of the difference
  window(milliseconds(110), 47, false, 10);        // found the service idle
  EXPECT_EQ(limit.limit(), 47U);
  EXPECT_EQ(limit.baseline(), milliseconds(160));
  window(milliseconds(160), 47, false, 10);
  EXPECT_EQ(limit.limit(), 53U);
}

TEST_F(ConcurrencyLimitSamplesTest, AWindowNeedsNoMoreThanAMinute) {
  window(base::Duration::max(), 20, false, 600);
  EXPECT_EQ(limit.limit(), 20U);
  window(base::Duration::max(), 20, false, 1);
  EXPECT_EQ(limit.limit(), 24U);
}

TEST_F(ConcurrencyLimitSamplesTest, StaysWithinItsBounds) {
  base::Rng rng(9);
  for (int i = 0; i < 100'000; ++i) {
    now = now + base::Duration(static_cast<std::int64_t>(rng.below(50'000'000)));
    const auto took = base::Duration(static_cast<std::int64_t>(rng.below(2'000'000'000)));
    const auto in_flight = static_cast<std::uint32_t>(rng.below(120));
    limit.on_sample(took, in_flight, rng.chance(200'000), now);
    ASSERT_GE(limit.limit(), 2U);
    ASSERT_LE(limit.limit(), 100U);
  }
}

TEST_F(ConcurrencyLimitSamplesTest, BearsTimesThatMakeNoSense) {
  window(base::Duration(-5), 0, false, 100);
  window(base::Duration::max(), 4'000'000'000U, false, 100);
  window(base::Duration::zero(), 20, true, 100);
  EXPECT_GE(limit.limit(), 2U);
  EXPECT_LE(limit.limit(), 100U);
}

}  // namespace
}  // namespace mesh::resilience
