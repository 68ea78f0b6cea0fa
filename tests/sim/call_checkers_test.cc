// The checkers of calls bite: a history in which the property is broken is reported, and one in
// which it holds is not.
#include "sim/checkers/breakers.h"
#include "sim/checkers/budgets.h"
#include "sim/checkers/deadlines.h"
#include "sim/checkers/ejections.h"
#include "sim/checkers/quality.h"

#include <gtest/gtest.h>

namespace sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class CallCheckersTest : public ::testing::Test {
 protected:
  AttemptDecided decided(base::Duration at, std::uint64_t exchange = 1,
                         std::uint32_t attempt = 1) const {
    AttemptDecided out;
    out.at = at;
    out.node = 0;
    out.exchange = exchange;
    out.attempt = attempt;
    out.to = 1;
    out.capability = "cap.0";
    out.policy = &policy_;
    return out;
  }
  static BreakerStep step(base::Duration at, std::string_view to) {
    return {.at = at, .node = 0, .subject = 1, .capability = "cap.0", .to = to};
  }

  mesh::CallPolicy policy_;
  Truth truth_{4};
};

TEST_F(CallCheckersTest, DeadlinesSeesMoreTimeThanThereIs) {
  DeadlinesChecker checker(truth_);
  AttemptDecided attempt = decided(seconds(1));
  attempt.left = seconds(2);
  attempt.given = milliseconds(1'990);
  checker.on_attempt(attempt);
  EXPECT_TRUE(checker.violations().empty());
  attempt.given = milliseconds(2'010);
  checker.on_attempt(attempt);
  EXPECT_EQ(checker.violations().size(), 1U);
}

TEST_F(CallCheckersTest, DeadlinesSeesWorkThatBeginsTooLate) {
  DeadlinesChecker checker(truth_);
  AttemptDecided attempt = decided(seconds(1));
  attempt.left = -milliseconds(5);
  checker.on_attempt(attempt);
  EXPECT_EQ(checker.violations().size(), 1U);
  attempt.left.reset();  // nobody asked for an end
  checker.on_attempt(attempt);
  EXPECT_EQ(checker.violations().size(), 1U);
}

TEST_F(CallCheckersTest, BreakersSeesAnAttemptThroughAnOpenOne) {
  BreakersChecker checker(truth_);
  checker.on_attempt(decided(seconds(1)));
  checker.on_breaker(step(seconds(2), "open"));
  EXPECT_TRUE(checker.violations().empty());
  checker.on_attempt(decided(seconds(3)));
  EXPECT_EQ(checker.violations().size(), 1U);
  AttemptDecided for_peer = decided(seconds(3));
  for_peer.for_peer = true;
  checker.on_attempt(for_peer);
  EXPECT_EQ(checker.violations().size(), 1U);
}

TEST_F(CallCheckersTest, BreakersSeesOneProbeTooMany) {
  policy_.breaker.half_open_requests = 2;
  BreakersChecker checker(truth_);
  checker.on_breaker(step(seconds(1), "open"));
  checker.on_breaker(step(seconds(2), "half_open"));
  checker.on_attempt(decided(seconds(2), 1));
  checker.on_attempt(decided(seconds(2), 2));
  checker.on_attempt_over({seconds(3), 0, 2, 1});
  checker.on_attempt(decided(seconds(3), 3));
  EXPECT_TRUE(checker.violations().empty());
  checker.on_attempt(decided(seconds(4), 4));
  EXPECT_EQ(checker.violations().size(), 1U);
}

TEST_F(CallCheckersTest, BreakersSeesOneThatClosesTooEarly) {
  policy_.breaker.half_open_requests = 2;
  BreakersChecker checker(truth_);
  checker.on_breaker(step(seconds(1), "half_open"));
  checker.on_attempt(decided(seconds(2), 1));
  checker.on_breaker(step(seconds(3), "closed"));
  EXPECT_EQ(checker.violations().size(), 1U);
}

TEST_F(CallCheckersTest, QualitySeesACallThatIsNoProbe) {
  policy_.quality.never_below = 0.7;
  policy_.breaker.open_for = seconds(30);
  QualityChecker checker(truth_);
  AttemptDecided attempt = decided(seconds(1));
  attempt.quality = 0.65;
  checker.on_attempt(attempt);
  attempt.at = seconds(31);
  checker.on_attempt(attempt);
  EXPECT_TRUE(checker.violations().empty());
  attempt.at = seconds(40);
  checker.on_attempt(attempt);
  EXPECT_EQ(checker.violations().size(), 1U);
  attempt.at = seconds(41);
  attempt.quality = 0.71;
  checker.on_attempt(attempt);
  EXPECT_EQ(checker.violations().size(), 1U);
}

TEST_F(CallCheckersTest, BudgetsSeesTooManyAttemptsOfOneCall) {
  policy_.retry.attempts = 2;
  BudgetsChecker checker(truth_);
  checker.on_call_begun({seconds(1), 0, 1, "cap.0"});
  checker.on_attempt(decided(seconds(1), 1, 1));
  checker.on_attempt(decided(seconds(1), 1, 2));
  AttemptDecided pardoned = decided(seconds(1), 1, 3);
  pardoned.pardoned = true;
  checker.on_attempt(pardoned);
  EXPECT_TRUE(checker.violations().empty());
  checker.on_attempt(decided(seconds(1), 1, 4));
  EXPECT_EQ(checker.violations().size(), 1U);
}

TEST_F(CallCheckersTest, BudgetsSeesAStorm) {
  policy_.retry.attempts = 2;
  policy_.retry.budget = 0.1;
  BudgetsChecker checker(truth_);
  for (std::uint64_t call = 1; call <= 20; ++call) {
    checker.on_call_begun({seconds(1), 0, call, "cap.0"});
    checker.on_attempt(decided(seconds(1), call, 1));
    // The reserve, and a tenth of the calls so far.
    if (call <= 11) checker.on_attempt(decided(seconds(1), call, 2));
  }
  EXPECT_TRUE(checker.violations().empty());
  for (std::uint64_t call = 13; call <= 16; ++call) {
    checker.on_attempt(decided(seconds(2), call, 2));
  }
  EXPECT_FALSE(checker.violations().empty());
}

TEST_F(CallCheckersTest, BudgetsSeesAnEscalationThatDoesNotPay) {
  policy_.retry.attempts = 1;
  policy_.retry.budget = 0;
  BudgetsChecker checker(truth_);
  for (std::uint64_t call = 1; call <= 11; ++call) {
    EXPECT_TRUE(checker.violations().empty());
    checker.on_call_begun({seconds(1), 0, call, "cap.0"});
    checker.on_attempt(decided(seconds(1), call, 1));
    AttemptDecided escalation = decided(seconds(2), call, 2);
    escalation.escalates = true;
    escalation.expert = true;
    escalation.pardoned = true;
    checker.on_attempt(escalation);
  }
  EXPECT_EQ(checker.violations().size(), 1U);
}

TEST_F(CallCheckersTest, BudgetsSeesAnEscalationToNoExpertAndASecondOne) {
  policy_.retry.attempts = 1;
  BudgetsChecker checker(truth_);
  checker.on_attempt(decided(seconds(1), 1, 1));
  AttemptDecided escalation = decided(seconds(2), 1, 2);
  escalation.escalates = true;
  checker.on_attempt(escalation);
  EXPECT_EQ(checker.violations().size(), 1U);
  escalation.expert = true;
  checker.on_attempt(escalation);
  EXPECT_EQ(checker.violations().size(), 2U);
}

TEST_F(CallCheckersTest, BudgetsCountsACallThatFellBackWhereItIsServed) {
  policy_.retry.attempts = 2;
  policy_.retry.budget = 0.5;
  BudgetsChecker checker(truth_);
  for (std::uint64_t call = 1; call <= 20; ++call) {
    AttemptDecided fallen = decided(seconds(1), call, 2);
    fallen.falls_back = true;
    checker.on_attempt(fallen);
    fallen.attempt = 3;
    checker.on_attempt(fallen);
  }
  EXPECT_TRUE(checker.violations().empty());  // 10 + 20 / 2
  AttemptDecided fallen = decided(seconds(1), 20, 4);
  fallen.falls_back = true;
  checker.on_attempt(fallen);
  EXPECT_FALSE(checker.violations().empty());
}

TEST_F(CallCheckersTest, EjectionsSeesMoreThanTheShare) {
  const auto violations = [&](std::size_t agents, std::size_t ejected, double share) {
    EjectionsChecker checker(truth_);
    checker.on_ejected({.at = seconds(1),
                        .node = 0,
                        .capability = "cap.0",
                        .agents = agents,
                        .ejected = ejected,
                        .share_max = share});
    return checker.violations().size();
  };
  EXPECT_EQ(violations(4, 2, 0.5), 0U);
  EXPECT_EQ(violations(5, 2, 0.5), 0U);
  EXPECT_EQ(violations(100, 29, 0.29), 0U);
  EXPECT_EQ(violations(4, 1, 0), 0U);  // one may always be
  EXPECT_EQ(violations(5, 3, 0.5), 1U);
  EXPECT_EQ(violations(4, 2, 0), 1U);
  EXPECT_EQ(violations(2, 2, 1), 1U);  // never all
  EXPECT_EQ(violations(1, 1, 1), 1U);
}

}  // namespace
}  // namespace sim
