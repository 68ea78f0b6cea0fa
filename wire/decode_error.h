// Why bytes of a peer could not be read. Decoders never throw and never allocate more than a small
// multiple of what they were given.
#pragma once

#include <cstdint>
#include <string_view>

namespace wire {

enum class DecodeError : std::uint8_t {
  oversized,     // more bytes than this kind of message may have
  malformed,     // not the encoding at all
  out_of_bounds  // readable, but a field breaks its bound
};

[[nodiscard]] constexpr std::string_view to_string(DecodeError error) {
  switch (error) {
    case DecodeError::oversized:
      return "oversized";
    case DecodeError::malformed:
      return "malformed";
    case DecodeError::out_of_bounds:
      return "out_of_bounds";
  }
  return "unknown";
}

}  // namespace wire
