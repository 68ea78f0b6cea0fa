#include "ledger/event_codec.h"

#include "tests/ledger/ledger_samples.h"

#include <gtest/gtest.h>

namespace ledger {
namespace {

using samples::node;

// One of each kind, with nothing left at its default.
std::vector<Event> one_of_each() {
  base::Digest ballot;
  ballot.bytes[7] = std::byte{9};
  return {MemberAdmitted{node(1)},
          MemberLeft{node(2)},
          MemberEvicted{node(3), "it lied"},
          IdentityRevoked{node(4), "stolen"},
          MemberForgotten{node(5)},
          RolesAssigned{node(6), {"clerk", "voter"}},
          RoleChanged{"clerk"},
          RoleRemoved{"clerk"},
          RuleChanged{Right::set_rules},
          PolicyChanged{"retry", 7},
          PolicyRemoved{"retry"},
          DocumentChanged{"limits", 8},
          DocumentDeleted{"limits"},
          BallotOpened{ballot},
          BallotCast{ballot, node(7), Choice::reject},
          BallotClosed{ballot, BallotResult::carried, 3, 1, Reason::already_known},
          EquivocatorNamed{node(8), 2, 17, Equivocation::finalized_and_nullified},
          CommitteeChanged{3}};
}

TEST(EventCodecTest, EveryKindOfEventComesBackAsItWas) {
  const std::vector<Event> all = one_of_each();
  ASSERT_EQ(all.size(), std::variant_size_v<Event>);
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all[i].index(), i);
  Outcome outcome;
  outcome.events = all;
  outcome.decisions.push_back({.op = {}, .author = {}, .first_event = 0, .events = 17});
  outcome.decisions.push_back({.op = {}, .author = {}, .first_event = 17, .events = 0});
  outcome.decisions.push_back({.op = {}, .author = {}, .first_event = 17, .events = 1});
  const auto read = decode_events(encode_events(outcome));
  ASSERT_TRUE(read.has_value());
  ASSERT_EQ(read->size(), 3U);
  EXPECT_EQ((*read)[0], std::vector<Event>(all.begin(), all.end() - 1));
  EXPECT_TRUE((*read)[1].empty());
  EXPECT_EQ((*read)[2], std::vector<Event>{all.back()});
}

TEST(EventCodecTest, BytesThatAreCutOrTooLongAreRefused) {
  Outcome outcome;
  outcome.events = one_of_each();
  outcome.decisions.push_back(
      {.op = {}, .author = {}, .first_event = 0, .events = outcome.events.size()});
  base::Bytes bytes = encode_events(outcome);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(decode_events(base::ByteView(bytes).first(size))) << size;
  }
  bytes.push_back(std::byte{0});
  EXPECT_FALSE(decode_events(bytes));
}

}  // namespace
}  // namespace ledger
