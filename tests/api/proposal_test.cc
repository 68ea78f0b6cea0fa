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
#include <utility>
#include <vector>

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
    return read_proposal(body, {.now_ms = 1'000,
                                .epoch_id = epoch,
                                .self = key(0).id(),
                                .state = state,
                                .read_policy = read_policy});
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
  PolicyReader read_policy = [](const auto&, const auto&,
                                const std::string& yaml) -> base::Result<void, std::string> {
    if (yaml == "good") return {};
    return base::Unexpected{std::string("it is bad")};
  };
};

// One of each kind, with every member that it may have.
std::vector<nlohmann::json> proposals() {
  const std::string id(64, 'a');
  std::vector<nlohmann::json> out{
      {{"kind", "document"}, {"key", "k"}, {"value", {1, "a"}}, {"expected", 3U}},
      {{"kind", "delete-document"}, {"key", "k"}, {"expected", 3U}},
      {{"kind", "policy"},
       {"name", "p"},
       {"scope", "a.*"},
       {"yaml", "good"},
       {"local_may_override", true},
       {"expected", 0U}},
      {{"kind", "policy"}, {"name", "p"}, {"remove", true}, {"expected", 7U}},
      {{"kind", "member"}, {"action", "join"}},
      {{"kind", "member"}, {"action", "leave"}, {"node", key(0).id().hex()}},
      {{"kind", "member"}, {"action", "admit"}, {"node", id}, {"roles", {"voter"}}},
      {{"kind", "member"}, {"action", "roles"}, {"node", id}, {"roles", {"a", "b"}}},
      {{"kind", "member"}, {"action", "evict"}, {"node", id}, {"reason", "r"}, {"evidence", id}},
      {{"kind", "member"}, {"action", "revoke"}, {"node", id}, {"reason", "r"}},
      {{"kind", "committee"},
       {"add", {validator(7)}},
       {"remove", {seat(1).node.hex()}},
       {"block_bytes_max", 131'072U},
       {"block_ops_max", 9U}},
      {{"kind", "vote"}, {"ballot", id}, {"choice", "agree"}},
      {{"kind", "withdraw"}, {"ballot", id}}};
  const std::size_t alone = out.size();
  for (std::size_t i = 0; i < alone; ++i) {
    out.push_back({{"kind", "ballot"},
                   {"question", "q"},
                   {"role", "voter"},
                   {"agree", 2U},
                   {"until_ms", 9'000U},
                   {"then", out[i]}});
  }
  out.push_back({{"kind", "ballot"}, {"question", "q"}, {"voters", {id}}});
  return out;
}

TEST_F(ProposalTest, ReadsEveryKindAndTheBallotsAboutIt) {
  for (const nlohmann::json& body : proposals()) {
    const std::string error = error_of(body);
    // What a node does in its own name cannot be voted on.
    if (error.find("in its own name alone") != std::string::npos) continue;
    EXPECT_EQ(error, "") << body;
  }
}

TEST_F(ProposalTest, AnyMemberMayBeAnything) {
  std::vector<nlohmann::json> values{std::string(70'000, 'x')};
  for (const char* text : {"null", "true", "-1", "0", "1.5", "1e300", "18446744073709551615",
                           R"("")", R"("\n\u0001")", "[]", "{}", "[5]", "[null]", R"({"kind":5})",
                           R"({"kind":{}})", R"({"kind":"ballot","then":5})"}) {
    values.push_back(nlohmann::json::parse(text));
  }
  for (const nlohmann::json& good : proposals()) {
    for (const auto& member : good.items()) {
      for (const nlohmann::json& value : values) {
        nlohmann::json body = good;
        body[member.key()] = value;
        if (const auto payload = read(body)) {
          EXPECT_TRUE(ledger::parse_payload(kind_of(*payload), encode_payload(*payload))) << body;
        } else {
          EXPECT_NE(payload.error(), "") << body;
        }
        if (!body.contains("then") || !good["then"].is_object()) continue;
        for (const auto& inner : good["then"].items()) {
          nlohmann::json deeper = good;
          deeper["then"][inner.key()] = value;
          static_cast<void>(error_of(deeper));
        }
      }
    }
  }
}

TEST_F(ProposalTest, WhatFollowsABallotIsAProposalOrRefused) {
  const auto error = [this](const nlohmann::json& then) {
    return error_of(
        {{"kind", "ballot"}, {"question", "q"}, {"role", "voter"}, {"agree", 1U}, {"then", then}});
  };
  EXPECT_EQ(error({{"kind", 5}}).find("then is no proposal: kind must be document"), 0U);
  for (const nlohmann::json& other : {nlohmann::json("policy"), nlohmann::json(5),
                                      nlohmann::json::array({1}), nlohmann::json(true)}) {
    EXPECT_EQ(error(other).find("then must be a proposal"), 0U) << other;
  }
  EXPECT_NE(error({{"kind", "member"}, {"action", "leave"}}).find("leave"), std::string::npos);
  EXPECT_NE(error({{"kind", "vote"}, {"ballot", std::string(64, 'a')}, {"choice", "agree"}})
                .find("cast_ballot"),
            std::string::npos);
}

TEST_F(ProposalTest, NamesAMemberThatItDoesNotKnowAndWhatWasMeant) {
  const nlohmann::json mistyped{{"kind", "document"}, {"key", "k"}, {"value", 1}, {"expect", 0U}};
  EXPECT_EQ(error_of(mistyped), R"("expect" is unknown; did you mean "expected"?)");
  EXPECT_EQ(error_of({{"kind", "withdraw"}, {"because", 1}}),
            R"("because" is unknown; known here: kind, ballot)");
  EXPECT_EQ(
      error_of({{"kind", "ballot"}, {"question", "q"}, {"role", "voter"}, {"then", mistyped}}),
      R"(then is no proposal: "expect" is unknown; did you mean "expected"?)");
  // Under the wrong name it is not missing.
  EXPECT_EQ(error_of({{"kind", "document"}, {"key", "k"}, {"valu", 1}}),
            R"("valu" is unknown; did you mean "value"?)");
  EXPECT_EQ(error_of({{"kind", "policy"}, {"name", "p"}, {"remove", true}, {"yaml", "good"}}),
            "yaml has no place beside remove");
}

TEST_F(ProposalTest, NamesTheMemberThatIsOutOfItsBounds) {
  const std::string id(64, 'a');
  const std::vector<std::pair<nlohmann::json, std::string>> wrong{
      {{{"kind", "committee"}, {"block_ops_max", 0U}}, "block_ops_max must be"},
      {{{"kind", "committee"}, {"block_bytes_max", 1U << 30U}}, "block_bytes_max must be"},
      {{{"kind", "ballot"}, {"question", "q"}, {"role", "voter"}, {"agree", 0U}},
       "agree must be a whole number from 1 to 1024"},
      {{{"kind", "ballot"}, {"question", ""}, {"role", "voter"}}, "question must have 1 to 1024"},
      {{{"kind", "ballot"}, {"question", "a\nb"}, {"role", "voter"}}, "question must be without"},
      {{{"kind", "ballot"}, {"question", "q"}, {"role", "No"}}, "role must have 1 to 64"},
      {{{"kind", "ballot"}, {"question", "q"}, {"voters", {id, id}}}, "voters names a node twice"},
      {{{"kind", "document"}, {"key", std::string(257, 'k')}, {"value", 1}}, "key must have 1 to"},
      {{{"kind", "document"}, {"key", "k"}, {"value", 1}, {"expected", ~std::uint64_t{0}}},
       "expected must be"},
      {{{"kind", "policy"}, {"name", "Upper"}, {"yaml", "good"}}, "name must have 1 to 64"},
      {{{"kind", "policy"}, {"name", "p"}, {"yaml", "\x01"}}, "yaml must be without"},
      {{{"kind", "member"}, {"action", "admit"}, {"node", id}, {"roles", {"No"}}},
       "roles must be"}};
  for (const auto& [body, start] : wrong)
    EXPECT_EQ(error_of(body).find(start), 0U) << error_of(body);
  EXPECT_NE(error_of(nlohmann::json::object()).find("delete-document"), std::string::npos);
  EXPECT_NE(error_of({{"kind", "dance"}}).find("withdraw, not \"dance\""), std::string::npos);
}

TEST_F(ProposalTest, ABallotAsksForNoMoreVotesThanItListsVoters) {
  nlohmann::json body{{"kind", "ballot"}, {"question", "q"}, {"voters", nlohmann::json::array()}};
  for (std::size_t i = 0; i < 4; ++i) body["voters"].push_back(key(i).id().hex());
  body["agree"] = 4U;
  EXPECT_EQ(error_of(body), "");
  body["agree"] = 9U;
  EXPECT_EQ(error_of(body), "agree must be a whole number from 1 to 4");
}

TEST_F(ProposalTest, JoinsAndLeavesInItsOwnNameAlone) {
  for (const char* action : {"join", "leave"}) {
    nlohmann::json body{{"kind", "member"}, {"action", action}};
    EXPECT_EQ(error_of(body), "");
    body["node"] = key(0).id().hex();
    EXPECT_EQ(error_of(body), "");
    body["node"] = key(1).id().hex();
    EXPECT_EQ(error_of(body).find("node is another one than is asked"), 0U) << error_of(body);
  }
}

TEST_F(ProposalTest, APolicyIsReadBeforeItIsDecided) {
  const nlohmann::json bad{{"kind", "policy"}, {"name", "p"}, {"yaml", "foo: bar"}};
  EXPECT_EQ(error_of(bad), "yaml is no policy: it is bad");
  EXPECT_EQ(error_of({{"kind", "ballot"}, {"question", "q"}, {"role", "voter"}, {"then", bad}}),
            "then is no proposal: yaml is no policy: it is bad");
}

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

TEST(RefusalTest, EveryReasonHasItsNameFirstAndThenAdvice) {
  for (int i = 1; i <= static_cast<int>(ledger::Reason::already_known); ++i) {
    const auto reason = static_cast<ledger::Reason>(i);
    EXPECT_TRUE(explain(reason).starts_with(std::string(ledger::name_of(reason)) + ": "))
        << explain(reason);
  }
  EXPECT_NE(explain(ledger::Reason::has_seat).find("propose committee"), std::string::npos);
  EXPECT_NE(explain(ledger::Reason::role_in_use).find("--action roles"), std::string::npos);
  EXPECT_NE(explain(ledger::Reason::bad_invitation).find("parley invite"), std::string::npos);
  EXPECT_NE(explain(ledger::Reason::invitation_used).find("--node ID"), std::string::npos);
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
  // Nothing is decided at height 0: who has seen nothing begins with the first block.
  for (const char* text : {"0", "0-0", "0-7"}) {
    const auto first = feed_behind(text);
    ASSERT_TRUE(first);
    EXPECT_EQ(first->height, 1U) << text;
    EXPECT_EQ(first->place, 0U) << text;
  }
  for (const char* text :
       {"", "-", "a-b", "1-", "1-2-3", "1-4294967295", "-1", "18446744073709551615"}) {
    EXPECT_FALSE(feed_behind(text)) << text;
  }
}

}  // namespace
}  // namespace api
