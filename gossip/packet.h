// What nodes say to each other: Packets as datagrams (small, sealed, may get lost) and Questions
// with Replies over authenticated links (large, reliable). Plain values; wire/packet_codec.h has
// the bytes.
//
// A packet's body is its reason; what rides along (records, accusations, the digest of the sender's
// table) is the same for all of them. The digest makes anti-entropy free while tables agree.
#pragma once

#include "base/bytes.h"
#include "base/endpoint.h"
#include "base/ids.h"
#include "gossip/counters.h"
#include "gossip/observation.h"
#include "gossip/options.h"
#include "gossip/record.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace gossip {

// ---- packets ----

// Nothing but what rides along.
struct Rumors {
  bool operator==(const Rumors&) const = default;
};
struct Ping {
  std::uint32_t sequence = 0;
  bool operator==(const Ping&) const = default;
};
struct Ack {
  std::uint32_t sequence = 0;  // of the ping
  bool operator==(const Ack&) const = default;
};
// "Ping `target` for me." Answered by Relayed in any case; a helper that stays silent is itself
// sick.
struct PingRequest {
  std::uint32_t sequence = 0;
  base::NodeId target;
  bool operator==(const PingRequest&) const = default;
};
struct Relayed {
  std::uint32_t sequence = 0;  // of the request
  bool reached = false;        // false: the target did not answer the helper either
  bool operator==(const Relayed&) const = default;
};
// "I get no answer from `subject`, and am no monitor of it: you are, look."
struct Hint {
  base::NodeId subject;
  bool operator==(const Hint&) const = default;
};
using Body = std::variant<Rumors, Ping, Ack, PingRequest, Relayed, Hint>;

struct Packet {
  Body body;
  std::uint64_t table_digest = 0;
  bool introduces = false;  // the first record is the sender's own: the receiver may not know it
  std::vector<SignedRecord> records;
  std::vector<SignedAccusation> accusations;

  static constexpr std::size_t items_max = 64;  // of records and of accusations in one packet
  bool operator==(const Packet&) const = default;
};

// Upper bounds of the encoded size, for filling a datagram; tests/wire holds the codec to them.
[[nodiscard]] constexpr std::size_t packet_size_bound() {
  return 96;
}  // body and digest, no items
[[nodiscard]] inline std::size_t size_bound(const SignedRecord& record) {
  return 264 + record.record.name.size();
}
[[nodiscard]] constexpr std::size_t size_bound(const SignedAccusation& /*accusation*/) {
  return 192;
}
[[nodiscard]] inline std::size_t size_bound(const ObservationReport& report) {
  return 176 + report.capability.size() + 64 * report.observations.size();
}
[[nodiscard]] inline std::size_t size_bound(const Packet& packet) {
  std::size_t size = packet_size_bound();
  for (const SignedRecord& record : packet.records) size += size_bound(record);
  for (const SignedAccusation& accusation : packet.accusations) size += size_bound(accusation);
  return size;
}

// ---- questions over a link ----

// "Let me in: this is me. Whom do you know, after this id in the order of ids?" One page an answer.
struct Join {
  SignedRecord record;
  base::NodeId after;
  bool operator==(const Join&) const = default;
};

// Members are spread over buckets by their id; a bucket's digest covers records and accusations.
inline constexpr std::size_t bucket_count = 64;
using BucketDigests = std::array<std::uint64_t, bucket_count>;

struct Compare {
  BucketDigests buckets{};
  bool operator==(const Compare&) const = default;
};
// "Here is what I have newer; send me these."
struct Exchange {
  std::vector<std::uint64_t> wanted;  // keys of entries
  std::vector<SignedRecord> records;
  std::vector<SignedAccusation> accusations;
  bool operator==(const Exchange&) const = default;
};
struct PullDescriptor {
  base::Digest digest;
  bool operator==(const PullDescriptor&) const = default;
};
// "Which observation reports about these capabilities have you that I have not?"
struct KnownReport {
  std::uint64_t author = 0;  // the first eight bytes of its id
  Version version;
  bool operator==(const KnownReport&) const = default;
};
struct Interest {
  std::string capability;
  std::vector<KnownReport> known;  // these or older ones are not wanted
  bool operator==(const Interest&) const = default;
};
struct PullReports {
  std::vector<Interest> interests;
  bool operator==(const PullReports&) const = default;
};
using Question = std::variant<Join, Compare, Exchange, PullDescriptor, PullReports>;

// ---- replies ----

struct Welcome {
  std::vector<SignedRecord> records;  // in the order of ids
  std::vector<SignedAccusation> accusations;
  bool more = false;
  bool operator==(const Welcome&) const = default;
};
// One member in a summary: enough to tell who has what newer.
struct Entry {
  std::uint64_t key = 0;  // the first eight bytes of the id
  Version version;
  std::uint64_t evidence = 0;  // hash of the accusations against that version
  bool operator==(const Entry&) const = default;
};
// All members in the buckets that differ.
struct Summary {
  std::uint64_t differing = 0;  // bit i = bucket i
  std::vector<Entry> entries;
  bool operator==(const Summary&) const = default;
};
struct Items {
  std::vector<SignedRecord> records;
  std::vector<SignedAccusation> accusations;
  bool operator==(const Items&) const = default;
};
struct DescriptorBody {
  base::Bytes descriptor;  // empty: not here
  bool operator==(const DescriptorBody&) const = default;
};
struct ReportPage {
  std::vector<SignedReport> reports;
  bool operator==(const ReportPage&) const = default;
};
using Reply = std::variant<Welcome, Summary, Items, DescriptorBody, ReportPage>;

// Bounds that both sides of the wire keep.
inline constexpr std::size_t page_items_max = 1024;
inline constexpr std::size_t summary_entries_max = 32'768;
inline constexpr std::size_t descriptor_size_max = 64 * 1024;
inline constexpr std::size_t interests_max = 16;
inline constexpr std::size_t known_reports_max = 64;  // of one interest
inline constexpr std::size_t report_page_max = 512;
inline constexpr std::size_t report_page_bytes_max = 64 * 1024;

}  // namespace gossip
