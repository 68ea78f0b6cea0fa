#include "gossip/admission.h"

#include "crypto/identity.h"
#include "gossip/own_record.h"

#include <gtest/gtest.h>

#include <chrono>

namespace gossip {
namespace {

using namespace std::chrono_literals;

base::NodeId number(std::uint32_t count) {
  base::NodeId id;
  for (std::size_t i = 0; i < 4; ++i) id.bytes.at(i) = std::byte(count >> (8 * i) & 0xff);
  id.bytes[31] = std::byte{1};
  return id;
}

class AdmissionTest : public testing::Test {
 protected:
  static crypto::Verified<SignedRecord> record_of(std::uint32_t subject) {
    SignedRecord out;
    out.record.subject = number(subject);
    out.record.version = {.epoch = 7, .sequence = 1};
    out.record.endpoint = base::Endpoint::v4({10, 1, 2, 3}, 7400);
    return crypto::Verified<SignedRecord>::own(out);
  }
  // Of `count` new identities that introduce themselves over links from there, so many are let in.
  std::uint32_t let_in(std::uint32_t first, std::uint32_t count, const base::Endpoint& from) {
    std::uint32_t in = 0;
    for (std::uint32_t i = first; i < first + count; ++i) {
      const Source source{.id = number(i), .at = from, .linked = true};
      if (!admission.may(number(i), source, now)) continue;
      in += admission.take(number(i), source, now) ? 1U : 0U;
    }
    return in;
  }

  Options options;
  base::NodeId self = number(1'000'000);
  Admission admission{options, self, base::Rng(1)};
  base::Instant now = base::Instant::from_nanoseconds(1'000'000'000);
  const base::Endpoint stranger = base::Endpoint::v4({203, 0, 113, 5}, 1234);
};

TEST_F(AdmissionTest, KeysWithoutEndFromOneAddressShareItsAllowance) {
  EXPECT_EQ(let_in(0, 1'000, stranger), 100U);
  EXPECT_EQ(let_in(1'000, 100, base::Endpoint::v4({203, 0, 113, 99}, 9)), 0U) << "the same /24";
  EXPECT_EQ(let_in(2'000, 10, base::Endpoint::v4({198, 51, 100, 1}, 9)), 10U) << "another one";
  now = now + 1s;
  EXPECT_EQ(let_in(3'000, 100, stranger), 20U);
}

TEST_F(AdmissionTest, AThousandNodesOfOneMachineStartAtOnce) {
  EXPECT_EQ(let_in(0, 1'000, base::Endpoint::v4({127, 0, 0, 1}, 1234)), 1'000U);
}

TEST_F(AdmissionTest, WhatIsOnlyLookedAtTakesNothingFromItsNeighbours) {
  for (std::uint32_t i = 0; i < 10'000; ++i) {
    EXPECT_TRUE(admission.may(number(i), {.id = number(i), .at = stranger, .linked = true}, now));
  }
  EXPECT_EQ(let_in(20'000, 100, stranger), 100U);
}

TEST_F(AdmissionTest, ManyIntroducersOfOnePrefixNameNoMoreThanItMay) {
  std::uint32_t named = 0;
  for (std::uint32_t introducer = 0; introducer < 100; ++introducer) {
    for (std::uint32_t i = 0; i < 100; ++i) {
      const Source source{.id = number(introducer), .at = stranger, .linked = true};
      named += admission.take(number(1'000 + introducer * 100 + i), source, now) ? 1U : 0U;
    }
  }
  EXPECT_EQ(named, options.named_per_prefix.burst);
}

TEST_F(AdmissionTest, WhoIntroducesItselfByADatagramWaitsUntilItAnswersThePing) {
  EXPECT_FALSE(admission.wait(record_of(1), number(1), now));
  EXPECT_FALSE(admission.wait(record_of(1), number(1), now)) << "its own word twice is one word";
  EXPECT_FALSE(admission.answered(number(1), 0)) << "nobody asked it yet";
  now = admission.next_deadline();
  const Admission::Due due = admission.due(now);
  ASSERT_EQ(due.calls.size(), 1U);
  EXPECT_EQ(due.calls[0].at, record_of(1)->record.endpoint);
  EXPECT_EQ(due.calls[0].epoch, 7U);
  EXPECT_FALSE(admission.answered(number(1), due.calls[0].sequence + 1));
  const auto answered = admission.answered(number(1), due.calls[0].sequence);
  ASSERT_TRUE(answered);
  EXPECT_TRUE(answered->introduced_itself);
  EXPECT_FALSE(admission.contains(number(1)));
}

TEST_F(AdmissionTest, ThoseWhoNeverAnswerKeepNobodyFromBeingCalled) {
  for (std::uint32_t i = 0; i < options.introducing_themselves_max + 10; ++i) {
    static_cast<void>(admission.wait(record_of(i), number(i), now));
  }
  EXPECT_EQ(admission.waiting(), options.introducing_themselves_max);
  EXPECT_FALSE(admission.wait(record_of(900'000), number(5), now)) << "named by somebody";
  EXPECT_TRUE(admission.contains(number(900'000)));
  bool called = false;
  std::size_t expired = 0;
  const base::Instant until = now + options.candidate_lifetime / 2;
  while (now < until && admission.next_deadline() != base::Instant::never()) {
    now = admission.next_deadline();
    const Admission::Due due = admission.due(now);
    for (const Admission::Call& call : due.calls) called |= call.id == number(900'000);
    expired += due.expired.size();
  }
  EXPECT_TRUE(called);
  EXPECT_EQ(expired, options.introducing_themselves_max);
  EXPECT_EQ(admission.waiting(), 1U);
}

}  // namespace
}  // namespace gossip
