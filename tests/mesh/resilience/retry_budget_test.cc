#include "mesh/resilience/retry_budget.h"

#include "base/rng.h"

#include <gtest/gtest.h>

#include <string>

namespace mesh::resilience {
namespace {

int take_all(RetryBudget& budget) {
  int taken = 0;
  while (budget.take()) ++taken;
  return taken;
}

TEST(RetryBudgetTest, StartsWithTheReserve) {
  RetryBudget budget;
  EXPECT_DOUBLE_EQ(budget.tokens(), 10);
  EXPECT_EQ(take_all(budget), 10);
  EXPECT_DOUBLE_EQ(budget.tokens(), 0);
}

TEST(RetryBudgetTest, EveryCallPaysItsShare) {
  RetryBudget budget;
  take_all(budget);
  for (int i = 0; i < 9; ++i) budget.on_call(0.1);
  EXPECT_FALSE(budget.take());
  budget.on_call(0.1);
  EXPECT_TRUE(budget.take());
  EXPECT_FALSE(budget.take());
}

TEST(RetryBudgetTest, KeepsTheSharesOfAHundredCallsAboveTheReserve) {
  RetryBudget budget;
  for (int i = 0; i < 100'000; ++i) budget.on_call(0.15);
  EXPECT_DOUBLE_EQ(budget.tokens(), 25);
  EXPECT_EQ(take_all(budget), 25);
}

TEST(RetryBudgetTest, HoldsTheBoundInAStormAfterAnyPast) {
  base::Rng rng(5);
  for (const double ratio : {0.0, 0.05, 0.15, 0.2, 1.0}) {
    RetryBudget budget;
    int calls = 0;
    int attempts = 0;
    for (int i = 0; i < 20'000; ++i) {
      budget.on_call(ratio);
      ++calls;
      ++attempts;
      const bool storm = (i / 2'000) % 2 == 1;
      for (int retry = 0; retry < 2; ++retry) {
        if ((storm || rng.chance(50'000)) && budget.take()) ++attempts;
      }
      ASSERT_LE(attempts, (1 + ratio) * calls + 10 + 1e-6);
    }
  }
}

TEST(RetryBudgetTest, ALongGoodTimeDoesNotPayForAStorm) {
  RetryBudget budget;
  for (int i = 0; i < 1'000'000; ++i) budget.on_call(0.2);
  int attempts = 0;
  for (int i = 0; i < 1'000; ++i) {
    budget.on_call(0.2);
    ++attempts;
    for (int retry = 0; retry < 2; ++retry) attempts += budget.take() ? 1 : 0;
  }
  EXPECT_LE(attempts, 1'000 + 200 + 10 + 20);
}

TEST(RetryBudgetTest, WithoutARatioThereIsOnlyTheReserve) {
  RetryBudget budget;
  for (int i = 0; i < 1'000; ++i) budget.on_call(0);
  EXPECT_EQ(take_all(budget), 10);
  for (int i = 0; i < 1'000; ++i) budget.on_call(-3);
  EXPECT_FALSE(budget.take());
}

TEST(RetryBudgetTest, ALowerRatioTakesEffectWithTheNextCall) {
  RetryBudget budget;
  for (int i = 0; i < 1'000; ++i) budget.on_call(1);
  EXPECT_DOUBLE_EQ(budget.tokens(), 110);
  budget.on_call(0.1);
  EXPECT_DOUBLE_EQ(budget.tokens(), 20);
}

TEST(RetryBudgetsTest, KeepsOneForEachCapability) {
  RetryBudgets budgets;
  take_all(budgets.of("a"));
  EXPECT_FALSE(budgets.of("a").take());
  EXPECT_TRUE(budgets.of("b").take());
}

TEST(RetryBudgetsTest, ForgetsTheLongestUnusedBeyondItsBound) {
  RetryBudgets budgets;
  take_all(budgets.of("first"));
  take_all(budgets.of("second"));
  for (std::size_t i = 2; i < RetryBudgets::capabilities_max; ++i) {
    take_all(budgets.of(std::to_string(i)));
  }
  EXPECT_FALSE(budgets.of("first").take());
  take_all(budgets.of("one more"));
  EXPECT_FALSE(budgets.of("first").take());
  EXPECT_TRUE(budgets.of("second").take());
}

}  // namespace
}  // namespace mesh::resilience
