// libFuzzer target: everything of membership that a peer's bytes reach first.
#include "wire/packet_codec.h"

#include <cstddef>
#include <cstdint>
#include <span>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const base::ByteView bytes = std::as_bytes(std::span(data, size));
  if (const auto packet = wire::decode_packet(bytes)) {
    static_cast<void>(wire::encode(packet.value()));
  }
  if (const auto question = wire::decode_question(bytes)) {
    static_cast<void>(wire::encode(question.value()));
  }
  if (const auto reply = wire::decode_reply(bytes)) static_cast<void>(wire::encode(reply.value()));
  if (const auto record = wire::decode_record(bytes)) {
    static_cast<void>(wire::encode(record.value()));
  }
  return 0;
}
