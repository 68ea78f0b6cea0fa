// The clear head of a sealed datagram: fixed places, little-endian, 22 bytes (46 when it introduces
// its sender by the whole id). Not Cap'n Proto, whose framing alone would be as long. The seal
// covers the head, so none of it can be changed on the way. docs/internals/datagram.md has the
// table.
#pragma once

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace wire {

// The first bytes of a node's id: enough for those who know it to find it.
using ShortId = base::FixedBytes<struct ShortIdKind, 8>;
[[nodiscard]] ShortId short_id(const base::NodeId& id);

// The first bytes of the mesh id. Keeps meshes that share a network apart cheaply; the keys keep
// them apart for certain.
using MeshTag = base::FixedBytes<struct MeshTagKind, 3>;
[[nodiscard]] MeshTag mesh_tag(const base::MeshId& mesh);

struct Envelope {
  MeshTag mesh;
  ShortId sender;
  std::optional<base::NodeId> introduced;  // the sender's whole id, if it introduces itself
  std::uint32_t epoch = 0;
  std::uint64_t counter = 0;  // up to counter_max

  static constexpr std::size_t size = 22;
  static constexpr std::size_t introducing_size = 46;
  static constexpr std::uint64_t counter_max = (std::uint64_t{1} << 48) - 1;
  static constexpr std::uint64_t epoch_max = (std::uint64_t{1} << 32) - 1;
  bool operator==(const Envelope&) const = default;
};

enum class EnvelopeError : std::uint8_t { too_short, unknown_version };

// `sender` is ignored if `introduced` is set.
void append_envelope(const Envelope& envelope, base::Bytes& out);

struct OpenedEnvelope {
  Envelope head;
  base::ByteView clear;   // the bytes of the head: what the seal covers without hiding it
  base::ByteView sealed;  // the rest
};
// Views into `datagram`.
[[nodiscard]] base::Result<OpenedEnvelope, EnvelopeError> read_envelope(base::ByteView datagram);

}  // namespace wire
