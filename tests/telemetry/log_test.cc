#include "telemetry/log.h"

#include "telemetry/process.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace telemetry {
namespace {

using base::Severity;
using std::chrono::seconds;

class LogTest : public testing::Test {
 protected:
  Log make(LogOptions options) {
    return Log(options, [this](std::string_view line) { lines.emplace_back(line); });
  }
  // 2026-03-01T12:00:00.007Z, so many seconds on.
  static LogClock at(std::int64_t second) {
    return {base::Instant() + seconds(second), {1'772'366'400'007 + second * 1'000}};
  }

  std::vector<std::string> lines;
};

TEST_F(LogTest, WritesAlignedTextForPeople) {
  Log log = make({});
  log.write(Severity::info, "ready", at(0));
  log.write(Severity::warning, "the clock jumped", at(1));
  EXPECT_EQ(lines,
            (std::vector<std::string>{"2026-03-01T12:00:00.007Z info    ready\n",
                                      "2026-03-01T12:00:01.007Z warning the clock jumped\n"}));
}

TEST_F(LogTest, WritesOneJsonObjectALineForPrograms) {
  Log log = make({.format = LogFormat::json});
  log.write(Severity::error, "cannot read \"a\\b\"", at(0));
  EXPECT_EQ(lines.at(0),
            "{\"time\":\"2026-03-01T12:00:00.007Z\",\"level\":\"error\","
            "\"message\":\"cannot read \\\"a\\\\b\\\"\"}\n");
}

TEST_F(LogTest, JsonIsUtf8WhateverANameIs) {
  Log log = make({.format = LogFormat::json});
  log.write(Severity::info, "z\xc3\xbcrich \xf0\x9f\x98\x80 \xff \xc3", at(0));
  log.write(Severity::info, "\xed\xa0\x80 \xc0\xaf", at(1));  // half a pair, too long a form
  EXPECT_NE(lines.at(0).find("\"z\xc3\xbcrich \xf0\x9f\x98\x80 \xef\xbf\xbd \xef\xbf\xbd\""),
            std::string::npos);
  EXPECT_EQ(lines.at(1).find_first_of("\xed\xa0\x80\xc0\xaf"), std::string::npos);
}

TEST_F(LogTest, KeepsQuietBelowItsLevel) {
  Log log = make({.level = Severity::warning});
  log.write(Severity::info, "not said", at(0));
  log.transition({"member", "serving", "suspect", "1a2b3c4d"}, at(0));
  EXPECT_TRUE(lines.empty());
}

TEST_F(LogTest, SaysWhoComesAndGoes) {
  Log log = make({.level = Severity::info});
  log.transition({"member", "serving", "suspect", "1a2b3c4d"}, at(0));
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_NE(lines[0].find("info    member 1a2b3c4d: serving -> suspect"), std::string::npos);
}

TEST_F(LogTest, SaysEverydayTransitionsAtDebugOnly) {
  Log quiet = make({.level = Severity::info});
  quiet.transition({"call", "arrived", "attempting", ""}, at(0));
  quiet.transition({"member", "serving", "at_capacity", "1a2b3c4d"}, at(0));
  EXPECT_TRUE(lines.empty());
  Log log = make({.level = Severity::debug});
  log.transition({"call", "arrived", "attempting", ""}, at(0));
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_NE(lines[0].find("debug   call: arrived -> attempting"), std::string::npos);
}

TEST_F(LogTest, WritesTheSameSentenceABurstOfTimesAndThenCountsIt) {
  Log log = make({.interval = seconds(10), .burst = 2});
  for (int i = 0; i < 7; ++i)
    log.write(Severity::info, "no answer from 1a2b3c4" + std::to_string(i), at(i));
  EXPECT_EQ(lines.size(), 2U);
  EXPECT_EQ(log.suppressed(), 5U);
  log.write(Severity::info, "something else", at(7));
  EXPECT_EQ(lines.size(), 3U);
  log.write(Severity::info, "no answer from 99999999", at(11));
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_NE(lines[3].find("(and 5 lines like it, not shown)"), std::string::npos);
}

TEST_F(LogTest, RemembersABoundedNumberOfSentences) {
  Log log = make({.kinds_max = 8});
  for (char c = 'a'; c <= 'z'; ++c) log.write(Severity::info, std::string(3, c) + " x", at(0));
  EXPECT_EQ(lines.size(), 26U);
}

TEST_F(LogTest, LetsNoNameForgeALineOrSteerATerminal) {
  Log log = make({});
  log.write(Severity::info, "hello\n2026 error forged \x1b[31m", at(0));
  EXPECT_EQ(lines.at(0), "2026-03-01T12:00:00.007Z info    hello 2026 error forged  [31m\n");
}

TEST_F(LogTest, ColoursOnlyTheLevel) {
  Log log = make({.color = true});
  log.write(Severity::error, "broken", at(0));
  EXPECT_EQ(lines.at(0), "2026-03-01T12:00:00.007Z \x1b[31merror  \x1b[0m broken\n");
}

TEST(ProcessFiguresTest, SeesThisProcess) {
  const auto figures = read_process_figures();
  ASSERT_TRUE(figures.has_value());
  EXPECT_GT(figures->resident_bytes, 100'000U);
  EXPECT_GT(figures->virtual_bytes, figures->resident_bytes);
  EXPECT_GE(figures->threads, 1U);
  EXPECT_GE(figures->open_fds, 3U);
  EXPECT_GE(figures->max_fds, figures->open_fds);
}

}  // namespace
}  // namespace telemetry
