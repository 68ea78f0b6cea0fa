#include "api/proposal.h"

#include "api/decision_feed.h"
#include "api/invitations_resource.h"
#include "api/refusal.h"
#include "crypto/identity.h"
#include "ledger/genesis.h"
#include "ledger/view.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <string>

namespace api {
namespace {

crypto::Identity key(std::size_t number) {
  crypto::Seed seed;
  seed.bytes[0] = static_cast<std::byte>(number + 1);
  return crypto::Identity::from_seed(seed);
}

ledger::Seat seat(std::size_t number) {
  return {.node = key(number).id(),
          .vote_key = *base::VoteKey::from_view(key(100 + number).id().view())};
}

std::string validator(std::size_t number) {
  return "pv1:" + seat(number).node.hex() + ":" + seat(number).vote_key.hex();
}

// Four founders.
class ProposalTest : public testing::Test {
 protected:
  ProposalTest() {
    ledger::Genesis genesis{.mesh = {},
                            .name = "test",
                            .admission = ledger::Admission::vote,
                            .seats = {},
                            .parameters = {}};
    for (std::size_t i = 0; i < 4; ++i) genesis.seats.push_back(seat(i));
    std::sort(genesis.seats.begin(), genesis.seats.end());
    state = ledger::initial_state(genesis);
    epoch.bytes[0] = std::byte{9};
  }

  auto read(const nlohmann::json& body) {
    return read_proposal(body, {.now_ms = 1'000, .epoch_id = epoch, .state = state});
  }
  std::string error_of(const nlohmann::json& body) {
    const auto payload = read(body);
    return payload ? "" : payload.error();
  }
  std::string fault_in(const nlohmann::json& body) {
    const auto payload = read(body);
    if (!payload) return payload.error();
    return fault_of(std::get<ledger::Reconfigure>(*payload), state).value_or("");
  }

  ledger::State state;
  base::Digest epoch;
};

TEST_F(ProposalTest, ACommitteeIsThoseThatThereAreAndTheChange) {
  const auto payload = read({{"kind", "committee"},
                             {"add", {validator(7)}},
                             {"remove", {seat(1).node.hex()}},
                             {"block_ops_max", 12U}});
  ASSERT_TRUE(payload) << payload.error();
  const auto& change = std::get<ledger::Reconfigure>(*payload);
  ledger::Seats expected{seat(0), seat(2), seat(3), seat(7)};
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(change.seats, expected);
  EXPECT_EQ(change.parameters.block_ops_max, 12U);
  EXPECT_EQ(change.epoch_id, epoch);
  EXPECT_TRUE(change.ready.empty());
}

TEST_F(ProposalTest, AnotherKeyForASeatReplacesIt) {
  const std::string fresh = "pv1:" + seat(2).node.hex() + ":" + seat(9).vote_key.hex();
  const auto payload = read({{"kind", "committee"}, {"add", {fresh}}});
  ASSERT_TRUE(payload) << payload.error();
  const auto& seats = std::get<ledger::Reconfigure>(*payload).seats;
  EXPECT_EQ(seats.size(), 4U);
  const auto changed = std::ranges::find(seats, seat(2).node, &ledger::Seat::node);
  ASSERT_NE(changed, seats.end());
  EXPECT_EQ(changed->vote_key, seat(9).vote_key);
}

TEST_F(ProposalTest, SaysWhatIsWrongWithACommittee) {
  EXPECT_NE(error_of({{"kind", "committee"}, {"add", {"pv1:abc"}}}).find("pv1:..."),
            std::string::npos);
  EXPECT_NE(
      error_of({{"kind", "committee"}, {"remove", {seat(8).node.hex()}}}).find("which has no seat"),
      std::string::npos);
  nlohmann::json everybody = nlohmann::json::array();
  for (std::size_t i = 0; i < 4; ++i) everybody.push_back(seat(i).node.hex());
  EXPECT_NE(error_of({{"kind", "committee"}, {"remove", everybody}}).find("0 seats"),
            std::string::npos);
  const std::string stolen = "pv1:" + seat(7).node.hex() + ":" + seat(1).vote_key.hex();
  EXPECT_NE(error_of({{"kind", "committee"}, {"add", {stolen}}}).find("another seat has"),
            std::string::npos);
  EXPECT_FALSE(error_of({{"kind", "committee"}, {"block_bytes_max", 5U}}).empty());
}

TEST_F(ProposalTest, SaysWhichSeatsTheMeshWouldNotTake) {
  EXPECT_NE(fault_in({{"kind", "committee"}}).find("the committee that there is"),
            std::string::npos);
  EXPECT_NE(fault_in({{"kind", "committee"}, {"remove", {seat(0).node.hex(), seat(1).node.hex()}}})
                .find("too_many_replaced: 2 seats"),
            std::string::npos);
  const std::string unknown = fault_in({{"kind", "committee"}, {"add", {validator(7)}}});
  EXPECT_NE(unknown.find("unknown_node: " + seat(7).node.hex()), std::string::npos) << unknown;
  EXPECT_EQ(fault_in({{"kind", "committee"}, {"remove", {seat(0).node.hex()}}}), "");
}

TEST_F(ProposalTest, ABallotIsAboutWhatNobodyMayDoAlone) {
  const ledger::OpenBallot ballot =
      ballot_about(ledger::Admit{.node = key(7).id(), .roles = {}}, state, 5'000);
  EXPECT_EQ(ballot.electorate.role, "voter");
  EXPECT_EQ(ballot.agree_needed, 3U);  // more than half of four
  EXPECT_GT(ballot.until_ms, 5'000U);
  EXPECT_NE(ballot.question.find(key(7).id().hex()), std::string::npos);
  ASSERT_TRUE(ballot.effect);
  EXPECT_EQ(ballot.effect->kind, ledger::OpKind::admit);
}

TEST_F(ProposalTest, ABallotAboutTheCommitteeNamesWhoseSeatsItIsAbout) {
  const auto asked = [this](const nlohmann::json& body) {
    const auto payload = read(body);
    return payload ? ballot_about(*payload, state, 5'000).question : payload.error();
  };
  EXPECT_EQ(asked({{"kind", "committee"},
                   {"add", {validator(7)}},
                   {"remove", {seat(1).node.hex()}},
                   {"block_ops_max", 12U}}),
            "Shall the committee change: a seat for " + seat(7).node.hex() +
                "; no seat any more for " + seat(1).node.hex() + "; blocks of up to 12 ops");
  const std::string fresh = "pv1:" + seat(2).node.hex() + ":" + seat(9).vote_key.hex();
  EXPECT_EQ(asked({{"kind", "committee"}, {"add", {fresh}}}),
            "Shall the committee change: another vote key for " + seat(2).node.hex());
  // The ledger takes no longer one.
  nlohmann::json many = nlohmann::json::array();
  for (std::size_t i = 10; i < 40; ++i) many.push_back(validator(i));
  const std::string shortened = asked({{"kind", "committee"}, {"add", many}});
  EXPECT_LE(shortened.size(), ledger::question_max);
  EXPECT_NE(shortened.find(seat(39).node.short_hex()), std::string::npos);
}

TEST(RefusalTest, EveryReasonHasItsNameFirst) {
  for (int i = 1; i <= static_cast<int>(ledger::Reason::already_known); ++i) {
    const auto reason = static_cast<ledger::Reason>(i);
    EXPECT_EQ(explain(reason).find(ledger::name_of(reason)), 0U);
  }
  EXPECT_NE(explain(ledger::Reason::has_seat).find("propose committee"), std::string::npos);
}

TEST(InvitationTextTest, IsReadBackAndNothingElseIs) {
  ledger::Invitation made{.inviter = key(1).id(),
                          .invitee = key(2).id(),
                          .nonce = 7,
                          .not_after_ms = 8,
                          .signature = {}};
  const std::string text = invitation_text(made);
  EXPECT_EQ(text.substr(0, 4), "pi1:");
  const auto read = invitation_named(text);
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, made);
  EXPECT_FALSE(invitation_named(text + "00"));
  EXPECT_FALSE(invitation_named(text.substr(0, text.size() - 2)));
  EXPECT_FALSE(invitation_named("pv1:" + text.substr(4)));
  EXPECT_FALSE(invitation_named("pi1:xyz"));
}

TEST(DecisionFeedTest, GoesOnBehindTheLastEvent) {
  const auto behind = feed_behind("17-2");
  ASSERT_TRUE(behind);
  EXPECT_EQ(behind->height, 17U);
  EXPECT_EQ(behind->place, 3U);
  const auto height = feed_behind("17");
  ASSERT_TRUE(height);
  EXPECT_EQ(height->height, 18U);
  EXPECT_EQ(height->place, 0U);
  for (const char* text : {"", "-", "a-b", "1-", "1-2-3", "1-4294967295", "-1"}) {
    EXPECT_FALSE(feed_behind(text)) << text;
  }
}

}  // namespace
}  // namespace api
