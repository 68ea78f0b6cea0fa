// Any bytes as a descriptor: decoded within its limits or refused, and what was decoded and encodes
// comes back the same.
#include "base/check.h"
#include "wire/descriptor_codec.h"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto decoded = wire::decode_descriptor(std::as_bytes(std::span(data, size)));
  if (!decoded) return 0;
  const auto again = wire::encode_descriptor(*decoded);
  if (!again) return 0;
  const auto back = wire::decode_descriptor(*again);
  CHECK(back);
  CHECK(*back == *decoded);
  return 0;
}
