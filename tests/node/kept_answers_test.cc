#include "node/kept_answers.h"

#include <gtest/gtest.h>

#include <string>

namespace node {
namespace {

TEST(KeptAnswersTest, ForgetsTheOldestWhenTheBoundIsReached) {
  KeptAnswers answers;
  const std::size_t fit =
      KeptAnswers::total_bytes_max / (KeptAnswers::answer_bytes_max + KeptAnswers::field_overhead);
  for (std::size_t i = 1; i <= fit + 1; ++i) {
    answers.put({i}, {{}, base::Bytes(KeptAnswers::answer_bytes_max), {}});
  }
  EXPECT_EQ(answers.find({1}), nullptr);
  EXPECT_NE(answers.find({2}), nullptr);
  answers.put({9999}, {{}, base::Bytes(KeptAnswers::answer_bytes_max + 1), {}});
  EXPECT_EQ(answers.find({9999}), nullptr);
}

TEST(KeptAnswersTest, HeadsAndTrailersCountToo) {
  KeptAnswers answers;
  const std::string large(48 * 1024, 'x');
  for (std::uint64_t id = 1; id <= 1'000; ++id) {
    answers.put({id}, {.head = {.status = 200, .headers = {{"x-a", large}}, .body_size = 0},
                       .body = {},
                       .trailers = {{"x-b", large}}});
    ASSERT_LE(answers.bytes(), KeptAnswers::total_bytes_max);
  }
  EXPECT_EQ(answers.find({1}), nullptr);
  ASSERT_NE(answers.find({1'000}), nullptr);
  for (std::uint64_t id = 1; id <= 1'000; ++id) answers.forget({id});
  EXPECT_EQ(answers.bytes(), 0U);
}

}  // namespace
}  // namespace node
