// Everything of agreement that comes as bytes: messages of peers, records of the log, and what the
// archive keeps. Decoded within its limits or refused, and what was decoded comes back the same.
#include "base/check.h"
#include "wire/agreement_codec.h"

#include <cstddef>
#include <cstdint>
#include <span>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

// Blocks are shared and not compared by what is in them, but bytes are: an encoding that is decoded
// and encoded again is itself.
template <class Decode>
void round_trip(base::ByteView bytes, const Decode& decode) {
  const auto value = decode(bytes);
  if (!value) return;
  const base::Bytes encoded = wire::encode(*value);
  const auto again = decode(encoded);
  // Not packed as tightly, it may be too large to be read again.
  if (again) CHECK(wire::encode(*again) == encoded);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const base::ByteView bytes = std::as_bytes(std::span(data, size));
  round_trip(bytes, [](base::ByteView in) { return wire::decode_agreement(in); });
  round_trip(bytes, [](base::ByteView in) { return wire::decode_log_record(in); });
  round_trip(bytes, [](base::ByteView in) { return wire::decode_epoch_proof(in); });
  round_trip(bytes, [](base::ByteView in) { return wire::decode_decision_proof(in); });
  if (const auto block = wire::decode_block(bytes)) {
    const auto again = wire::decode_block(wire::encode(**block));
    if (again) CHECK((*again)->hash() == (*block)->hash());
  }
  return 0;
}
