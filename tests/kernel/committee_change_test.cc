#include "node/kernel/committee_change.h"

#include "consensus/statements.h"
#include "crypto/digest.h"
#include "node/kernel/decided_state.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

namespace kernel {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

crypto::Identity key(std::size_t number) {
  crypto::Seed seed;
  seed.bytes[0] = static_cast<std::byte>(number + 1);
  return crypto::Identity::from_seed(seed);
}

// Four have seats; a fifth is to get one.
class CommitteeChangeTest : public testing::Test {
 protected:
  CommitteeChangeTest() {
    for (std::size_t i = 0; i < 5; ++i) {
      seats.push_back(
          {.node = key(i).id(), .vote_key = *base::VoteKey::from_view(key(100 + i).id().view())});
      if (i < 4) old_seats.push_back(seats.back());
    }
    std::sort(seats.begin(), seats.end());
    std::sort(old_seats.begin(), old_seats.end());
    question.epoch_id = crypto::digest(base::as_bytes("epoch"));
    question.height = 7;
    question.next = {.committee = committee_of(seats), .parameters = {}};
    question.not_after_height = 1'007;
  }

  static base::NodeId node(std::size_t number) { return key(number).id(); }
  CommitteeChange change(ledger::Payload payload) {
    return {{}, std::move(payload), old_seats, question, now};
  }
  CommitteeChange change() {
    return change(
        ledger::Reconfigure{.epoch_id = {}, .seats = seats, .parameters = {}, .ready = {}});
  }
  consensus::Readiness ready(std::size_t number) {
    const auto statement =
        consensus::ready_statement(question.epoch_id, question.next, question.not_after_height);
    return {.epoch_id = question.epoch_id,
            .next = consensus::next_epoch_root(question.next),
            .not_after_height = question.not_after_height,
            .why = consensus::Unready::no,
            .signature = key(100 + number).sign(statement)};
  }
  consensus::Readiness unready(consensus::Unready why) {
    consensus::Readiness out = ready(0);
    out.why = why;
    out.signature = {};
    return out;
  }

  ledger::Seats seats;
  ledger::Seats old_seats;
  consensus::GetReady question;
  base::Instant now = base::Instant::from_nanoseconds(1'000'000'000);
};

TEST_F(CommitteeChangeTest, AsksAllUntilTheyAttest) {
  CommitteeChange asking = change();
  EXPECT_EQ(asking.on_time(now).size(), 5U);
  EXPECT_TRUE(asking.on_time(now).empty());
  asking.on_readiness(node(2), ready(2), now);
  EXPECT_EQ(asking.next_deadline(), now + milliseconds(200));
  const auto again = asking.on_time(now + milliseconds(200));
  EXPECT_EQ(again.size(), 4U);
  EXPECT_EQ(std::count(again.begin(), again.end(), node(2)), 0);
}

TEST_F(CommitteeChangeTest, IsOverAtOnceWhenAllAreReady) {
  CommitteeChange asking = change();
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_FALSE(asking.over(now));
    asking.on_readiness(node(i), ready(i), now);
  }
  ASSERT_TRUE(asking.over(now));
  const auto payload = asking.outcome();
  ASSERT_TRUE(payload);
  const auto& made = std::get<ledger::Reconfigure>(*payload);
  EXPECT_EQ(made.epoch_id, question.epoch_id);
  EXPECT_EQ(made.ready.size(), 5U);
  // As the ledger will check it.
  EXPECT_TRUE(ledger::parse_payload(ledger::OpKind::reconfigure, ledger::encode_payload(*payload)));
  for (const ledger::Ready& one : made.ready) {
    const auto statement = StatementsOfAgreement().ready(made.epoch_id, made.seats, made.parameters,
                                                         one.not_after_height);
    const auto signer = *base::NodeId::from_view(made.seats[one.seat].vote_key.view());
    EXPECT_TRUE(crypto::check({signer, statement, one.signature}).holds());
  }
}

TEST_F(CommitteeChangeTest, WaitsASecondForTheRestOnceAQuorumIsReady) {
  CommitteeChange asking = change();
  for (const std::size_t i : {0U, 1U, 2U, 4U}) asking.on_readiness(node(i), ready(i), now);
  EXPECT_FALSE(asking.over(now + milliseconds(999)));
  EXPECT_TRUE(asking.over(now + seconds(1)));
  const auto payload = asking.outcome();
  ASSERT_TRUE(payload);
  EXPECT_EQ(std::get<ledger::Reconfigure>(*payload).ready.size(), 4U);
}

TEST_F(CommitteeChangeTest, DoesNotGoOnWithoutWhoIsNew) {
  CommitteeChange asking = change();
  for (const std::size_t i : {0U, 1U, 2U, 3U}) asking.on_readiness(node(i), ready(i), now);
  asking.on_readiness(node(4), unready(consensus::Unready::behind), now);
  EXPECT_FALSE(asking.over(now + seconds(2)));
  ASSERT_TRUE(asking.over(now + seconds(5)));
  const auto payload = asking.outcome();
  ASSERT_FALSE(payload);
  EXPECT_NE(payload.error().find("4 of 5"), std::string::npos) << payload.error();
  EXPECT_NE(payload.error().find(node(4).short_hex() + " is still catching up"), std::string::npos)
      << payload.error();
  // Whoever was behind may catch up.
  asking.on_readiness(node(4), ready(4), now + seconds(5));
  EXPECT_TRUE(asking.outcome());
}

TEST_F(CommitteeChangeTest, TakesNoAttestationOfAnotherQuestionOrAnotherKey) {
  CommitteeChange asking = change();
  for (const std::size_t i : {0U, 1U, 2U, 4U}) asking.on_readiness(node(i), ready(i), now);
  consensus::Readiness longer = ready(3);
  ++longer.not_after_height;
  asking.on_readiness(node(3), longer, now);
  consensus::Readiness older = ready(3);
  older.epoch_id = {};
  asking.on_readiness(node(3), older, now);
  asking.on_readiness(node(77), ready(3), now);  // has no seat there
  asking.on_readiness(node(3), ready(2), now);   // signed with another's key
  asking.on_readiness(node(3), ready(3), now);   // who once sent rubbish is not believed
  ASSERT_TRUE(asking.over(now + seconds(1)));
  const auto payload = asking.outcome();
  ASSERT_TRUE(payload);
  EXPECT_EQ(std::get<ledger::Reconfigure>(*payload).ready.size(), 4U);
}

TEST_F(CommitteeChangeTest, FillsInTheEffectOfABallot) {
  ledger::OpenBallot ballot;
  ballot.question = "shall we";
  ballot.electorate.role = "voter";
  const ledger::Payload effect =
      ledger::Reconfigure{.epoch_id = {}, .seats = seats, .parameters = {}, .ready = {}};
  ballot.effect = ledger::Effect{.kind = ledger::OpKind::reconfigure,
                                 .payload = ledger::encode_payload(effect)};
  ASSERT_TRUE(committee_change_in(ballot));
  CommitteeChange asking = change(ballot);
  for (std::size_t i = 0; i < 5; ++i) asking.on_readiness(node(i), ready(i), now);
  const auto payload = asking.outcome();
  ASSERT_TRUE(payload);
  const auto made = committee_change_in(*payload);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->ready.size(), 5U);
  EXPECT_EQ(made->epoch_id, question.epoch_id);
  EXPECT_FALSE(committee_change_in(ledger::Leave{}));
}

}  // namespace
}  // namespace kernel
