#include "wire/envelope.h"

#include "base/rng.h"

#include <gtest/gtest.h>

namespace wire {
namespace {

Envelope example() {
  Envelope envelope;
  envelope.mesh = *MeshTag::from_hex("a1a2a3");
  envelope.sender = *ShortId::from_hex("0102030405060708");
  envelope.epoch = 0x11223344;
  envelope.counter = 0x010203040506;
  return envelope;
}

TEST(EnvelopeTest, HasTheDocumentedBytes) {
  base::Bytes out;
  append_envelope(example(), out);
  EXPECT_EQ(base::to_hex(out), "10a1a2a3010203040506070844332211060504030201");
  EXPECT_EQ(out.size(), Envelope::size);
}

TEST(EnvelopeTest, IntroducingOneCarriesTheWholeId) {
  Envelope envelope = example();
  envelope.introduced = base::NodeId{};
  envelope.introduced->bytes.fill(std::byte{0xee});
  base::Bytes out;
  append_envelope(envelope, out);
  EXPECT_EQ(out.size(), Envelope::introducing_size);
  EXPECT_EQ(out[0], std::byte{0x11});
  envelope.sender = short_id(*envelope.introduced);
  EXPECT_EQ(read_envelope(out)->head, envelope);
}

TEST(EnvelopeTest, ReadsWhatItWroteAndLeavesTheRest) {
  base::Bytes out;
  append_envelope(example(), out);
  const base::Bytes head = out;
  const base::Bytes sealed = base::to_bytes("the sealed part");
  out.insert(out.end(), sealed.begin(), sealed.end());
  const auto opened = read_envelope(out);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->head, example());
  EXPECT_EQ(base::Bytes(opened->clear.begin(), opened->clear.end()), head);
  EXPECT_EQ(base::Bytes(opened->sealed.begin(), opened->sealed.end()), sealed);
}

TEST(EnvelopeTest, RefusesEveryTruncation) {
  Envelope envelope = example();
  for (const bool introduces : {false, true}) {
    if (introduces) envelope.introduced = base::NodeId{};
    base::Bytes out;
    append_envelope(envelope, out);
    for (std::size_t size = 0; size < out.size(); ++size) {
      const auto opened = read_envelope(base::ByteView(out).first(size));
      ASSERT_FALSE(opened);
      EXPECT_EQ(opened.error(), EnvelopeError::too_short);
    }
  }
}

TEST(EnvelopeTest, RefusesOtherVersionsAndUnknownFlags) {
  base::Bytes out;
  append_envelope(example(), out);
  out.resize(100);
  for (unsigned first = 0; first < 256; ++first) {
    out[0] = static_cast<std::byte>(first);
    const auto opened = read_envelope(out);
    EXPECT_EQ(opened.has_value(), first == 0x10 || first == 0x11) << first;
    if (!opened) {
      EXPECT_EQ(opened.error(), EnvelopeError::unknown_version);
    }
  }
}

TEST(EnvelopeTest, ReadsAnyBytesWithoutHarm) {
  base::Rng rng(1);
  for (int i = 0; i < 100'000; ++i) {
    base::Bytes bytes(rng.below(80));
    for (std::byte& b : bytes) b = static_cast<std::byte>(rng.next());
    if (!bytes.empty() && rng.chance(500'000)) bytes[0] = std::byte{0x11};
    const auto opened = read_envelope(bytes);
    if (!opened) continue;
    EXPECT_EQ(opened->clear.size() + opened->sealed.size(), bytes.size());
  }
}

}  // namespace
}  // namespace wire
