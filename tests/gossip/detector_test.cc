#include "gossip/detector.h"

#include "tests/gossip/id_of.h"

#include <gtest/gtest.h>

#include <chrono>

namespace gossip {
namespace {

using namespace std::chrono_literals;

Detector::Start start_of(const base::NodeId& target) {
  Detector::Start start;
  start.target = target;
  return start;
}

class DetectorTest : public testing::Test {
 protected:
  // Starts a probe of node 1 with helpers 2, 3 and 4; its ping has sequence 7.
  void start_probe(ProbeReason reason = ProbeReason::round) {
    EXPECT_TRUE(detector.start({.target = id_of(1),
                                .reason = reason,
                                .round_trip = 1ms,
                                .multiplier = 1,
                                .introduce = false,
                                .helpers = {id_of(2), id_of(3), id_of(4)}},
                               now, effects));
    effects.clear();
  }
  void pass(base::Duration duration) {
    now = now + duration;
    detector.on_time(now, effects);
  }
  template <class T>
  [[nodiscard]] const T* find() const {
    for (const DetectorEffect& effect : effects) {
      if (const T* found = std::get_if<T>(&effect)) return found;
    }
    return nullptr;
  }

  Options options;
  Detector detector{options, 7};
  base::Instant now = base::Instant::from_nanoseconds(1'000'000'000);
  DetectorEffects effects;
};

TEST_F(DetectorTest, AnAckEndsTheProbeWithItsRoundTrip) {
  start_probe();
  now = now + 3ms;
  detector.on_ack(id_of(1), 7, now, effects);
  ASSERT_NE(find<Reached>(), nullptr);
  EXPECT_EQ(find<Reached>()->round_trip, 3ms);
  EXPECT_FALSE(detector.probing(id_of(1)));
  EXPECT_EQ(detector.next_deadline(), base::Instant::never());
}

TEST_F(DetectorTest, IgnoresAnAckForAnotherProbeOrFromAnotherNode) {
  start_probe();
  detector.on_ack(id_of(1), 8, now, effects);
  detector.on_ack(id_of(2), 7, now, effects);
  EXPECT_TRUE(effects.empty());
  EXPECT_TRUE(detector.probing(id_of(1)));
}

TEST_F(DetectorTest, ALateAnswerMakesItAskTheHelpersAndTheTargetOnceMore) {
  start_probe();
  pass(100ms);
  int requests = 0;
  for (const DetectorEffect& effect : effects) {
    const auto* send = std::get_if<SendBody>(&effect);
    requests += send != nullptr && std::holds_alternative<PingRequest>(send->body) ? 1 : 0;
  }
  EXPECT_EQ(requests, 3);
  EXPECT_EQ(find<SendBody>()->to, id_of(1));
  EXPECT_TRUE(find<SendBody>()->introduce);
  EXPECT_NE(find<Delayed>(), nullptr);
}

TEST_F(DetectorTest, OneHelperThatReachesTheTargetIsEnough) {
  start_probe();
  pass(100ms);
  effects.clear();
  detector.on_relayed(id_of(2), {7, false}, now, effects);
  detector.on_relayed(id_of(9), {7, true}, now, effects);
  EXPECT_TRUE(effects.empty());
  detector.on_relayed(id_of(3), {7, true}, now, effects);
  EXPECT_NE(find<Reached>(), nullptr);
}

TEST_F(DetectorTest, HelpersThatSaidNothingAreCounted) {
  start_probe();
  pass(100ms);
  detector.on_relayed(id_of(2), {7, false}, now, effects);
  effects.clear();
  pass(400ms);
  ASSERT_NE(find<Unreached>(), nullptr);
  EXPECT_EQ(find<Unreached>()->nacks_missing, 2U);
}

TEST_F(DetectorTest, AKnockIsDirectOnly) {
  start_probe(ProbeReason::knock);
  pass(100ms);
  ASSERT_EQ(effects.size(), 1U);
  EXPECT_NE(find<Unreached>(), nullptr);
}

TEST_F(DetectorTest, AHelperAnswersInAnyCase) {
  detector.on_request(id_of(5), {.sequence = 99, .target = id_of(6)}, now, effects);
  detector.on_request(id_of(5), {.sequence = 100, .target = id_of(6)}, now, effects);
  effects.clear();
  detector.on_ack(id_of(6), 7, now, effects);
  ASSERT_NE(find<SendBody>(), nullptr);
  EXPECT_EQ(std::get<Relayed>(find<SendBody>()->body), (Relayed{99, true}));
  effects.clear();
  pass(options.indirect_timeout);
  EXPECT_EQ(std::get<Relayed>(find<SendBody>()->body), (Relayed{100, false}));
}

TEST_F(DetectorTest, DiscardedProbesNeverGiveAVerdict) {
  start_probe();
  detector.discard();
  pass(10s);
  EXPECT_TRUE(effects.empty());
}

TEST_F(DetectorTest, ProbesInFlightAreBounded) {
  for (int i = 0; i < 100; ++i) {
    static_cast<void>(detector.start(start_of(id_of(i + 1)), now, effects));
  }
  EXPECT_EQ(effects.size(), options.probes_in_flight_max);
}

}  // namespace
}  // namespace gossip
