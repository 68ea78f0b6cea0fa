#include "gossip/anti_entropy.h"

#include <gtest/gtest.h>

#include <chrono>

namespace gossip {
namespace {

using namespace std::chrono_literals;

base::NodeId peer(std::uint8_t number) {
  base::NodeId id;
  id.bytes[0] = std::byte(number);
  return id;
}

TEST(AntiEntropyTest, ForgetsThePeerThatWasSilentForTheLongestNotTheOneWithTheLowestId) {
  Options options;
  AntiEntropy anti_entropy(options);
  auto now = base::Instant::from_nanoseconds(100'000'000'000);
  for (std::uint8_t i = 2; i < 66; ++i) {
    EXPECT_FALSE(anti_entropy.on_digest(peer(i), false, false, now));
  }
  EXPECT_FALSE(anti_entropy.on_digest(peer(1), false, false, now));
  EXPECT_FALSE(anti_entropy.on_digest(peer(66), false, false, now));
  now = now + options.sync_after;
  EXPECT_FALSE(anti_entropy.on_digest(peer(2), false, false, now)) << "made room";
  EXPECT_TRUE(anti_entropy.on_digest(peer(1), false, false, now)) << "differs for long enough";
}

}  // namespace
}  // namespace gossip
