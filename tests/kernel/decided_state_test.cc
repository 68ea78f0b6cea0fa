#include "node/kernel/decided_state.h"

#include "ledger/genesis.h"
#include "ledger/layout.h"
#include "ledger/records.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace kernel {
namespace {

ledger::State genesis() {
  ledger::Seat seat;
  seat.node.bytes[0] = std::byte{1};
  return ledger::initial_state({.mesh = {},
                                .name = "test",
                                .admission = ledger::Admission::open,
                                .seats = {seat},
                                .parameters = {}});
}
ledger::State with_documents(const ledger::State& state, int count) {
  ledger::Changes changes;
  for (int i = 0; i < count; ++i) {
    changes["document/k" + std::to_string(i)] = base::to_bytes("value " + std::to_string(i));
  }
  return state.with(changes);
}
DecidedState decided(ledger::State state, std::uint64_t height) {
  consensus::Application::Committed at;
  at.block.bytes[0] = static_cast<std::byte>(height);
  at.height = height;
  at.state_root = state.root();
  return {base::MeshId{}, at, std::move(state), 1};
}

TEST(DecidedStateTest, GoesAsAWholeToAnotherNodeThatFetchesOnlyWhatItLacks) {
  const DecidedState ours = decided(with_documents(genesis(), 300), 9);
  DecidedState theirs = decided(genesis(), 1);
  const auto image = ours.image();
  auto intake = theirs.begin_intake(ours.committed().state_root, image->manifest(), nullptr);
  ASSERT_TRUE(intake);
  const auto missing = intake->missing(2'000);
  EXPECT_LT(missing.size(), 300U);  // some buckets have two of them, most have none
  EXPECT_EQ(intake->missing(3).size(), 3U);
  base::Bytes wrong = image->piece(missing.front());
  wrong.back() ^= std::byte{1};
  EXPECT_FALSE(intake->on_piece(missing.front(), wrong));
  EXPECT_FALSE(intake->on_piece(missing.back(), image->piece(missing.front())));
  ASSERT_TRUE(intake->on_piece(missing.front(), image->piece(missing.front())));

  // Another server offers a later state: what came before counts where it is the same.
  const DecidedState later =
      decided(with_documents(genesis(), 300).with({{"document/new", base::to_bytes("x")}}), 10);
  const auto later_image = later.image();
  intake =
      theirs.begin_intake(later.committed().state_root, later_image->manifest(), std::move(intake));
  ASSERT_TRUE(intake);
  const auto rest = intake->missing(2'000);
  EXPECT_FALSE(std::ranges::binary_search(rest, missing.front()));
  for (const auto index : rest) {
    ASSERT_TRUE(intake->on_piece(index, later_image->piece(index)));
  }
  EXPECT_TRUE(intake->missing(1).empty());
  theirs.install(std::move(intake), later.committed());
  EXPECT_EQ(theirs.state().root(), later.state().root());
  EXPECT_EQ(theirs.committed().height, 10U);
  EXPECT_TRUE(theirs.image()->piece(1'024).empty());
}

TEST(DecidedStateTest, AManifestOfAnotherStateIsRefused) {
  const DecidedState ours = decided(genesis(), 9);
  DecidedState theirs = decided(with_documents(genesis(), 3), 1);
  EXPECT_FALSE(
      theirs.begin_intake(ours.committed().state_root, theirs.image()->manifest(), nullptr));
  EXPECT_FALSE(
      theirs.begin_intake(ours.committed().state_root, base::to_bytes("no manifest"), nullptr));
}

}  // namespace
}  // namespace kernel
