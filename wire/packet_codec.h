// Bytes of membership's messages: packed Cap'n Proto (gossip.capnp). Decoding is bounded before it
// allocates, never throws, and yields only values whose fields keep their bounds; what it yields is
// still not verified.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "gossip/packet.h"
#include "gossip/record.h"
#include "wire/decode_error.h"

#include <cstddef>

namespace wire {

inline constexpr std::size_t packet_bytes_max = 2048;       // a datagram's content
inline constexpr std::size_t question_bytes_max = 1 << 20;  // a question or reply over a link
inline constexpr std::size_t record_bytes_max = 1024;       // a stored record

[[nodiscard]] base::Bytes encode(const gossip::Packet& packet);
[[nodiscard]] base::Bytes encode(const gossip::Question& question);
[[nodiscard]] base::Bytes encode(const gossip::Reply& reply);
[[nodiscard]] base::Bytes encode(const gossip::SignedRecord& record);

[[nodiscard]] base::Result<gossip::Packet, DecodeError> decode_packet(base::ByteView bytes);
[[nodiscard]] base::Result<gossip::Question, DecodeError> decode_question(base::ByteView bytes);
[[nodiscard]] base::Result<gossip::Reply, DecodeError> decode_reply(base::ByteView bytes);
[[nodiscard]] base::Result<gossip::SignedRecord, DecodeError> decode_record(base::ByteView bytes);

}  // namespace wire
