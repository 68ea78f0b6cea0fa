#include "node/kernel/providers.h"

#include "crypto/digest.h"
#include "wire/descriptor_codec.h"

#include <gtest/gtest.h>

#include <chrono>

namespace kernel {
namespace {

base::Bytes descriptor(std::uint32_t number, std::size_t size) {
  mesh::AgentDescriptor agent;
  agent.concurrency = number;
  while (size > 0) {
    mesh::Capability& capability = agent.capabilities.emplace_back();
    capability.name = "c" + std::to_string(agent.capabilities.size());
    capability.description = std::string(std::min<std::size_t>(size, 500), 'x');
    size -= capability.description.size();
  }
  return wire::encode_descriptor(agent).value();
}

class ProvidersTest : public testing::Test {
 protected:
  // A new member that can do that; whether it is known what.
  bool add(const base::Bytes& bytes) {
    base::NodeId id;
    id.bytes[0] = std::byte(++members);
    id.bytes[1] = std::byte(members >> 8);
    gossip::Member member;
    member.state = gossip::MemberState::serving;
    member.record.record.subject = id;
    member.record.record.descriptor = crypto::digest(bytes);
    const Providers::View before = providers.on_member(id, member);
    if (before.wanted) static_cast<void>(providers.on_descriptor(*before.wanted, bytes));
    const Providers::View after = providers.on_member(id, member);
    EXPECT_FALSE(after.wanted) << "and it is not asked for again and again";
    return after.provider->descriptor != nullptr;
  }

  std::uint32_t members = 0;
  Providers providers{1024 * 1024};
};

TEST_F(ProvidersTest, KeepDescriptorsWithinABudgetOfBytes) {
  for (std::uint32_t i = 0; i < 500; ++i) static_cast<void>(add(descriptor(i, 20'000)));
  EXPECT_LE(providers.bytes(), 1024U * 1024);
  EXPECT_FALSE(add(descriptor(1'000, 20'000)));
  EXPECT_TRUE(add(descriptor(1'001, 100))) << "large ones leave room for small ones";
}

TEST_F(ProvidersTest, GiveBackWhatNobodyNamesAnyMore) {
  ASSERT_TRUE(add(descriptor(1, 1'000)));
  base::NodeId first;
  first.bytes[0] = std::byte{1};
  providers.on_forgotten(first);
  EXPECT_EQ(providers.bytes(), 0U);
  const base::Bytes old = descriptor(2, 1'000);
  providers.restore(crypto::digest(old), old);
  EXPECT_GT(providers.bytes(), 0U);
  providers.drop_restored();
  EXPECT_EQ(providers.bytes(), 0U);
}

TEST(StatusTest, ALatencyBeyondWhatARecordHoldsIsTheMost) {
  mesh::LocalLoad load;
  load.latency = std::chrono::hours(2);
  EXPECT_EQ(status_of(load, false, {}).load.latency_micros, 0xffff'ffffU);
}

}  // namespace
}  // namespace kernel
