#include "mesh/resilience/shedding.h"

#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <utility>

namespace mesh::resilience {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(PriorityTest, IsParsedFromItsWords) {
  EXPECT_EQ(parse_priority("critical"), Priority::critical);
  EXPECT_EQ(parse_priority("high"), Priority::high);
  EXPECT_EQ(parse_priority("normal"), Priority::normal);
  EXPECT_EQ(parse_priority("low"), Priority::low);
  EXPECT_EQ(parse_priority(" LOW\t"), Priority::low);
}

TEST(PriorityTest, IsParsedFromDigits) {
  EXPECT_EQ(parse_priority("0"), Priority::critical);
  EXPECT_EQ(parse_priority("1"), Priority::high);
  EXPECT_EQ(parse_priority("2"), Priority::normal);
  EXPECT_EQ(parse_priority(" 3 "), Priority::low);
}

TEST(PriorityTest, IsNothingElse) {
  for (const char* text : {"", " ", "4", "-1", "00", "10", "urgent", "lowest", "u=1"}) {
    EXPECT_EQ(parse_priority(text), std::nullopt) << text;
  }
}

TEST(PriorityTest, IsSaidInTheWordsThatAreParsed) {
  for (const auto priority :
       {Priority::critical, Priority::high, Priority::normal, Priority::low}) {
    EXPECT_EQ(parse_priority(to_string(priority)), priority);
  }
}

// The first number of calls under way at which this priority is shed.
std::uint32_t shed_from(Priority priority, std::uint32_t limit) {
  std::uint32_t in_flight = 0;
  while (!sheds(priority, in_flight, limit)) ++in_flight;
  return in_flight;
}

TEST(SheddingTest, RefusesTheLessImportantFirst) {
  EXPECT_EQ(shed_from(Priority::critical, 100), 100U);
  EXPECT_EQ(shed_from(Priority::high, 100), 95U);
  EXPECT_EQ(shed_from(Priority::normal, 100), 80U);
  EXPECT_EQ(shed_from(Priority::low, 100), 50U);
}

TEST(SheddingTest, KeepsPlacesForTheImportantAtUsualLimits) {
  EXPECT_EQ(shed_from(Priority::critical, 20), 20U);
  EXPECT_EQ(shed_from(Priority::high, 20), 19U);
  EXPECT_EQ(shed_from(Priority::normal, 20), 16U);
  EXPECT_EQ(shed_from(Priority::low, 20), 10U);
}

TEST(SheddingTest, GivesANormalCallTheLastPlaceOfAFew) {
  for (const std::uint32_t limit : {1U, 2U, 3U, 4U}) {
    EXPECT_EQ(shed_from(Priority::normal, limit), limit);
    EXPECT_EQ(shed_from(Priority::high, limit), limit);
    EXPECT_EQ(shed_from(Priority::critical, limit), limit);
  }
  EXPECT_EQ(shed_from(Priority::normal, 5), 4U);
}

TEST(SheddingTest, GivesALowCallAPlaceWhereThereIsNobody) {
  EXPECT_EQ(shed_from(Priority::low, 1), 1U);
  EXPECT_EQ(shed_from(Priority::low, 2), 1U);
  EXPECT_EQ(shed_from(Priority::low, 3), 2U);
}

TEST(SheddingTest, RefusesAllWithoutAPlace) {
  EXPECT_TRUE(sheds(Priority::critical, 0, 0));
  EXPECT_TRUE(sheds(Priority::low, 0, 0));
}

TEST(SheddingTest, NeverAdmitsALessImportantCallThatItWouldRefuseAMoreImportantOne) {
  for (std::uint32_t limit = 0; limit < 200; ++limit) {
    for (const auto& [above, below] : {std::pair(Priority::critical, Priority::high),
                                       std::pair(Priority::high, Priority::normal),
                                       std::pair(Priority::normal, Priority::low)}) {
      EXPECT_GE(places_of(above, limit), places_of(below, limit));
    }
    EXPECT_EQ(places_of(Priority::critical, limit), limit);
  }
}

TEST(SheddingTest, BearsAnyLimit) {
  constexpr auto most = std::numeric_limits<std::uint32_t>::max();
  EXPECT_EQ(places_of(Priority::critical, most), most);
  EXPECT_FALSE(sheds(Priority::low, most / 2, most));
  EXPECT_TRUE(sheds(Priority::critical, most, most));
}

TEST(SheddingTest, SaysWhenAPlaceMayBeFree) {
  // Ten under way that take 20 s: one ends every 2 s.
  EXPECT_EQ(retry_after_of(Priority::critical, 10, 10, seconds(20)), seconds(2));
  EXPECT_EQ(retry_after_of(Priority::normal, 10, 10, seconds(20)), seconds(6));
  EXPECT_EQ(retry_after_of(Priority::low, 10, 10, seconds(20)), seconds(12));
}

TEST(SheddingTest, SaysNoLessThanASecondAndNoMoreThanThirty) {
  EXPECT_EQ(retry_after_of(Priority::normal, 10, 10, milliseconds(20)), seconds(1));
  EXPECT_EQ(retry_after_of(Priority::normal, 10, 10, base::Duration::zero()), seconds(1));
  EXPECT_EQ(retry_after_of(Priority::normal, 0, 10, seconds(20)), seconds(1));
  EXPECT_EQ(retry_after_of(Priority::low, 10, 0, hours(5)), seconds(30));
  EXPECT_EQ(retry_after_of(Priority::low, 0, 0, base::Duration::max()), seconds(30));
}

}  // namespace
}  // namespace mesh::resilience
