// An AgentDescriptor as bytes: what nodes pull by its digest over a link. Decoding never throws and
// bounds everything before it is copied. The agent's paths and its health check concern only the
// node beside it and are not in there.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "mesh/descriptor.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wire {

struct DescriptorLimits {
  static constexpr std::size_t bytes = 64 * 1024;
  static constexpr std::size_t capabilities = 256;
  static constexpr std::size_t roles = 32;
  static constexpr std::size_t examples = 16;           // of one capability
  static constexpr std::size_t attributes = 32;         // of one capability
  static constexpr std::size_t attribute_values = 256;  // of one attribute
  static constexpr std::size_t text = 1024;             // bytes of a description or example
  static constexpr std::size_t word = 128;              // bytes of a name, role, attribute or value
  static constexpr std::size_t pattern = 1024;          // bytes, of an output check
  static constexpr std::size_t schema = 16 * 1024;      // bytes, of an output check
};

enum class DescriptorError : std::uint8_t {
  too_large,
  malformed,
  too_many,
  text_too_long,
  not_text,  // not UTF-8
  bad_name
};
[[nodiscard]] std::string_view to_string(DescriptorError error);

// The same descriptor gives the same bytes in every process of this version.
[[nodiscard]] base::Result<base::Bytes, DescriptorError> encode_descriptor(
    const mesh::AgentDescriptor& descriptor);
[[nodiscard]] base::Result<mesh::AgentDescriptor, DescriptorError> decode_descriptor(
    base::ByteView bytes);

}  // namespace wire
