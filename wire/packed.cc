#include "wire/packed.h"

#include <bit>

namespace wire {

base::Bytes pack(capnp::MessageBuilder& message) {
  kj::VectorOutputStream out(512);
  capnp::writePackedMessage(out, message);
  const base::ByteView packed =
      std::as_bytes(std::span(out.getArray().begin(), out.getArray().size()));
  return {packed.begin(), packed.end()};
}

// The packing: a tag byte with one bit for each byte of a word that is not zero, then these bytes.
// Tag 0x00 is followed by a count of further zero words, tag 0xff (after its word) by a count of
// words that follow as they are.
std::optional<std::size_t> unpacked_words(base::ByteView packed, std::size_t words_max) {
  std::size_t words = 0;
  std::size_t at = 0;
  while (at < packed.size()) {
    const auto tag = std::to_integer<unsigned>(packed[at]);
    at += 1 + static_cast<std::size_t>(std::popcount(tag));
    words += 1;
    if (tag == 0x00 || tag == 0xff) {
      if (at >= packed.size()) return std::nullopt;
      const auto run = std::to_integer<std::size_t>(packed[at]);
      at += 1 + (tag == 0xff ? run * sizeof(capnp::word) : 0);
      words += run;
    }
    if (words > words_max) return std::nullopt;
  }
  if (at != packed.size() || words == 0) return std::nullopt;
  return words;
}

}  // namespace wire
