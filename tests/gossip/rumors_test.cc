#include "gossip/rumors.h"

#include <gtest/gtest.h>

#include <vector>

namespace gossip {
namespace {

RumorKey key_of(int subject, int accuser = 0) {
  RumorKey key;
  key.subject.bytes[0] = std::byte(subject);
  key.accuser.bytes[0] = std::byte(accuser);
  return key;
}

std::vector<RumorKey> tell(RumorQueue& rumors, std::size_t room, std::uint32_t times) {
  std::vector<RumorKey> told;
  rumors.fill(times, [&](const RumorKey& key) {
    if (told.size() >= room) return RumorQueue::Offer::no_room;
    told.push_back(key);
    return RumorQueue::Offer::taken;
  });
  return told;
}

TEST(RumorQueueTest, TellsEachRumorSoManyTimesAndForgetsIt) {
  RumorQueue rumors(10);
  rumors.add(key_of(1));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(tell(rumors, 5, 3).size(), 1U);
  EXPECT_TRUE(rumors.empty());
}

TEST(RumorQueueTest, TellsTheLeastToldFirstAndTheNewestOfThese) {
  RumorQueue rumors(10);
  rumors.add(key_of(1));
  rumors.add(key_of(2));
  EXPECT_EQ(tell(rumors, 1, 3), std::vector{key_of(2)});
  EXPECT_EQ(tell(rumors, 1, 3), std::vector{key_of(1)});
}

TEST(RumorQueueTest, NewsAboutTheSameKeyStartsAnew) {
  RumorQueue rumors(10);
  rumors.add(key_of(1));
  tell(rumors, 1, 2);
  rumors.add(key_of(1));
  EXPECT_EQ(rumors.size(), 1U);
  tell(rumors, 1, 2);
  EXPECT_FALSE(rumors.empty());
}

TEST(RumorQueueTest, WhatIsNotForTheReceiverIsNotCounted) {
  RumorQueue rumors(10);
  rumors.add(key_of(1));
  for (int i = 0; i < 9; ++i) {
    rumors.fill(1, [](const RumorKey&) { return RumorQueue::Offer::not_for_them; });
  }
  EXPECT_EQ(rumors.size(), 1U);
}

TEST(RumorQueueTest, ANewRecordSilencesTheAccusationsAgainstItsSubjectOnly) {
  RumorQueue rumors(10);
  rumors.add(key_of(1));
  rumors.add(key_of(1, 5));
  rumors.add(key_of(1, 6));
  rumors.add(key_of(2, 5));
  rumors.drop_accusations(key_of(1).subject);
  EXPECT_EQ(tell(rumors, 9, 9), (std::vector{key_of(2, 5), key_of(1)}));
}

TEST(RumorQueueTest, AFullQueueForgetsWhatWasToldMost) {
  RumorQueue rumors(2);
  rumors.add(key_of(1));
  tell(rumors, 1, 9);
  rumors.add(key_of(2));
  rumors.add(key_of(3));
  EXPECT_EQ(tell(rumors, 9, 9), (std::vector{key_of(3), key_of(2)}));
}

}  // namespace
}  // namespace gossip
