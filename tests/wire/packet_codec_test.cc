#include "wire/packet_codec.h"

#include "base/rng.h"
#include "crypto/identity.h"
#include "gossip/packet.h"
#include "wire/packed.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

namespace wire {
namespace {

template <class Id>
Id random_id(base::Rng& rng) {
  Id id;
  for (std::byte& byte : id.bytes) byte = std::byte(rng.below(255) + 1);
  return id;
}

// Nothing in it compresses: what the size bounds have to hold for.
gossip::SignedRecord full_record(base::Rng& rng) {
  gossip::SignedRecord record;
  record.record.subject = random_id<base::NodeId>(rng);
  record.record.version = {.epoch = ~rng.below(1000), .sequence = ~rng.below(1000)};
  record.record.name = std::string(gossip::Record::name_max, 'x');
  for (auto& octet : record.record.endpoint.ip)
    octet = static_cast<std::uint8_t>(rng.below(255) + 1);
  record.record.endpoint.port = 0xfffe;
  record.record.readiness = gossip::Readiness::left;
  record.record.load = {.in_flight = 0xfffffffe, .concurrency = 0xfffffffd, .latency_micros = ~0U};
  record.record.descriptor = random_id<base::Digest>(rng);
  record.record.protocol = 0xffff;
  record.signature = random_id<crypto::Signature>(rng);
  return record;
}

gossip::SignedRecord usual_record(base::Rng& rng) {
  gossip::SignedRecord record;
  record.record.subject = random_id<base::NodeId>(rng);
  record.record.version = {.epoch = 3, .sequence = 12};
  record.record.name = "inventory-1";
  record.record.endpoint = base::Endpoint::v4({10, 0, 0, 7}, 7400);
  record.record.readiness = gossip::Readiness::serving;
  record.signature = random_id<crypto::Signature>(rng);
  return record;
}

gossip::SignedAccusation accusation(base::Rng& rng) {
  gossip::SignedAccusation out;
  out.accusation = {.accuser = random_id<base::NodeId>(rng),
                    .subject = random_id<base::NodeId>(rng),
                    .record = random_id<base::Digest>(rng)};
  out.signature = random_id<crypto::Signature>(rng);
  return out;
}

gossip::SignedReport report(base::Rng& rng, std::size_t observations) {
  gossip::SignedReport out;
  out.report.author = random_id<base::NodeId>(rng);
  out.report.capability = std::string(gossip::ObservationReport::capability_max, 'c');
  out.report.version = {.epoch = ~rng.below(1000), .sequence = ~rng.below(1000)};
  for (std::size_t i = 0; i < observations; ++i) {
    out.report.observations.push_back({.subject = random_id<base::NodeId>(rng),
                                       .samples = 0xfffffffe,
                                       .success_ppm = 987'654,
                                       .quality_ppm = std::nullopt,
                                       .latency_micros = 0x89abcdef});
    if (i % 2 == 0) out.report.observations.back().quality_ppm = 0xfedcba98;
  }
  out.signature = random_id<crypto::Signature>(rng);
  out.age_ms = 0x01020304;
  return out;
}

std::vector<gossip::Packet> packets(base::Rng& rng) {
  std::vector<gossip::Packet> out;
  const std::vector<gossip::Body> bodies{
      gossip::Rumors{},
      gossip::Ping{0xfffffffe},
      gossip::Ack{17},
      gossip::PingRequest{.sequence = ~0U, .target = random_id<base::NodeId>(rng)},
      gossip::Relayed{.sequence = 9, .reached = true},
      gossip::Hint{random_id<base::NodeId>(rng)}};
  for (const gossip::Body& body : bodies) {
    out.push_back({.body = body,
                   .table_digest = rng.next(),
                   .introduces = out.size() % 2 == 1,
                   .records = {full_record(rng), usual_record(rng)},
                   .accusations = {accusation(rng)}});
    out.push_back({.body = body,
                   .table_digest = rng.next(),
                   .introduces = false,
                   .records = {},
                   .accusations = {}});
  }
  return out;
}

std::vector<gossip::Question> questions(base::Rng& rng) {
  gossip::Compare compare;
  for (auto& bucket : compare.buckets) bucket = rng.next();
  return {gossip::Join{full_record(rng), random_id<base::NodeId>(rng)},
          compare,
          gossip::Exchange{{1, 2, 3}, {usual_record(rng)}, {accusation(rng)}},
          gossip::Exchange{},
          gossip::PullDescriptor{random_id<base::Digest>(rng)},
          gossip::PullReports{{{"stock.lookup", {{7, {1, 2}}, {~0ULL, {3, ~0ULL}}}}, {"x", {}}}}};
}

std::vector<gossip::Reply> replies(base::Rng& rng) {
  return {gossip::Welcome{{full_record(rng), usual_record(rng)}, {accusation(rng)}, true},
          gossip::Summary{.differing = 5, .entries = {{7, {1, 2}, 1}, {8, {3, 4}, 0}}},
          gossip::Items{{usual_record(rng)}, {accusation(rng)}},
          gossip::DescriptorBody{base::to_bytes("a body")},
          gossip::ReportPage{{report(rng, 16), report(rng, 1), report(rng, 0)}}};
}

TEST(PacketCodecTest, PacketsComeBackAsTheyWere) {
  base::Rng rng(1);
  for (const gossip::Packet& packet : packets(rng)) {
    const auto decoded = decode_packet(encode(packet));
    ASSERT_TRUE(decoded.has_value());
    EXPECT_EQ(decoded.value(), packet);
  }
}

TEST(PacketCodecTest, QuestionsRepliesAndRecordsComeBackAsTheyWere) {
  base::Rng rng(2);
  for (const gossip::Question& question : questions(rng)) {
    const auto decoded = decode_question(encode(question));
    ASSERT_TRUE(decoded.has_value());
    EXPECT_EQ(decoded.value(), question);
  }
  for (const gossip::Reply& reply : replies(rng)) {
    const auto decoded = decode_reply(encode(reply));
    ASSERT_TRUE(decoded.has_value());
    EXPECT_EQ(decoded.value(), reply);
  }
  const gossip::SignedRecord record = full_record(rng);
  ASSERT_TRUE(decode_record(encode(record)).has_value());
  EXPECT_EQ(decode_record(encode(record)).value(), record);
}

TEST(PacketCodecTest, NoEncodingIsLargerThanItsBound) {
  base::Rng rng(3);
  for (const gossip::Packet& packet : packets(rng)) {
    EXPECT_LE(encode(packet).size(), gossip::size_bound(packet));
  }
  gossip::Packet records;
  gossip::Packet accusations;
  for (int i = 0; i < 10; ++i) {
    records.records.push_back(full_record(rng));
    accusations.accusations.push_back(accusation(rng));
  }
  EXPECT_LE(encode(records).size(), gossip::size_bound(records));
  EXPECT_LE(encode(accusations).size(), gossip::size_bound(accusations));
  for (const std::size_t observations : {0U, 1U, 16U}) {
    const gossip::SignedReport full = report(rng, observations);
    const gossip::Reply one = gossip::ReportPage{{full}};
    EXPECT_LE(encode(one).size(), gossip::size_bound(full.report));
  }
  RecordProperty("full_record", static_cast<int>(encode(records).size() / 10));
  RecordProperty("accusation", static_cast<int>(encode(accusations).size() / 10));
}

// 300 bytes a second and two datagrams at rest, of which the seal takes 40 each: 110 are left.
TEST(PacketCodecTest, AProbeAtRestKeepsTheBudgetOfBytes) {
  const gossip::Packet ping{.body = gossip::Ping{0x89abcdef},
                            .table_digest = 0x0123456789abcdef,
                            .introduces = false,
                            .records = {},
                            .accusations = {}};
  EXPECT_LE(encode(ping).size(), 40U);
  RecordProperty("ping", static_cast<int>(encode(ping).size()));
}

TEST(PacketCodecTest, FieldsBeyondTheirBoundsAreRefused) {
  base::Rng rng(4);
  gossip::Packet packet;
  packet.records.push_back(usual_record(rng));
  packet.records.front().record.name = std::string(gossip::Record::name_max + 1, 'x');
  EXPECT_EQ(decode_packet(encode(packet)).error(), DecodeError::out_of_bounds);

  for (const char* name : {"a\xff", "\xed\xa0\x80", "two\nlines"}) {
    packet.records.front().record.name = name;
    EXPECT_EQ(decode_packet(encode(packet)).error(), DecodeError::out_of_bounds);
  }
  packet.records.front().record.name = "gr\u00fc\u00df";
  EXPECT_TRUE(decode_packet(encode(packet)));

  gossip::Exchange exchange;
  exchange.wanted.resize(gossip::page_items_max + 1);
  EXPECT_EQ(decode_question(encode(gossip::Question(exchange))).error(),
            DecodeError::out_of_bounds);

  gossip::PullReports pull;
  pull.interests.resize(gossip::interests_max + 1, {.capability = "c", .known = {}});
  EXPECT_EQ(decode_question(encode(gossip::Question(pull))).error(), DecodeError::out_of_bounds);
  pull.interests = {{.capability = "", .known = {}}};
  EXPECT_EQ(decode_question(encode(gossip::Question(pull))).error(), DecodeError::out_of_bounds);
  pull.interests = {{.capability = "c", .known = {}}};
  pull.interests.front().known.resize(gossip::known_reports_max + 1);
  EXPECT_EQ(decode_question(encode(gossip::Question(pull))).error(), DecodeError::out_of_bounds);

  gossip::ReportPage page{{report(rng, gossip::ObservationReport::observations_max + 1)}};
  EXPECT_EQ(decode_reply(encode(gossip::Reply(page))).error(), DecodeError::out_of_bounds);
  page.reports = {report(rng, 1)};
  page.reports.front().report.capability.push_back('c');
  EXPECT_EQ(decode_reply(encode(gossip::Reply(page))).error(), DecodeError::out_of_bounds);

  const base::Bytes large(packet_bytes_max + 1);
  EXPECT_EQ(decode_packet(large).error(), DecodeError::oversized);
  EXPECT_EQ(decode_packet({}).error(), DecodeError::malformed);
}

TEST(PacketCodecTest, AFewBytesThatClaimMuchAllocateNothing) {
  // Each pair of bytes stands for 256 words of zeros.
  base::Bytes bomb;
  for (int i = 0; i < 512; ++i) {
    bomb.push_back(std::byte{0x00});
    bomb.push_back(std::byte{0xff});
  }
  EXPECT_FALSE(unpacked_words(bomb, packet_bytes_max));
  EXPECT_EQ(decode_packet(bomb).error(), DecodeError::malformed);
}

base::Bytes mutated(base::Bytes bytes, base::Rng& rng) {
  const std::uint64_t changes = 1 + rng.below(4);
  for (std::uint64_t i = 0; i < changes && !bytes.empty(); ++i) {
    const auto at = static_cast<std::size_t>(rng.below(bytes.size()));
    switch (rng.below(4)) {
      case 0:
        bytes[at] = std::byte(rng.below(256));
        break;
      case 1:
        bytes[at] ^= std::byte(1U << rng.below(8));
        break;
      case 2:
        bytes.resize(at);
        break;
      default:
        bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(at), std::byte(rng.below(256)));
    }
  }
  return bytes;
}

// What still decodes keeps every bound, and encodes and decodes to itself.
TEST(PacketCodecTest, AHundredThousandMutationsNeitherCrashNorBreakABound) {
  base::Rng rng(5);
  std::vector<base::Bytes> valid;
  for (const auto& packet : packets(rng)) valid.push_back(encode(packet));
  int readable = 0;
  for (int i = 0; i < 100'000; ++i) {
    const base::Bytes bytes = mutated(rng.pick(valid), rng);
    const auto decoded = decode_packet(bytes);
    if (!decoded) continue;
    ++readable;
    ASSERT_LE(decoded.value().records.size(), gossip::Packet::items_max);
    ASSERT_LE(decoded.value().accusations.size(), gossip::Packet::items_max);
    for (const auto& record : decoded.value().records) {
      ASSERT_LE(record.record.name.size(), gossip::Record::name_max);
    }
    const auto again = decode_packet(encode(decoded.value()));
    ASSERT_TRUE(again.has_value());
    ASSERT_EQ(again.value(), decoded.value());
  }
  EXPECT_GT(readable, 1000);
}

TEST(PacketCodecTest, MutatedQuestionsAndRepliesDoNotCrash) {
  base::Rng rng(6);
  std::vector<base::Bytes> asked;
  std::vector<base::Bytes> answered;
  for (const auto& question : questions(rng)) asked.push_back(encode(question));
  for (const auto& reply : replies(rng)) answered.push_back(encode(reply));
  int readable = 0;
  for (int i = 0; i < 20'000; ++i) {
    readable += decode_question(mutated(rng.pick(asked), rng)).has_value() ? 1 : 0;
    readable += decode_reply(mutated(rng.pick(answered), rng)).has_value() ? 1 : 0;
  }
  EXPECT_GT(readable, 100);
}

}  // namespace
}  // namespace wire
