#include "ledger/view.h"

#include "tests/ledger/ledger_world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ledger {
namespace {

using samples::done;
using samples::node;
using samples::put;
using samples::World;

TEST(ViewTest, SaysWhoIsWelcome) {
  World open;
  EXPECT_TRUE(is_welcome(open.state, node(9)));
  EXPECT_EQ(open.decide(9, Join{}), done);
  EXPECT_TRUE(is_welcome(open.state, node(9)));
  EXPECT_EQ(open.decide(1, Evict{.node = node(9), .reason = "", .evidence = {}}), done);
  EXPECT_FALSE(is_welcome(open.state, node(9)));
  EXPECT_EQ(open.decide(1, Revoke{.node = node(8), .reason = ""}), done);
  EXPECT_FALSE(is_welcome(open.state, node(8)));
  EXPECT_EQ(open.decide(7, Join{}), done);
  EXPECT_EQ(open.decide(7, Leave{}), done);
  EXPECT_TRUE(is_welcome(open.state, node(7)));

  World closed(Admission::vote);
  EXPECT_TRUE(is_welcome(closed.state, node(1)));
  EXPECT_FALSE(is_welcome(closed.state, node(9)));
}

TEST(ViewTest, ShowsWhatIsThere) {
  World world;
  const std::uint64_t until = world.block.timestamp_ms + 60'000;
  EXPECT_EQ(world.decide(1, put("a/1", "x")), done);
  EXPECT_EQ(world.decide(1, put("a/2", "y")), done);
  EXPECT_EQ(world.decide(1, put("b/1", "z")), done);
  EXPECT_EQ(world.decide(1, SetPolicy{.name = "p", .scope = "", .yaml = "a: 1\n"}), done);
  EXPECT_EQ(world.decide(1, samples::ballot("first?", samples::role("voter"), 1, until)), done);
  const base::Digest first = world.newest;
  EXPECT_EQ(world.decide(1, samples::ballot("second?", samples::role("voter"), 1, until)), done);
  EXPECT_EQ(world.decide(2, CastBallot{.ballot = first, .choice = Choice::agree}), done);
  EXPECT_EQ(world.decide(1, samples::evidence(3, 0, 1, world.block.epoch_id)), done);

  EXPECT_EQ(mesh_of(world.state).name, "shop");
  EXPECT_EQ(committee_of(world.state).seats.size(), 4U);
  EXPECT_EQ(members_of(world.state).size(), 4U);
  EXPECT_EQ(roles_of(world.state).size(), 4U);
  EXPECT_EQ(last_sequence(world.state, node(1)), 7U);
  EXPECT_EQ(last_sequence(world.state, node(9)), 0U);
  Documents documents(world.state, "a/", "a/1");
  const auto second = documents.next();
  ASSERT_TRUE(second);
  EXPECT_EQ(second->first, "a/2");
  EXPECT_EQ(base::as_text(second->second.value), "y");
  EXPECT_FALSE(documents.next());
  EXPECT_EQ(policies_of(world.state).front().second.yaml, "a: 1\n");
  EXPECT_EQ(evidences_of(world.state).front().report.signer.node, node(3));
  const auto ballots = ballots_behind(world.state, std::nullopt);
  ASSERT_EQ(ballots.size(), 2U);
  EXPECT_EQ(find_ballot(world.state, ballots[0])->ask.question, "second?");
  EXPECT_EQ(ballots[1], first);
  EXPECT_EQ(find_tally(world.state, first)->votes.front().voter, node(2));
  EXPECT_EQ(find_ballot(world.state, first)->result, BallotResult::carried);
  EXPECT_FALSE(find_document(world.state, "c"));
  EXPECT_TRUE(rule_of(world.state, Right::admit).direct);
}

TEST(ViewTest, ListsBallotsBehindOneAlsoIfItClosedMeanwhile) {
  World world;
  const std::uint64_t until = world.block.timestamp_ms + 60'000;
  std::vector<base::Digest> ids;
  for (const std::uint64_t more : {0U, 1U, 2U}) {
    EXPECT_EQ(world.decide(1, samples::ballot("so?", samples::role("voter"), 1, until + more)),
              done);
    ids.push_back(world.newest);
  }
  const auto behind = [&](const BallotPlace& place) { return ballots_behind(world.state, place); };
  using Ids = std::vector<base::Digest>;
  EXPECT_EQ(behind({.id = ids[0]}), (Ids{ids[1], ids[2]}));
  EXPECT_EQ(behind({.id = ids[0], .open_until_ms = until}), (Ids{ids[1], ids[2]}));
  EXPECT_EQ(world.decide(1, CastBallot{.ballot = ids[0], .choice = Choice::agree}), done);
  EXPECT_EQ(behind({.id = ids[0]}), Ids());
  EXPECT_EQ(behind({.id = ids[0], .open_until_ms = until}), (Ids{ids[1], ids[2], ids[0]}));
  EXPECT_EQ(behind({.id = ids[2], .open_until_ms = until + 2}), Ids{ids[0]});
}

}  // namespace
}  // namespace ledger
