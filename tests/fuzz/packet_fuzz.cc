// Everything of membership that a peer's bytes reach first: decoded within its limits or refused,
// and what was decoded and encoded comes back the same.
#include "base/check.h"
#include "wire/packet_codec.h"

#include <cstddef>
#include <cstdint>
#include <span>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const base::ByteView bytes = std::as_bytes(std::span(data, size));
  if (const auto packet = wire::decode_packet(bytes)) {
    const auto again = wire::decode_packet(wire::encode(*packet));
    if (again) CHECK(*again == *packet);  // not packed as tightly, it may be too large to send on
  }
  if (const auto question = wire::decode_question(bytes)) {
    const auto again = wire::decode_question(wire::encode(*question));
    CHECK(again.has_value());
    CHECK(*again == *question);
  }
  if (const auto reply = wire::decode_reply(bytes)) {
    const auto again = wire::decode_reply(wire::encode(*reply));
    CHECK(again.has_value());
    CHECK(*again == *reply);
  }
  if (const auto record = wire::decode_record(bytes)) {
    const auto again = wire::decode_record(wire::encode(*record));
    CHECK(again.has_value());
    CHECK(*again == *record);
  }
  return 0;
}
