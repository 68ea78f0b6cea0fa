// Packed Cap'n Proto with hostile input in mind: the size after unpacking is counted before
// anything is allocated, reading is limited in depth and traversal, and kj's exceptions end here.
// For the codecs' own .cc files only; no other header includes it.
#pragma once

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "wire/decode_error.h"

#include <capnp/message.h>
#include <capnp/serialize-packed.h>
#include <capnp/serialize.h>
#include <kj/common.h>
#include <kj/exception.h>
#include <kj/io.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace wire {

[[nodiscard]] inline capnp::Data::Reader data_of(base::ByteView bytes) {
  return {reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()};
}
[[nodiscard]] inline base::ByteView view_of(capnp::Data::Reader data) {
  return std::as_bytes(std::span(data.begin(), data.size()));
}
// False unless `data` has exactly the size of `out`.
template <class Kind, std::size_t Size>
[[nodiscard]] bool get_fixed(capnp::Data::Reader data, base::FixedBytes<Kind, Size>& out) {
  const base::ByteView view = view_of(data);
  if (view.size() != Size) return false;
  std::copy(view.begin(), view.end(), out.bytes.begin());
  return true;
}

// The items of a list, of `size_max` at most; `get(reader, item)` returns false when one breaks its
// bound.
template <class List, class T, class Get>
[[nodiscard]] bool get_each(List in, std::size_t size_max, std::vector<T>& out, const Get& get) {
  if (in.size() > size_max) return false;
  out.resize(in.size());
  for (unsigned i = 0; i < in.size(); ++i) {
    if (!get(in[i], out[i])) return false;
  }
  return true;
}

[[nodiscard]] base::Bytes pack(capnp::MessageBuilder& message);

// Words that `packed` stands for; nothing if it is cut short or stands for more than `words_max`.
[[nodiscard]] std::optional<std::size_t> unpacked_words(base::ByteView packed,
                                                        std::size_t words_max);

// `get(reader, out)` returns false when a field breaks its bound.
template <class Schema, class T, class Get>
[[nodiscard]] base::Result<T, DecodeError> unpack(base::ByteView bytes, std::size_t size_max,
                                                  int depth_max, const Get& get) {
  if (bytes.size() > size_max) return base::Unexpected{DecodeError::oversized};
  // A zero word packs into two bytes, so honest messages may grow; eight times is generous.
  const std::size_t words_max = size_max;
  const std::optional<std::size_t> words = unpacked_words(bytes, words_max);
  if (!words) return base::Unexpected{DecodeError::malformed};
  try {
    kj::ArrayInputStream packed(
        kj::arrayPtr(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()));
    capnp::_::PackedInputStream unpacked(packed);
    std::vector<capnp::word> frame(*words);
    unpacked.read(frame.data(), frame.size() * sizeof(capnp::word));
    // A flat frame: one segment only, whose table is the first word.
    capnp::ReaderOptions options;
    options.traversalLimitInWords = *words * 4 + 64;
    options.nestingLimit = depth_max;
    capnp::FlatArrayMessageReader message(
        kj::arrayPtr(static_cast<const capnp::word*>(frame.data()), frame.size()), options);
    T out;
    if (!get(message.getRoot<Schema>(), out)) return base::Unexpected{DecodeError::out_of_bounds};
    return out;
  } catch (const kj::Exception&) {
    return base::Unexpected{DecodeError::malformed};
  }
}

}  // namespace wire
