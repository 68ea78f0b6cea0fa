#include "api/exposition.h"

#include "api/counters.h"

#include <gtest/gtest.h>

namespace api {
namespace {

TEST(ExpositionTest, WritesHelpTypeAndSamples) {
  Exposition out;
  out.family("parley_members", "gauge", "Members.");
  out.sample({{"state", "serving"}}, std::uint64_t{3});
  out.sample({{"state", "dead"}, {"by", "x"}}, 0.5);
  EXPECT_EQ(out.text(),
            "# HELP parley_members Members.\n# TYPE parley_members gauge\n"
            "parley_members{state=\"serving\"} 3\nparley_members{state=\"dead\",by=\"x\"} 0.5\n");
}

TEST(ExpositionTest, EscapesLabelValuesAndHelp) {
  Exposition out;
  out.family("a", "gauge", "one\\two\n\"three\"");
  out.sample({{"l", "q\"b\\n\n"}}, std::uint64_t{1});
  EXPECT_EQ(out.text(),
            "# HELP a one\\\\two\\n\"three\"\n# TYPE a gauge\na{l=\"q\\\"b\\\\n\\n\"} 1\n");
}

TEST(ExpositionTest, AddsUpTheBucketsOfAHistogram) {
  Exposition out;
  out.family("h", "histogram", "H.");
  out.histogram({{"c", "x"}}, std::array{0.1, 1.0}, std::array<std::uint64_t, 3>{2, 1, 4},
                std::chrono::milliseconds(1'500));
  EXPECT_EQ(out.text(),
            "# HELP h H.\n# TYPE h histogram\n"
            "h_bucket{c=\"x\",le=\"0.1\"} 2\nh_bucket{c=\"x\",le=\"1\"} 3\n"
            "h_bucket{c=\"x\",le=\"+Inf\"} 7\nh_sum{c=\"x\"} 1.5\nh_count{c=\"x\"} 7\n");
}

TEST(DurationHistogramTest, PutsADurationIntoTheFirstBucketThatHoldsIt) {
  DurationHistogram histogram;
  histogram.add(std::chrono::microseconds(500));  // exactly the first bound
  histogram.add(std::chrono::microseconds(501));
  histogram.add(std::chrono::hours(1));
  EXPECT_EQ(histogram.counts.front(), 1U);
  EXPECT_EQ(histogram.counts.at(1), 1U);
  EXPECT_EQ(histogram.counts.back(), 1U);
  EXPECT_EQ(histogram.count, 3U);
}

mesh::ExchangeSettled settled(const std::string& capability) {
  return {.exchange = {},
          .outcome = mesh::Outcome::success,
          .status = 200,
          .attempts = 2,
          .call = mesh::CallId("c"),
          .capability = capability,
          .source = "a",
          .destination = "b",
          .took = std::chrono::milliseconds(1)};
}

TEST(ExpositionTest, ALabelIsTextWhateverItsBytesWere) {
  Exposition out;
  out.family("x", "counter", "h");
  out.sample({{"name", "a\xff\"b"}}, std::uint64_t{1});
  EXPECT_NE(out.text().find("x{name=\"a\xef\xbf\xbd\\\"b\"} 1\n"), std::string::npos) << out.text();
}

TEST(CallMetricsTest, CountsBySourceDestinationCapabilityAndOutcome) {
  CallMetrics metrics;
  metrics.on_settled(settled("x.y"), true);
  metrics.on_settled(settled("x.y"), true);
  EXPECT_EQ(metrics.requests().at({"a", "b", "x.y", mesh::Outcome::success}), 2U);
  EXPECT_EQ(metrics.capabilities().at("x.y").attempts, 4U);
}

TEST(CallMetricsTest, CountsUnderOtherPastItsBound) {
  CallMetrics metrics(3);
  for (int i = 0; i < 10; ++i) metrics.on_settled(settled("c" + std::to_string(i)), true);
  EXPECT_EQ(metrics.requests().size(), 4U);
  EXPECT_EQ(metrics.requests().at({"other", "other", "other", mesh::Outcome::success}), 7U);
  EXPECT_EQ(metrics.capabilities().size(), 4U);
  EXPECT_EQ(metrics.capabilities().at("other").duration.count, 7U);
}

TEST(CallMetricsTest, NamesThatAreMadeUpLeaveTheBoundToTheOthers) {
  CallMetrics metrics(3);
  for (int i = 0; i < 10; ++i) metrics.on_settled(settled("c" + std::to_string(i)), false);
  metrics.on_settled(settled("x.y"), true);
  metrics.on_settled(settled("x.y"), false);  // its last provider just left
  EXPECT_EQ(metrics.requests().at({"a", "b", "other", mesh::Outcome::success}), 10U);
  EXPECT_EQ(metrics.requests().at({"a", "b", "x.y", mesh::Outcome::success}), 2U);
  EXPECT_EQ(metrics.capabilities().size(), 2U);
}

TEST(CallMetricsTest, CountsTransitionsWithoutTheirSubjects) {
  CallMetrics metrics;
  metrics.on_transition({"member", "serving", "suspect", "1a2b3c4d"});
  metrics.on_transition({"member", "serving", "suspect", "99999999"});
  EXPECT_EQ(metrics.transitions().at({"member", "serving", "suspect"}), 2U);
}

}  // namespace
}  // namespace api
