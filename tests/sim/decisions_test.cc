// Agreement on the whole kernel: what the validators decide, with gossip and links under it.
#include "sim/checkers/decisions.h"

#include "sim/checkers/votes.h"
#include "sim/choices.h"
#include "sim/run.h"
#include "sim/scenario_generator.h"
#include "sim/swarm.h"
#include "tests/sim/runs.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace sim {
namespace {

using std::chrono::seconds;

Outcome run_text(const std::string& text, const RunOptions& options = {}) {
  return run(parsed(text), options);
}

TEST(DecisionsRunTest, ObserversFollowWhatFourValidatorsDecide) {
  const Outcome outcome = run_text(
      "seed 3\nnodes 7\nvalidators 0,1,2,3\nproposals 20 from 5s every 100ms\nchaos_ends 15s\n");
  EXPECT_EQ(complaints(outcome), "");
  EXPECT_GT(outcome.figures.decisions, 20U);
  EXPECT_TRUE(outcome.figures.settled_after.has_value());
}

TEST(DecisionsRunTest, ALossOfPowerEverywhereLosesNothingThatWasDecided) {
  const Outcome outcome = run_text(
      "seed 4\nnodes 5\nvalidators 0,1,2,3\nproposals 60 from 5s every 100ms\n"
      "at 7s crash nodes 0,1,2,3,4 for 500ms\nat 9s crash nodes 0,1,2,3,4 for 200ms\n"
      "chaos_ends 20s\n");
  EXPECT_EQ(complaints(outcome), "");
  EXPECT_EQ(outcome.coverage.count("milestone", "", "restart"), 10U);
}

TEST(DecisionsRunTest, AnEvictedNodeIsGivenUpByEverybody) {
  const Outcome outcome = run_text(
      "seed 5\nnodes 6\nvalidators 0,1,2,3\nproposals 10 from 5s every 100ms\n"
      "at 9s evict nodes 5\nchaos_ends 20s\n");
  EXPECT_EQ(complaints(outcome), "");
  EXPECT_EQ(outcome.coverage.count("milestone", "", "put_out"), 1U);
}

// A validator and the evicted are cut off from the others together, and come back together.
TEST(DecisionsRunTest, WhomOneVouchesForWhoKnowsOfNoEvictionStaysOut) {
  const Outcome outcome = run_text(
      "seed 5\nnodes 6\nvalidators 0,1,2,3\nproposals 10 from 5s every 100ms\n"
      "at 8s partition nodes 3,5 for 6s\nat 9s evict nodes 5\nchaos_ends 25s\n");
  EXPECT_EQ(complaints(outcome), "");
  EXPECT_EQ(outcome.coverage.count("milestone", "", "put_out"), 1U);
  EXPECT_EQ(outcome.coverage.count("view", "left", "serving"), 0U);
}

TEST(DecisionsRunTest, AnEvictionIsKnownToAllBesideALiar) {
  const Outcome outcome = run_text(
      "seed 5\nnodes 6\nvalidators 0,1,2,3\nproposals 10 from 5s every 100ms\n"
      "at 9s evict nodes 5\nlies nodes 3 ways byte_mutator,hider\nchaos_ends 20s\n");
  EXPECT_EQ(complaints(outcome), "");
  EXPECT_EQ(outcome.coverage.count("milestone", "", "put_out"), 1U);
}

TEST(DecisionsRunTest, WhereInvitationsAreNeededWhoHasNoneWaitsOutside) {
  const Outcome outcome = run_text(
      "seed 6\nnodes 6\nvalidators 0,1,2,3 admission invitation\n"
      "proposals 10 from 5s every 100ms\nchaos_ends 20s\n");
  EXPECT_EQ(complaints(outcome), "");
  EXPECT_EQ(outcome.coverage.count("milestone", "", "let_in"), 2U);
}

TEST(DecisionsRunTest, TheCommitteeChangesWhileTheMeshIsCutInTwo) {
  const Outcome outcome = run_text(
      "seed 7\nnodes 6\nvalidators 0,1,2,3\nproposals 40 from 5s every 100ms\n"
      "at 7s partition nodes 0,1 for 5s\nat 8s reconfigure nodes 1,2,3,4\nchaos_ends 25s\n");
  EXPECT_EQ(complaints(outcome), "");
  EXPECT_GT(outcome.coverage.count("milestone", "", "committee_changed"), 0U);
}

TEST(DecisionsRunTest, WhoWasAwayForLongTakesTheStateAsAWholeAndFollows) {
  const Outcome outcome = run_text(
      "seed 8\nnodes 6\nvalidators 0,1,2,3 snapshot_after 10\n"
      "proposals 60 from 5s every 100ms\nat 6s crash nodes 5 for 8s\n"
      "at 8s reconfigure nodes 1,2,3,4\nat 10s reconfigure nodes 0,1,2,3\nchaos_ends 25s\n");
  EXPECT_EQ(complaints(outcome), "");
  EXPECT_GT(outcome.coverage.count("milestone", "", "state_installed"), 0U);
  EXPECT_GT(outcome.coverage.count("milestone", "", "committee_changed"), 0U);
}

// Power fails during the starts after that, too; the node follows until the committee lists its new
// key.
TEST(DecisionsRunTest, AValidatorWhoseLogIsLostVotesAgainWithAFreshKeyOnly) {
  for (const std::string seed : {"8", "9", "10", "11"}) {
    const Outcome outcome =
        run_text("seed " + seed +
                 "\nnodes 5\nvalidators 0,1,2,3\nproposals 60 from 5s every 100ms\n"
                 "at 7s lose_log nodes 2 for 500ms\nat 9s crash nodes 2 for 500ms\n"
                 "at 11s new_key nodes 2 for 500ms\nat 12s reconfigure nodes 0,1,2,3\n"
                 "at 15s crash nodes 1 for 500ms\nchaos_ends 20s\n");
    EXPECT_EQ(complaints(outcome), "") << seed;
    EXPECT_GT(outcome.coverage.count("milestone", "", "committee_changed"), 0U);
  }
}

// While it is away a quorum lacks one more, so a view stays open that it voted in. Once the others
// have gone on nobody remembers that, and it starts again.
TEST(DecisionsRunTest, ARestoredCopyThatFoundOutVotesAgainWithAFreshKeyOnly) {
  std::uint64_t found_out = 0;
  for (const std::string seed : {"8", "9", "10", "11"}) {
    const Outcome outcome =
        run_text("seed " + seed +
                 "\nnodes 5\nvalidators 0,1,2,3\nproposals 120 from 5s every 100ms\n"
                 "at 7s crash nodes 1 for 6s\nat 7500ms restore nodes 2 for 1500ms\n"
                 "at 14s crash nodes 2 for 500ms\nat 16s new_key nodes 2 for 500ms\n"
                 "at 17s reconfigure nodes 0,1,2,3\nat 19s crash nodes 1 for 500ms\n"
                 "chaos_ends 24s\n");
    EXPECT_EQ(complaints(outcome), "") << seed;
    found_out += outcome.coverage.count("milestone", "", "key_spent");
  }
  EXPECT_GT(found_out, 1U);
}

// One of four validators of the whole kernel lies in the ways that bring most to light.
TEST(DecisionsRunTest, AnEquivocatorIsNamedAndForksNothing) {
  const Outcome outcome = run_text(
      "seed 8\nnodes 6\nseeds 1\nvalidators 0,1,2,3\nproposals 40 from 5s every 100ms\n"
      "lies nodes 2 ways equivocator,double_voter,certificate_pool\nchaos_ends 20s\n");
  EXPECT_EQ(complaints(outcome), "");
  EXPECT_GT(outcome.coverage.count("milestone", "", "equivocator_named"), 0U);
}

// With one identity and one key, in two processes.
TEST(DecisionsRunTest, ATwinIsNamedAndForksNothing) {
  const Outcome outcome = run_text(
      "seed 8\nnodes 6\nseeds 1\nvalidators 0,1,2,3\nproposals 60 from 5s every 100ms\n"
      "lies nodes 2 ways twins\nchaos_ends 20s\n");
  EXPECT_EQ(complaints(outcome), "");
  EXPECT_GT(outcome.coverage.count("milestone", "", "equivocator_named"), 0U);
}

class LyingValidatorTest : public ::testing::TestWithParam<std::string> {};

TEST_P(LyingValidatorTest, BreaksNothing) {
  const Outcome outcome = run_text(
      "seed 9\nnodes 6\nseeds 1\nvalidators 0,1,2,3\nproposals 30 from 5s every 100ms\n"
      "at 7s crash nodes 0,1,3 for 500ms\nat 9s clock_jump nodes 1 amount 400\n"
      "lies nodes 2 ways " +
      GetParam() + "\nchaos_ends 18s\n");
  EXPECT_EQ(complaints(outcome), "");
}

INSTANTIATE_TEST_SUITE_P(
    OfEachKind, LyingValidatorTest,
    ::testing::Values("silent", "withholder,late_leader", "bad_ancestry,invalid_block",
                      "nullifier,never_finalizes", "stale_replayer,far_future,forger",
                      "lying_status,bad_answers,evidence_forger", "hider", "byte_mutator",
                      "old_member,censor", "op_flooder", "twins"));

// B28: schedules and lies out of bytes, over the whole kernel.
ChosenRun run_choices(const ChoiceString& choices, consensus::Weakness weakness) {
  Scenario scenario = parsed(
      "seed 9\nnodes 4\nvalidators 0,1,2,3\njoin_gap 0s\n"
      "proposals 30 from 2s every 100ms\nlies nodes 2 ways hider,double_voter\nchaos_ends 6s\n");
  scenario.choices = choices;
  RunOptions options;
  options.weakness = weakness;
  Outcome outcome = run(scenario, options);
  return {std::move(outcome.violations), std::move(outcome.situations)};
}

TEST(ChoicesTest, ASearchAmongSchedulesFindsNoViolationAndEverNewSituations) {
  const auto search = [](std::uint64_t runs) {
    return search_choices(1, runs, [](const ChoiceString& choices) {
      return run_choices(choices, consensus::Weakness::none);
    });
  };
  const SearchReport report = search(12);
  EXPECT_TRUE(report.violations.empty()) << report.violations.front().text;
  EXPECT_GT(report.kept, 4U);
  EXPECT_GT(report.situations, search(1).situations);
}

TEST(ChoicesTest, AScenarioKeepsItsChoicesAndIsTheSameRun) {
  Scenario scenario = parsed(
      "seed 9\nnodes 4\nvalidators 0,1,2,3\n"
      "proposals 10 from 3s every 100ms\nchoices 00a0ff17\nchaos_ends 6s\n");
  EXPECT_EQ(scenario.choices, (ChoiceString{0x00, 0xa0, 0xff, 0x17}));
  EXPECT_EQ(Scenario::parse(scenario.to_text()).value(), scenario);
  const base::Digest once = run(scenario).digest;
  EXPECT_EQ(run(scenario).digest, once);
  scenario.choices.front() = 0xc0;
  EXPECT_NE(run(scenario).digest, once);
}

TEST(DecisionsRunTest, TwentySeedsOfFaultsHoldEveryProperty) {
  const SwarmReport report = swarm({.profile = Profile::decisions, .seeds_max = 20, .twice = true});
  EXPECT_EQ(report.violations, 0U)
      << report.failing_seeds.front() << ": " << report.first_violations.front().text;
  EXPECT_GT(report.decisions, 400U);
  EXPECT_GT(report.views, 400U);
}

// A vote that a loss of power erases is cast again, for something else: the checkers see it in the
// whole mesh, too.
TEST(DecisionsRunTest, AMeshWithoutAVoteGuardIsFoundOut) {
  std::uint64_t found = 0;
  for (std::uint64_t seed = 1; seed <= 60 && found == 0; ++seed) {
    RunOptions options;
    options.weakness = consensus::Weakness::guard_forgets;
    const Outcome outcome = run(make_scenario(Profile::decisions, 0, seed), options);
    if (!outcome.violations.empty()) found = seed;
  }
  EXPECT_GT(found, 0U);
}

TEST(VotesCheckerTest, SeesAKeyThatVotesTwiceOrVotesOnAfterItsLogWasLost) {
  const Truth truth(4);
  VotesChecker checker(truth);
  using enum consensus::VoteKind;
  const auto vote = [&](std::uint64_t view, consensus::VoteKind kind, std::uint8_t block) {
    VoteLeft left{.at = seconds(1), .node = 1, .key = {}};
    left.view = view;
    left.kind = kind;
    left.block.bytes[0] = std::byte{block};
    checker.on_vote(left);
    return checker.violations().size();
  };
  EXPECT_EQ(vote(1, notarize, 1), 0U);
  EXPECT_EQ(vote(1, notarize, 1), 0U);
  EXPECT_EQ(vote(1, nullify, 0), 0U);
  EXPECT_EQ(vote(2, finalize, 1), 0U);
  EXPECT_EQ(vote(1, notarize, 2), 1U);
  EXPECT_EQ(vote(1, finalize, 2), 2U);
  VoteLeft after{.at = seconds(2), .node = 1, .key = {}};
  after.view = 3;
  after.forgotten = true;
  checker.on_vote(after);
  EXPECT_EQ(checker.violations().size(), 3U);
}

class DecisionsCheckerTest : public ::testing::Test {
 protected:
  DecisionsCheckerTest() : truth_(4), checker_(truth_) {
    op_.bytes[0] = std::byte{1};
    checker_.on_proposed({seconds(1), op_});
  }

  std::size_t decide(NodeIndex node, std::uint64_t height, std::uint8_t block,
                     const std::vector<base::Digest>& ops) {
    BlockDecided decided{.at = seconds(1), .node = node, .height = height};
    decided.block.bytes[0] = static_cast<std::byte>(block);
    decided.ops = &ops;
    checker_.on_decided(decided);
    return checker_.violations().size();
  }

  Truth truth_;
  DecisionsChecker checker_;
  base::Digest op_;
};

TEST_F(DecisionsCheckerTest, SeesTwoBlocksAtOneHeight) {
  EXPECT_EQ(decide(0, 1, 7, {}), 0U);
  EXPECT_EQ(decide(1, 1, 7, {}), 0U);
  EXPECT_EQ(decide(2, 1, 8, {}), 1U);
}

TEST_F(DecisionsCheckerTest, SeesAnOpTwiceAndAnOpOfNobody) {
  EXPECT_EQ(decide(0, 1, 7, {op_}), 0U);
  EXPECT_EQ(decide(0, 2, 8, {op_}), 1U);
  EXPECT_EQ(decide(0, 3, 9, {base::Digest{}}), 2U);
}

TEST_F(DecisionsCheckerTest, SeesAnotherState) {
  BlockDecided decided{.at = seconds(1), .node = 0, .height = 1};
  const std::vector<base::Digest> none;
  decided.ops = &none;
  decided.state_root = op_;
  checker_.on_decided(decided);
  EXPECT_EQ(checker_.violations().size(), 1U);
}

TEST_F(DecisionsCheckerTest, SeesWhatADiskLost) {
  EXPECT_EQ(decide(0, 1, 7, {}), 0U);
  base::Digest block;
  block.bytes[0] = std::byte{7};
  checker_.on_archived({seconds(2), 0, 1, block});
  EXPECT_TRUE(checker_.violations().empty());
  checker_.on_archived({seconds(2), 1, 1, std::nullopt});
  EXPECT_EQ(checker_.violations().size(), 1U);
}

TEST_F(DecisionsCheckerTest, SeesWordsToWhoWasPutOut) {
  checker_.on_contact({seconds(2), 0, 3, "a datagram"});
  EXPECT_EQ(checker_.violations().size(), 1U);
}

}  // namespace
}  // namespace sim
