#include "node/kernel/admission.h"

#include "tests/kernel/lone_validator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>

namespace kernel {
namespace {

constexpr std::uint8_t self_number = 99;

// An observer in a mesh of so many validators: the identities 1, 2, 3 and so on.
class AdmissionTest : public testing::Test {
 protected:
  static Agreement observer_of(std::uint8_t validators) {
    ledger::Genesis genesis;
    genesis.mesh.bytes[0] = std::byte{5};
    genesis.name = "test";
    for (std::uint8_t i = 1; i <= validators; ++i) {
      genesis.seats.push_back({.node = some_identity(i).id(), .vote_key = vote_key_of(i)});
    }
    std::ranges::sort(genesis.seats, {}, &ledger::Seat::node);
    AgreementOptions options{
        .genesis = genesis, .consensus = {}, .voting_key = std::nullopt, .stored = {}};
    Agreement out(std::move(options), some_identity(self_number), base::Rng(1));
    Effects effects;
    EXPECT_TRUE(out.on_start(base::WallTime{1'772'366'400'000}, {}, effects));
    return out;
  }
  static base::VoteKey vote_key_of(std::uint8_t seat) {
    return *base::VoteKey::from_view(some_identity(100 + seat).id().view());
  }
  static std::string why(const Agreement& agreement, const std::set<std::uint8_t>& refusing,
                         bool linked = true) {
    return why_not_admitted(agreement, some_identity(self_number).id(),
                            {.refused =
                                 [&](const base::NodeId& peer) {
                                   return std::ranges::any_of(refusing, [&](std::uint8_t number) {
                                     return some_identity(number).id() == peer;
                                   });
                                 },
                             .linked = linked});
  }
};

TEST_F(AdmissionTest, AsManyAsMayLieAreNotBelieved) {
  const Agreement seven = observer_of(7);  // two of whom may lie
  EXPECT_EQ(why(seven, {}), "");
  EXPECT_EQ(why(seven, {}, false), "") << "nobody was reached yet";
  EXPECT_EQ(why(seven, {3, 4}), "");
  EXPECT_THAT(why(seven, {1, 3, 4}), testing::StartsWith("3 of the 7 validators"));
}

TEST_F(AdmissionTest, OneMayHaveEndedInTheMiddleOfAHandshake) {
  for (std::uint8_t validators = 1; validators <= 4; ++validators) {
    const Agreement agreement = observer_of(validators);
    EXPECT_EQ(why(agreement, {1}), "") << validators;
    EXPECT_NE(why(agreement, {1}, false), "") << validators << ", and nobody else is there";
    EXPECT_EQ(why(agreement, {1, 2}) != "", validators > 1) << validators;
  }
}

TEST_F(AdmissionTest, WhoDecidesNothingIsNotHeard) {
  const Agreement four = observer_of(4);
  EXPECT_EQ(why(four, {5, 6, 7, 8}, false), "");
}

TEST(OwnStateTest, SaysMoreThanAnyHandshake) {
  LoneValidator node;
  const base::NodeId other = some_identity(9).id();
  const Doorsteps doorsteps{.refused = [](const base::NodeId&) { return false; }, .linked = true};
  const auto why = [&] { return why_not_admitted(node.agreement(), other, doorsteps); };
  ASSERT_TRUE(node.decides(ledger::Admit{.node = other, .roles = {}}));
  EXPECT_EQ(why(), "");
  ASSERT_TRUE(node.decides(ledger::Evict{.node = other, .reason = "noise", .evidence = {}}));
  EXPECT_THAT(why(), testing::HasSubstr("was evicted (noise): a member may admit it again"));
  ASSERT_TRUE(node.decides(ledger::Admit{.node = other, .roles = {}}));
  EXPECT_EQ(why(), "");
  ASSERT_TRUE(node.decides(ledger::Revoke{.node = other, .reason = "stolen"}));
  EXPECT_THAT(why(), testing::HasSubstr("was revoked (stolen): it needs a new identity"));
}

}  // namespace
}  // namespace kernel
