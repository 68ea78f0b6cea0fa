// What members say of themselves and of each other, always signed: a Record by its subject, an
// Accusation by its accuser. Nobody else can forge, age or replay one.
#pragma once

#include "base/endpoint.h"
#include "base/ids.h"
#include "base/time.h"
#include "crypto/identity.h"
#include "crypto/statement.h"
#include "crypto/verified.h"

#include <compare>
#include <cstdint>
#include <string>

namespace gossip {

// Owned by the subject: `epoch` is persisted and grows at every start, `sequence` with every
// record. A restarted node is therefore never outranked by its own past.
struct Version {
  std::uint64_t epoch = 0;
  std::uint64_t sequence = 0;
  auto operator<=>(const Version&) const = default;
};

// What a member says of its own readiness.
enum class Readiness : std::uint8_t { joining, serving, at_capacity, draining, left };

struct Load {
  std::uint32_t in_flight = 0;
  std::uint32_t concurrency = 0;     // 0 = not limited
  std::uint32_t latency_micros = 0;  // moving average of its agent's answers
  bool operator==(const Load&) const = default;
};

struct Record {
  base::NodeId subject;
  Version version;
  std::string name;  // a label, at most name_max bytes; may collide without harm
  base::Endpoint endpoint;
  Readiness readiness = Readiness::joining;
  Load load;
  base::Digest descriptor;  // of the encoded AgentDescriptor; zero = no agent
  std::uint16_t protocol = 1;

  static constexpr std::size_t name_max = 64;
  bool operator==(const Record&) const = default;
};

struct SignedRecord {
  Record record;
  crypto::Signature signature;
  bool operator==(const SignedRecord&) const = default;
};

// "I, an assigned monitor of `subject`, get no answer from it." Bound to the digest of the
// subject's newest record, so a newer record always refutes it.
struct Accusation {
  base::NodeId accuser;
  base::NodeId subject;
  base::Digest record;  // record_digest() of what is accused
  bool operator==(const Accusation&) const = default;
};

struct SignedAccusation {
  Accusation accusation;
  crypto::Signature signature;
  bool operator==(const SignedAccusation&) const = default;
};

// The bytes that are signed; statements.cc is the one file that lays them out.
[[nodiscard]] crypto::Statement statement_of(const Record& record, const base::MeshId& mesh);
[[nodiscard]] crypto::Statement statement_of(const Accusation& accusation,
                                             const base::MeshId& mesh);
[[nodiscard]] base::Digest record_digest(const Record& record, const base::MeshId& mesh);

}  // namespace gossip
