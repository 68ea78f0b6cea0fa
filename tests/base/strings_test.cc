#include "base/strings.h"

#include "base/endpoint.h"
#include "base/rng.h"

#include <gtest/gtest.h>

namespace base {
namespace {

using std::chrono::milliseconds;

TEST(DurationTest, ReadsEveryUnitAndFractions) {
  EXPECT_EQ(parse_duration("500ms"), milliseconds(500));
  EXPECT_EQ(parse_duration("30s"), milliseconds(30'000));
  EXPECT_EQ(parse_duration("10m"), milliseconds(600'000));
  EXPECT_EQ(parse_duration("1.5s"), milliseconds(1'500));
  EXPECT_EQ(parse_duration("250us"), std::chrono::microseconds(250));
}

TEST(DurationTest, RefusesWhatIsNotADuration) {
  for (const char* text :
       {"", "s", "5", "-1s", "1.s", ".5s", "1e3s", "99999999999999999999s", "5 s"}) {
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
  }
}

TEST(DurationTest, FormatsTheShortestExactForm) {
  EXPECT_EQ(format_duration(milliseconds(1'500)), "1500ms");
  EXPECT_EQ(format_duration(milliseconds(30'000)), "30s");
  EXPECT_EQ(format_duration(milliseconds(600'000)), "10m");
  EXPECT_EQ(format_duration(milliseconds(0)), "0s");
}

TEST(NearestWordTest, FindsATypingErrorAndNothingElse) {
  const std::vector<std::string_view> keys{"capabilities", "concurrency", "health"};
  EXPECT_EQ(nearest_word("capabilites", keys), "capabilities");
  EXPECT_EQ(nearest_word("zebra", keys), std::nullopt);
}

TEST(EndpointTest, ReadsAndWritesBothFamilies) {
  for (const char* text : {"127.0.0.1:7400", "0.0.0.0:0", "[::1]:7400", "[2001:db8::1]:65535"}) {
    const std::optional<Endpoint> endpoint = Endpoint::parse(text);
    ASSERT_TRUE(endpoint.has_value()) << text;
    EXPECT_EQ(endpoint->to_string(), text);
  }
  for (const char* text :
       {"", ":80", "localhost:80", "1.2.3.4", "1.2.3.4:65536", "[::1", "::1:80"}) {
    EXPECT_FALSE(Endpoint::parse(text).has_value()) << text;
  }
}

TEST(RngTest, ForksDoNotDependOnDrawsFromTheirParent) {
  Rng parent(7);
  Rng before = parent.fork("link", 3);
  parent.next();
  Rng after = parent.fork("link", 3);
  EXPECT_EQ(before.next(), after.next());
  Rng other = parent.fork("link", 4);
  EXPECT_NE(before.next(), other.next());
}

}  // namespace
}  // namespace base
