#include "mesh/judge/calendar.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace mesh::judge {
namespace {

// The example of RFC 9110, 5.6.7.
constexpr std::int64_t example = 784'111'777'000;

std::int64_t http(std::string_view text) {
  const auto time = parse_http_date(text);
  return time ? time->milliseconds : -1;
}

std::int64_t stamp(std::string_view text) {
  const auto time = parse_timestamp(text);
  return time ? time->milliseconds : -1;
}

TEST(CalendarTest, ReadsAllThreeFormsOfAnHttpDate) {
  EXPECT_EQ(http("Sun, 06 Nov 1994 08:49:37 GMT"), example);
  EXPECT_EQ(http("Sunday, 06-Nov-94 08:49:37 GMT"), example);
  EXPECT_EQ(http("Sun Nov  6 08:49:37 1994"), example);
  EXPECT_EQ(http("Thu Feb 29 00:00:00 2024"), 1'709'164'800'000);
  EXPECT_EQ(http("Thu, 01 Jan 1970 00:00:00 GMT"), 0);
}

TEST(CalendarTest, RefusesWhatIsNoHttpDate) {
  for (const char* text :
       {"", ",", "Sun", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 CET",
        "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994 08:49:37 GMT ", "Sun, 06 Foo 1994"}) {
    EXPECT_EQ(http(text), -1) << text;
  }
}

TEST(CalendarTest, ReadsTimestamps) {
  EXPECT_EQ(stamp("1994-11-06T08:49:37Z"), example);
  EXPECT_EQ(stamp("1994-11-06t08:49:37.123456z"), example);
  EXPECT_EQ(stamp("1994-11-06T10:19:37+01:30"), example);
  EXPECT_EQ(stamp("1994-11-06 00:49:37-08:00"), example);
}

TEST(CalendarTest, RefusesWhatIsNoTimestamp) {
  for (const char* text :
       {"", "1994", "1994-11-06", "1994-11-06T08:49:37", "1994-13-06T08:49:37Z",
        "1994-11-06T08:49:37+01", "1994-11-06T08:49:37Zx", "-994-11-06T08:49:37Z"}) {
    EXPECT_EQ(stamp(text), -1) << text;
  }
}

}  // namespace
}  // namespace mesh::judge
