#include "gossip/verification.h"

#include <gtest/gtest.h>

namespace gossip {
namespace {

SignedRecord record(std::uint64_t sequence) {
  SignedRecord out;
  out.record.version = {.epoch = 1, .sequence = sequence};
  return out;
}

Source by(std::uint8_t who) {
  Source source;
  source.id.bytes[0] = std::byte(who);
  return source;
}

TEST(VerificationTest, WhoBringsWithoutEndLeavesRoomForTheOthers) {
  Options options;
  options.checks_pending_max = 100;
  Verification verification(options, base::MeshId());
  std::uint64_t sequence = 0;
  const auto add = [&](std::uint8_t who) { return verification.add(record(++sequence), by(who)); };
  for (int i = 0; i < 1'000; ++i) static_cast<void>(add(1));
  EXPECT_EQ(verification.pending(), 50U);
  for (int i = 0; i < 1'000; ++i) static_cast<void>(add(2));
  EXPECT_EQ(verification.pending(), 75U);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(add(3)) << i;

  // What was checked makes room again.
  Effects effects;
  verification.flush(effects);
  Counters counters;
  for (const Effect& effect : effects) {
    static_cast<void>(verification.take(std::get<CheckSignatures>(effect).batch, {}, counters));
  }
  EXPECT_EQ(verification.pending(), 0U);
  EXPECT_TRUE(add(1));
}

}  // namespace
}  // namespace gossip
