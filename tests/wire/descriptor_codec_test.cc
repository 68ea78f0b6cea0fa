#include "wire/descriptor_codec.h"

#include "base/rng.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

namespace wire {
namespace {

mesh::AgentDescriptor inventory() {
  mesh::Capability lookup;
  lookup.name = "inventory.lookup";
  lookup.description = "Stock of a product in a warehouse";
  lookup.examples = {"how many red bicycles are left in Lyon", ""};
  lookup.attributes = {{"warehouse", {"A", "B"}}, {"empty", {}}};
  lookup.proficiency = mesh::Proficiency::expert;
  lookup.version = {.major = 1, .minor = 4, .patch = 7};
  lookup.cost_micros = 2'000;
  lookup.check = mesh::OutputCheck{
      .non_empty = true, .pattern = "^[{]", .schema = R"({"type":"object","minProperties":1})"};
  mesh::Capability reserve;
  reserve.name = "inventory.reserve";
  mesh::AgentDescriptor descriptor;
  descriptor.roles = {"processing"};
  descriptor.capabilities = {lookup, reserve};
  descriptor.concurrency = 8;
  return descriptor;
}

base::Bytes encoded(const mesh::AgentDescriptor& descriptor) {
  const auto bytes = encode_descriptor(descriptor);
  EXPECT_TRUE(bytes);
  return bytes ? *bytes : base::Bytes{};
}

DescriptorError error_of(const mesh::AgentDescriptor& descriptor) {
  const auto bytes = encode_descriptor(descriptor);
  EXPECT_FALSE(bytes);
  return bytes ? DescriptorError{} : bytes.error();
}

TEST(DescriptorCodecTest, BringsBackWhatWasEncoded) {
  const auto decoded = decode_descriptor(encoded(inventory()));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(*decoded, inventory());
}

TEST(DescriptorCodecTest, GivesTheSameBytesForTheSameDescriptor) {
  EXPECT_EQ(encoded(inventory()), encoded(inventory()));
}

TEST(DescriptorCodecTest, KeepsPathsAndHealthAtHome) {
  mesh::AgentDescriptor descriptor = inventory();
  descriptor.capabilities[0].path = "/secret";
  descriptor.health.path = "/healthz";
  EXPECT_EQ(encoded(descriptor), encoded(inventory()));
}

TEST(DescriptorCodecTest, RefusesToEncodeWhatNobodyWouldDecode) {
  mesh::AgentDescriptor descriptor = inventory();
  descriptor.capabilities[0].name = "no name";
  EXPECT_EQ(error_of(descriptor), DescriptorError::bad_name);

  descriptor = inventory();
  descriptor.capabilities[0].description = "not \xff text";
  EXPECT_EQ(error_of(descriptor), DescriptorError::not_text);

  descriptor = inventory();
  descriptor.capabilities[0].description = std::string(1025, 'x');
  EXPECT_EQ(error_of(descriptor), DescriptorError::text_too_long);

  descriptor = inventory();
  descriptor.capabilities.resize(257, descriptor.capabilities[1]);
  EXPECT_EQ(error_of(descriptor), DescriptorError::too_many);

  descriptor = inventory();
  descriptor.capabilities[1].description = std::string(1000, 'x');
  descriptor.capabilities.resize(100, descriptor.capabilities[1]);
  EXPECT_EQ(error_of(descriptor), DescriptorError::too_large);
}

TEST(DescriptorCodecTest, TellsACheckThatAsksForNothingFromNone) {
  mesh::AgentDescriptor descriptor = inventory();
  descriptor.capabilities[0].check = mesh::OutputCheck{};
  const auto decoded = decode_descriptor(encoded(descriptor));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(*decoded, descriptor);
  EXPECT_FALSE(decoded->capabilities[1].check);
}

TEST(DescriptorCodecTest, BoundsWhatACheckSays) {
  mesh::AgentDescriptor descriptor = inventory();
  descriptor.capabilities[0].check->pattern = std::string(1025, 'x');
  EXPECT_EQ(error_of(descriptor), DescriptorError::text_too_long);

  descriptor = inventory();
  descriptor.capabilities[0].check->schema = std::string(16 * 1024 + 1, ' ');
  EXPECT_EQ(error_of(descriptor), DescriptorError::text_too_long);
}

TEST(DescriptorCodecTest, RefusesWhatIsNoMessage) {
  EXPECT_FALSE(decode_descriptor({}));
  EXPECT_FALSE(decode_descriptor(base::as_bytes("short")));
  EXPECT_FALSE(decode_descriptor(base::Bytes(64, std::byte{0xff})));
  EXPECT_EQ(decode_descriptor(base::Bytes(64 * 1024 + 8)).error(), DescriptorError::too_large);
  const base::Bytes whole = encoded(inventory());
  for (std::size_t size = 8; size < whole.size(); size += 8) {
    const auto decoded = decode_descriptor(base::ByteView(whole).first(size));
    EXPECT_FALSE(decoded) << size;
  }
}

// What comes out of any bytes keeps the limits, so that it can be encoded again unless it grew.
TEST(DescriptorCodecTest, SurvivesAHundredThousandMutations) {
  const base::Bytes whole = encoded(inventory());
  base::Rng rng(11);
  std::size_t accepted = 0;
  for (int i = 0; i < 100'000; ++i) {
    base::Bytes bytes = whole;
    for (std::uint64_t n = 1 + rng.below(4); n > 0; --n) {
      bytes[rng.below(bytes.size())] = static_cast<std::byte>(rng.below(256));
    }
    if (rng.below(10) == 0) bytes.resize(rng.below(bytes.size()));
    const auto decoded = decode_descriptor(bytes);
    if (!decoded) continue;
    ++accepted;
    ASSERT_LE(decoded->capabilities.size(), DescriptorLimits::capabilities);
    const auto again = encode_descriptor(*decoded);
    if (again) {
      ASSERT_EQ(*decode_descriptor(*again), *decoded);
    }
  }
  EXPECT_GT(accepted, 0U);
  EXPECT_LT(accepted, 100'000U);
}

}  // namespace
}  // namespace wire
