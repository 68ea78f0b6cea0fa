// The small parts around a view: timers, mempool, repair, silence, outbox, relay, pacer.
#include "consensus/mempool.h"
#include "consensus/outbox.h"
#include "consensus/pacer.h"
#include "consensus/recent_ops.h"
#include "consensus/relay.h"
#include "consensus/repair.h"
#include "consensus/silence.h"
#include "consensus/timing.h"
#include "tests/consensus/mesh_of_replicas.h"

#include <gtest/gtest.h>

namespace consensus {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

base::Instant at(base::Duration since_start) {
  return base::Instant() + since_start;
}

TEST(TimingTest, BacksOffByPublicProgressAloneAndUpToABound) {
  const Options options;
  const Timing timing(options);
  const auto lead = [&](View view) {
    return timing.lead({.view = view, .finalized = 10, .faults = 1}, true);
  };
  EXPECT_EQ(lead(11), milliseconds(500));
  EXPECT_EQ(lead(12), milliseconds(500));  // f leaders in a row may be dead
  EXPECT_EQ(lead(13), milliseconds(750));
  EXPECT_EQ(lead(14), milliseconds(1125));
  EXPECT_EQ(lead(~std::uint64_t{0}), options.view_max);
}

TEST(TimingTest, IsNotStretchedByFSlowMembers) {
  const Options options;
  Timing timing(options);
  timing.on_rtt(1, seconds(5), {});
  timing.on_rtt(2, milliseconds(30), milliseconds(5));
  timing.on_rtt(3, milliseconds(10), {});
  EXPECT_EQ(timing.delay(1), milliseconds(60));  // 30 + 4 * 5 + slack
}

class OutboxTest : public testing::Test {
 protected:
  Options options;
  Outbox outbox{options};
  Effects effects;
};

TEST_F(OutboxTest, HoldsBackUntilAllRecordsBeforeAreDurable) {
  outbox.append(OwnVote{}, effects);
  outbox.broadcast_when_durable(Vote{}, effects);
  outbox.append(OwnVote{}, effects);
  outbox.broadcast_when_durable(Status{}, effects);
  outbox.flush(effects);
  ASSERT_EQ(effects.size(), 3U);
  EXPECT_EQ(std::get<Sync>(effects.back()).position, 2U);
  effects.clear();
  EXPECT_EQ(outbox.on_durable(1, effects).size(), 1U);
  EXPECT_EQ(effects.size(), 1U);
  EXPECT_EQ(outbox.on_durable(2, effects).size(), 1U);
  EXPECT_TRUE(outbox.on_durable(9, effects).empty());
  EXPECT_EQ(outbox.durable(), 2U);
}

TEST_F(OutboxTest, SaysNothingWhileItReplays) {
  outbox.start_replay();
  outbox.append(OwnVote{}, effects);
  outbox.broadcast(Vote{}, effects);
  outbox.broadcast_when_durable(Vote{}, effects);
  outbox.end_replay(7);
  outbox.flush(effects);
  EXPECT_TRUE(effects.empty());
  EXPECT_EQ(outbox.append(OwnVote{}, effects), 8U);
}

class MempoolTest : public testing::Test {
 protected:
  MempoolTest() {
    options.author_ops_max = 3;
    state.at.block.bytes[0] = std::byte{1};
  }
  Admission add(const std::string& line) { return mempool.add(base::to_bytes(line), at({})); }
  BlockContext context() const {
    BlockContext context;
    context.parent = state.at.block;
    return context;
  }

  Options options;
  std::vector<Validator> everybody = test_validators(4);
  Notebook::State state;
  Notebook notebook{everybody, [] {
                      Notebook::State first;
                      first.at.block.bytes[0] = std::byte{1};
                      return first;
                    }()};
  Mempool mempool{notebook, options};
};

TEST_F(MempoolTest, GivesNobodyMoreThanItsShare) {
  EXPECT_EQ(add("a1"), Admission::added);
  EXPECT_EQ(add("a1"), Admission::known);
  EXPECT_EQ(add("a2"), Admission::added);
  EXPECT_EQ(add("a3"), Admission::added);
  EXPECT_EQ(add("a4"), Admission::author_full);
  EXPECT_EQ(add("b1"), Admission::added);
  // One of each in turn.
  const auto chosen = mempool.candidates({.block_ops_max = 2});
  ASSERT_EQ(chosen.size(), 2U);
  EXPECT_NE(chosen[0].front(), chosen[1].front());
}

TEST_F(MempoolTest, DropsWhatCanNotBeExecutedOnTheCommittedState) {
  add("!no");
  add("!never");
  EXPECT_FALSE(mempool.eligible(context(), false, at({})));
  EXPECT_EQ(mempool.size(), 2U);
  EXPECT_FALSE(mempool.eligible(context(), true, at(seconds(2))));
  EXPECT_EQ(mempool.size(), 0U);
  EXPECT_EQ(mempool.bytes(), 0U);
}

TEST_F(MempoolTest, ForgetsWhatWasDecidedAndWhatIsOld) {
  add("a");
  add("b");
  mempool.on_decided({base::to_bytes("a")});
  EXPECT_EQ(mempool.size(), 1U);
  mempool.on_time(at(std::chrono::hours(2)));
  EXPECT_EQ(mempool.size(), 0U);
}

TEST_F(MempoolTest, TellsOfAllItsOpsInTurn) {
  for (const char* line : {"a", "b", "c"}) add(line);
  std::set<base::Bytes> told;
  for (int i = 0; i < 3; ++i) {
    for (base::Bytes& op : mempool.next_to_gossip(1, at(seconds(1)))) told.insert(std::move(op));
  }
  EXPECT_EQ(told.size(), 3U);
  EXPECT_TRUE(mempool.next_to_gossip(3, at(-seconds(1))).empty());
}

class RepairTest : public testing::Test {
 protected:
  std::size_t asked(base::Duration when) {
    effects.clear();
    repair.on_time({.epoch = 0, .proven = 0, .delay = milliseconds(100)}, peers, at(when), outbox,
                   effects);
    return effects.size();
  }

  Options options;
  Outbox outbox{options};
  Effects effects;
  Repair repair{options, base::Rng(1)};
  static base::NodeId node(std::size_t index) { return test_validators(6).at(index).node; }
  static base::Digest block(int number) {
    base::Digest hash;
    hash.bytes[0] = std::byte(number);
    return hash;
  }
  // Who is asked at that moment, if one is.
  std::optional<base::NodeId> one_asked(base::Duration when) {
    if (asked(when) != 1) return std::nullopt;
    const base::NodeId peer = std::get<Send>(effects.front()).to;
    static_cast<void>(repair.on_answer(peer));  // that it has nothing
    return peer;
  }

  Repair::Peers peers{.members = {node(0), node(1)}, .others = {}};
};

TEST_F(RepairTest, AsksOnceAndElsewhereLater) {
  repair.want_certificates(5);
  EXPECT_EQ(asked({}), 1U);
  const base::NodeId first = std::get<Send>(effects.front()).to;
  EXPECT_EQ(asked(milliseconds(50)), 0U);
  EXPECT_EQ(asked(milliseconds(100)), 1U);
  EXPECT_NE(std::get<Send>(effects.front()).to, first);  // one question at a time to a peer
  repair.on_certificate(5);
  EXPECT_EQ(asked(seconds(10)), 0U);
  EXPECT_EQ(repair.next_deadline(), base::Instant::never());
}

TEST_F(RepairTest, AsksFirstWhoHasItForSure) {
  repair.want_block(block(9), node(1));
  EXPECT_EQ(asked({}), 1U);
  EXPECT_EQ(std::get<Send>(effects.front()).to, node(1));
  EXPECT_TRUE(repair.on_answer(node(1)));
  EXPECT_FALSE(repair.on_answer(node(0)));
}

TEST_F(RepairTest, AsksAtOnceWhoIsHeardToHaveIt) {
  repair.want_block(block(9));
  const auto first = one_asked({});
  ASSERT_TRUE(first);
  const base::NodeId other = *first == node(0) ? node(1) : node(0);
  repair.want_block(block(9), *first);  // that one was asked
  EXPECT_EQ(asked(milliseconds(1)), 0U);
  repair.want_block(block(9), other);
  EXPECT_EQ(one_asked(milliseconds(2)), other);
}

// One of them alone may have it: nobody waits longer for it than a pause for each.
TEST_F(RepairTest, AsksEachMemberAndOneOtherBeforeItsPausesGrow) {
  peers = {.members = {node(0), node(1), node(2)}, .others = {node(3), node(4), node(5)}};
  repair.want_block(block(9));
  base::Duration now{};
  base::Duration pause = milliseconds(100);
  for (int round = 0; round < 7; ++round) {
    std::set<base::NodeId> members;
    for (int question = 0; question < 4; ++question) {
      const auto peer = one_asked(now);
      ASSERT_TRUE(peer);
      const bool member = std::ranges::find(peers.members, *peer) != peers.members.end();
      EXPECT_EQ(member, question < 3);
      if (member) members.insert(*peer);
      now += pause;
      EXPECT_EQ(asked(now - milliseconds(1)), 0U);
    }
    EXPECT_EQ(members.size(), 3U);
    pause = std::min(2 * pause, base::Duration(milliseconds(1'600)));
  }
}

TEST_F(RepairTest, DropsWhatAFinalizationMakesNeedless) {
  for (View view = 1; view <= 5; ++view) repair.want_certificates(view);
  repair.on_finalized(4);
  EXPECT_EQ(repair.size(), 1U);
}

TEST_F(RepairTest, DropsBodiesThatNobodyNeedsOnceAllThatIsFinalIsCommitted) {
  repair.want_block(block(9));
  repair.want_certificates(5);
  repair.on_committed();
  EXPECT_FALSE(repair.wants_block(block(9)));
  EXPECT_EQ(repair.size(), 1U);
}

TEST(SilenceTest, SkipsTheLongestSilentOnlyAndOnlyWithAQuorumAround) {
  Silence silence;
  silence.start(4, at({}));
  const auto dead = [&](SignerIndex leader) {
    return silence.dead(leader, 1, seconds(5), at({}), at(seconds(6)));
  };
  EXPECT_FALSE(dead(0));  // nobody speaks: a partition, not a dead leader
  for (SignerIndex member = 1; member < 4; ++member) silence.on_heard(member, at(seconds(4)));
  EXPECT_TRUE(dead(0));
  EXPECT_FALSE(dead(1));
  silence.on_hint(1, false);
  EXPECT_FALSE(dead(1));  // member 0 has been silent for longer, and two are too many
}

class RelayTest : public ::testing::Test {
 protected:
  static Epoch epoch_of(std::size_t members) {
    return Epoch(EpochDescriptor::first({}, *Committee::of(test_validators(members)), {}));
  }
  void learn(const Epoch& epoch, VoteKind kind, View view, base::Duration since_start = {}) {
    relay.on_certificate({.kind = kind,
                          .epoch = epoch.number(),
                          .view = view,
                          .block = {},
                          .signers = 0,
                          .signatures = {}},
                         epoch, SignerIndex{0}, milliseconds(100), at(since_start), outbox);
  }

  Options options;
  Outbox outbox{options};
  Relay relay;
  Effects effects;
};

TEST_F(RelayTest, SparesThoseWhoShowThatTheyHaveTheCertificate) {
  const Epoch epoch = epoch_of(10);
  learn(epoch, VoteKind::nullify, 3);
  Vote vote;
  vote.view = 4;
  vote.signer = 9;
  relay.on_vote(vote, epoch);
  relay.on_time(at(milliseconds(24)), outbox, effects);
  EXPECT_TRUE(effects.empty());
  relay.on_time(at(milliseconds(25)), outbox, effects);
  EXPECT_EQ(effects.size(), 10U - 2);
  EXPECT_EQ(relay.next_deadline(), base::Instant::never());
}

TEST_F(RelayTest, SparesEverybodyWhatAFinalizationSays) {
  const Epoch epoch = epoch_of(4);
  learn(epoch, VoteKind::notarize, 3);
  learn(epoch, VoteKind::finalize, 3, milliseconds(1));
  relay.on_time(at(milliseconds(26)), outbox, effects);
  EXPECT_EQ(effects.size(), 3U);  // the finalization, to three
}

TEST_F(RelayTest, OwesWhatEndedAnEpochToThoseWhoShowNothingOfTheNextOne) {
  const Epoch ended = epoch_of(4);
  EpochDescriptor next = ended.descriptor();
  next.number = 1;
  const Epoch epoch(next);
  learn(ended, VoteKind::finalize, 3);
  learn(ended, VoteKind::nullify, 4);
  relay.on_epoch_ended();
  Vote vote;
  vote.epoch = 1;
  vote.view = 1;
  vote.signer = 2;
  relay.on_vote(vote, epoch);
  relay.on_time(at(milliseconds(25)), outbox, effects);
  std::vector<base::NodeId> told;
  for (const Effect& effect : effects) {
    const auto& send = std::get<Send>(effect);
    EXPECT_EQ(std::get<Certificate>(send.message).kind, VoteKind::finalize);
    told.push_back(send.to);
  }
  EXPECT_EQ(told,
            (std::vector{ended.committee().member(1).node, ended.committee().member(3).node}));
}

TEST(RecentOpsTest, ForgetsTheOldestOnly) {
  const auto id = [](int number) {
    base::Digest digest;
    digest.bytes[0] = static_cast<std::byte>(number);
    return digest;
  };
  RecentOps ops(3);
  for (int number = 1; number <= 5; ++number) {
    ops.insert(id(number));
    ops.insert(id(number));
  }
  EXPECT_FALSE(ops.contains(id(2)));
  for (int number = 3; number <= 5; ++number) EXPECT_TRUE(ops.contains(id(number)));
}

TEST(PacerTest, AnswersEachPeerOnceInAnInterval) {
  Pacer pacer(2);
  const base::NodeId peer = test_validators(1)[0].node;
  EXPECT_TRUE(pacer.allow(peer, AnswerKind::status, seconds(1), at({})));
  EXPECT_FALSE(pacer.allow(peer, AnswerKind::status, seconds(1), at(milliseconds(999))));
  EXPECT_TRUE(pacer.allow(peer, AnswerKind::proofs, seconds(1), at({})));
  EXPECT_TRUE(pacer.allow(peer, AnswerKind::status, seconds(1), at(seconds(1))));
}

}  // namespace
}  // namespace consensus
