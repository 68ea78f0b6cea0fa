#include "cli/stage/diary.h"

#include <gtest/gtest.h>

#include <chrono>

namespace cli::stage {
namespace {

using std::chrono::milliseconds;

sim::AgentRun run_of(int status, base::Duration took) {
  sim::AgentRun run;
  run.status = status;
  run.head_after = took;
  run.body = std::string(sim::good_output);
  return run;
}

TEST(DiaryTest, TellsWhoRanAndWhatWasAnswered) {
  Diary diary;
  diary.begin(7, milliseconds(100));
  diary.on_run("n3", "cap.1", {.call = 7}, run_of(500, milliseconds(20)), milliseconds(101));
  diary.on_answer(
      "n9", "cap.1", {.call = 7},
      {.status = 504, .headers = {{"parley-error", "deadline_exceeded"}}, .body = "too late"},
      milliseconds(130));
  EXPECT_EQ(diary.end(7),
            "  +1.0 ms n3 runs cap.1: 500 after 20.0 ms\n"
            "  +30.0 ms n9 gets of cap.1: 504, parley-error: deadline_exceeded, too late\n");
  EXPECT_EQ(diary.end(7), "");
}

TEST(DiaryTest, KeepsNoMoreThanItsBounds) {
  Diary diary(Diary::Options{.calls_max = 2, .lines_max = 1});
  for (std::uint32_t call = 1; call <= 3; ++call) {
    diary.begin(call, {});
    diary.on_run("n0", "cap.0", {.call = call}, run_of(200, {}), {});
    diary.on_run("n1", "cap.0", {.call = call}, run_of(200, {}), {});
  }
  EXPECT_EQ(diary.end(1), "");
  EXPECT_EQ(diary.end(3), "  +0.0 ms n0 runs cap.0: 200 after 0.0 ms\n");
}

}  // namespace
}  // namespace cli::stage
