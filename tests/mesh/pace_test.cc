#include "mesh/judge/pace.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace mesh::judge {
namespace {

using std::chrono::milliseconds;

constexpr const char* now = "Sun, 06 Nov 1994 08:49:37 GMT";

// In milliseconds; -1 for nothing.
std::int64_t wait(int status, Headers headers) {
  const auto asked =
      retry_after({.status = status, .headers = std::move(headers), .body_size = {}});
  return asked ? std::chrono::duration_cast<milliseconds>(*asked).count() : -1;
}

TEST(PaceTest, HonoursRetryAfterInSeconds) {
  EXPECT_EQ(wait(429, {{"retry-after", "7"}}), 7'000);
  EXPECT_EQ(wait(503, {{"retry-after", " 1.5 "}}), 1'500);
  EXPECT_EQ(wait(503, {{"retry-after", "0"}}), -1);
  EXPECT_EQ(wait(503, {{"retry-after", "-1"}}), -1);
  EXPECT_EQ(wait(503, {{"retry-after", "soon"}}), -1);
  EXPECT_EQ(wait(503, {}), -1);
}

TEST(PaceTest, ComparesAnHttpDateWithTheAnswersOwnDate) {
  const Header later{"retry-after", "Sun, 06 Nov 1994 08:50:07 GMT"};
  EXPECT_EQ(wait(503, {later, {"date", now}}), 30'000);
  EXPECT_EQ(wait(503, {later}), -1);
  EXPECT_EQ(wait(503, {later, {"date", "today"}}), -1);
  EXPECT_EQ(wait(503, {{"retry-after", now}, {"date", "Sun, 06 Nov 1994 09:00:00 GMT"}}), -1);
}

TEST(PaceTest, BelievesTheMoreExactOfTwoWords) {
  EXPECT_EQ(wait(429, {{"retry-after", "1"}, {"retry-after-ms", "250"}}), 250);
  EXPECT_EQ(wait(429, {{"retry-after", "2"}, {"x-ratelimit-reset", "50"}}), 2'000);
}

TEST(PaceTest, CapsWhatAnAgentAsksFor) {
  EXPECT_EQ(wait(429, {{"retry-after", "86400"}}), 600'000);
  EXPECT_EQ(wait(429, {{"retry-after", "18446744073709551615"}}), 600'000);
  EXPECT_EQ(wait(429, {{"x-ratelimit-reset-tokens", "9999999999h"}}), 600'000);
}

TEST(PaceTest, DoesNotSlowDownForAnOrdinaryAnswer) {
  EXPECT_EQ(wait(200, {{"retry-after", "7"}}), -1);
  EXPECT_EQ(wait(500, {{"retry-after", "7"}}), -1);
  EXPECT_EQ(wait(200, {{"x-ratelimit-remaining", "3"}, {"x-ratelimit-reset", "7"}}), -1);
  EXPECT_EQ(wait(200, {{"x-ratelimit-reset", "7"}}), -1);
  EXPECT_EQ(wait(503, {{"x-ratelimit-remaining", "3"}, {"x-ratelimit-reset", "7"}}), -1);
}

TEST(PaceTest, SlowsDownWhenNothingRemains) {
  EXPECT_EQ(wait(200, {{"x-ratelimit-remaining", "0"}, {"x-ratelimit-reset", "7"}}), 7'000);
  EXPECT_EQ(wait(200, {{"ratelimit-remaining", "0"}, {"ratelimit-reset", "9"}}), 9'000);
}

TEST(PaceTest, ReadsResetsAsSpansOrPointsInTime) {
  EXPECT_EQ(wait(429, {{"x-ratelimit-reset", "999999"}}), 600'000);
  EXPECT_EQ(wait(429, {{"x-ratelimit-reset", "784111787"}, {"date", now}}), 600'000);
  const Header date{"date", "Thu, 01 Jan 2026 00:00:00 GMT"};
  EXPECT_EQ(wait(429, {{"x-ratelimit-reset", "1767225610"}, date}), 10'000);
  EXPECT_EQ(wait(429, {{"x-ratelimit-reset", "1767225610500"}, date}), 10'500);
  EXPECT_EQ(wait(429, {{"x-ratelimit-reset", "1767225610"}}), -1);
}

TEST(PaceTest, ReadsTheSpansOfOpenAi) {
  EXPECT_EQ(wait(429, {{"x-ratelimit-reset-requests", "1s"}}), 1'000);
  EXPECT_EQ(wait(429, {{"x-ratelimit-reset-requests", "6m0s"}}), 360'000);
  EXPECT_EQ(wait(429, {{"x-ratelimit-reset-tokens", "20ms"}}), 20);
  EXPECT_EQ(wait(429, {{"x-ratelimit-reset-tokens", "1m2.5s"}}), 62'500);
  EXPECT_EQ(wait(429, {{"x-ratelimit-reset-tokens", "6m0"}}), -1);
  EXPECT_EQ(wait(429, {{"x-ratelimit-reset-tokens", "s"}}), -1);
  EXPECT_EQ(wait(429, {{"x-ratelimit-reset-tokens", ""}}), -1);
}

TEST(PaceTest, WaitsForTheLimitThatIsUsedUp) {
  EXPECT_EQ(wait(429, {{"x-ratelimit-remaining-requests", "0"},
                       {"x-ratelimit-reset-requests", "2s"},
                       {"x-ratelimit-remaining-tokens", "150"},
                       {"x-ratelimit-reset-tokens", "6m0s"}}),
            2'000);
  EXPECT_EQ(wait(429, {{"x-ratelimit-remaining-requests", "0"},
                       {"x-ratelimit-reset-requests", "2s"},
                       {"x-ratelimit-remaining-tokens", "0"},
                       {"x-ratelimit-reset-tokens", "3s"}}),
            3'000);
  // A request of more tokens than are left.
  EXPECT_EQ(wait(429, {{"x-ratelimit-remaining-requests", "1"},
                       {"x-ratelimit-reset-requests", "2s"},
                       {"x-ratelimit-remaining-tokens", "10"},
                       {"x-ratelimit-reset-tokens", "3s"}}),
            2'000);
}

TEST(PaceTest, ReadsTheTimestampsOfAnthropic) {
  const Header reset{"anthropic-ratelimit-tokens-reset", "1994-11-06T08:49:52Z"};
  EXPECT_EQ(wait(429, {reset, {"date", now}}), 15'000);
  EXPECT_EQ(wait(429, {reset}), -1);
  EXPECT_EQ(wait(200, {reset, {"date", now}, {"anthropic-ratelimit-tokens-remaining", "0"}}),
            15'000);
}

TEST(PaceTest, ReadsTheFieldsOfTheIetfsDrafts) {
  EXPECT_EQ(wait(200, {{"ratelimit", R"("burst";r=0;t=5, "daily";r=70;t=400)"}}), 5'000);
  EXPECT_EQ(wait(200, {{"ratelimit", R"("a,b;t=1";r=0;t=5)"}}), 5'000);
  EXPECT_EQ(wait(200, {{"ratelimit", R"("burst";r=1;t=5)"}}), -1);
  EXPECT_EQ(wait(429, {{"ratelimit", "limit=100, remaining=0, reset=6"}}), 6'000);
  EXPECT_EQ(wait(429, {{"ratelimit", R"(;;,="";t=)"}}), -1);
}

TEST(PaceTest, ReadsNoHeaderThatIsNotCarried) {
  for (const char* name :
       {"retry-after", "retry-after-ms", "ratelimit", "ratelimit-reset", "ratelimit-remaining",
        "x-ratelimit-reset", "x-ratelimit-reset-tokens", "x-ratelimit-remaining-requests",
        "anthropic-ratelimit-tokens-reset", "date", "parley-quality", "parley-context-version",
        "parley-complexity", "parley-priority", "content-type", "content-encoding"}) {
    EXPECT_TRUE(decides_calls(name)) << name;
  }
  for (const char* name : {"", "accept", "x-request-id", "content-length", "authorization"}) {
    EXPECT_FALSE(decides_calls(name)) << name;
  }
}

}  // namespace
}  // namespace mesh::judge
