// Properties that no list of examples shows: thousands of ops by chance, in all kinds of meshes.
#include "tests/ledger/random_ops.h"

#include "ledger/snapshot.h"
#include "tests/ledger/ledger_world.h"
#include "tests/ledger/state_invariants.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace ledger {
namespace {

using samples::mesh;
using samples::RandomOps;
using samples::World;

struct Block {
  BlockContext context;
  std::vector<crypto::Verified<Op>> ops;
  std::size_t parent = 0;  // its place in the tree
  base::Digest root;
};

// A chain or, with `fork`, a tree of blocks with ops that are valid where they stand. Counts what
// was decided and what was refused.
class Grown {
 public:
  Grown(std::uint64_t seed, Admission admission, std::size_t blocks, bool fork)
      : world_(admission), random_(seed, admission) {
    world_.limits.members_max = 12;
    world_.limits.documents_max = 8;
    world_.limits.ballots_open_max = 6;
    world_.limits.ballots_kept_max = 4;
    world_.limits.forget_after_ms = 3'000;
    world_.limits.epochs_kept = 3;
    tree.push_back({.context = world_.block, .ops = {}, .parent = 0, .root = world_.state.root()});
    states_.push_back(world_.state);
    for (std::size_t i = 1; i <= blocks; ++i) {
      const std::size_t back = fork ? static_cast<std::size_t>(random_.rng().below(3)) : 0;
      grow(tree.size() - 1 - std::min(back, tree.size() - 1));
    }
  }

  const State& genesis() const { return states_.front(); }
  const State& newest() const { return states_.back(); }
  const Limits& limits() const { return world_.limits; }

  std::vector<Block> tree;
  std::map<OpKind, int> decided;
  std::map<Reason, int> refused;

 private:
  void grow(std::size_t parent) {
    Block block;
    block.parent = parent;
    block.context = tree[parent].context;
    ++block.context.height;
    block.context.timestamp_ms += 1 + random_.rng().below(2'000);
    Execution execution(states_[parent], block.context, world_.limits);
    for (std::uint64_t i = random_.rng().below(12); i > 0; --i) {
      auto op = random_.next(block.context);
      if (const auto refusal = execution.apply(op)) {
        ++refused[*refusal];
      } else {
        ++decided[op->kind()];
        block.ops.push_back(std::move(op));
      }
    }
    Outcome outcome = std::move(execution).finish();
    samples::check_state(outcome.state, world_.limits);
    block.root = outcome.state.root();
    states_.push_back(outcome.state);
    tree.push_back(block);
    if (!outcome.next) return;
    tree.back().context.epoch = outcome.next->epoch;  // for its children
    tree.back().context.epoch_id = samples::digest(block.root.hex());
  }

  World world_;
  RandomOps random_;
  std::vector<State> states_;
};

BlockContext context_of(const std::vector<Block>& tree, std::size_t i) {
  BlockContext out = tree[i].context;
  out.epoch = tree[tree[i].parent].context.epoch;
  out.epoch_id = tree[tree[i].parent].context.epoch_id;
  return out;
}

TEST(RandomOpsTest, KeepEveryStateInOrderAndReachEveryKindOfOpAndReason) {
  std::map<OpKind, int> decided;
  std::map<Reason, int> refused;
  std::uint64_t seed = 1;
  for (const Admission admission : {Admission::open, Admission::invitation, Admission::vote}) {
    for (int i = 0; i < 6; ++i) {
      const Grown grown(seed++, admission, 150, false);
      for (const auto& [kind, count] : grown.decided) decided[kind] += count;
      for (const auto& [reason, count] : grown.refused) refused[reason] += count;
    }
  }
  // Otherwise this test shows less than it seems to.
  EXPECT_EQ(decided.size(), std::variant_size_v<Payload>);
  EXPECT_GE(refused.size(), 26U);
}

TEST(RandomOpsTest, HaveTheSameRootsInWhateverOrderTheBlocksOfATreeArrive) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    const Grown grown(seed, Admission::open, 80, true);
    base::Rng rng(seed);
    std::map<std::size_t, State> executed{{0, grown.genesis()}};
    std::vector<std::size_t> waiting;
    for (std::size_t i = 1; i < grown.tree.size(); ++i) waiting.push_back(i);
    while (!waiting.empty()) {
      rng.shuffle(waiting);
      std::vector<std::size_t> left;
      for (const std::size_t i : waiting) {
        const auto parent = executed.find(grown.tree[i].parent);
        if (parent == executed.end()) {
          left.push_back(i);
          continue;
        }
        // Bytes arrive, not objects.
        std::vector<crypto::Verified<Op>> ops;
        for (const auto& op : grown.tree[i].ops) {
          ops.push_back(crypto::Verified<Op>::own(*Op::parse(op->bytes(), mesh())));
        }
        const auto outcome =
            execute(parent->second, context_of(grown.tree, i), ops, grown.limits());
        ASSERT_TRUE(outcome);
        ASSERT_EQ(outcome->state.root(), grown.tree[i].root);
        executed.emplace(i, outcome->state);
      }
      waiting = left;
    }
  }
}

TEST(RandomOpsTest, AddUpToTheStateInAStoreThatKeepsChanges) {
  const Grown grown(9, Admission::invitation, 120, false);
  State state = grown.genesis();
  Changes store;
  for (const Entry* entry : state.under("")) store[entry->key] = entry->document;
  for (std::size_t i = 1; i < grown.tree.size(); ++i) {
    const auto outcome =
        execute(state, context_of(grown.tree, i), grown.tree[i].ops, grown.limits());
    ASSERT_TRUE(outcome);
    state = outcome->state;
    for (const auto& [key, document] : outcome->changes) {
      if (document) {
        store[key] = document;
      } else {
        store.erase(key);
      }
    }
  }
  EXPECT_EQ(State().with(store).root(), state.root());
  EXPECT_EQ(State().with(store).size(), store.size());
}

TEST(RandomOpsTest, GoOnFromASnapshotAsFromTheWholeHistory) {
  const Grown grown(10, Admission::vote, 60, false);
  auto snapshot = Snapshot::begin(grown.newest().root(), encode_manifest(grown.newest()));
  ASSERT_TRUE(snapshot);
  for (const std::size_t i : snapshot->missing(State::bucket_count)) {
    ASSERT_TRUE(snapshot->on_bucket(i, encode_bucket(grown.newest().bucket(i))));
  }
  RandomOps random(77, Admission::vote);
  BlockContext block = grown.tree.back().context;
  Execution whole(grown.newest(), block, grown.limits());
  Execution copy(snapshot->state(), block, grown.limits());
  for (int i = 0; i < 200; ++i) {
    const auto op = random.next(block);
    ASSERT_EQ(whole.apply(op), copy.apply(op));
  }
  EXPECT_EQ(std::move(whole).finish().state.root(), std::move(copy).finish().state.root());
}

}  // namespace
}  // namespace ledger
