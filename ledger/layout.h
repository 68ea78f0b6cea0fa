// The one byte layout of everything that the ledger signs, hashes or keeps: integers little-endian
// and of fixed width, lengths before what they measure, lists ascending where order means nothing.
// A value has exactly one encoding, and what is read has to be that one: a reader refuses what is
// out of bounds, unordered or left over. Cap'n Proto's bytes are not canonical and never get here.
#pragma once

#include "base/bytes.h"
#include "base/ids.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace ledger {

// Names of roles, policies and meshes: 1 to 64 small letters, digits, dots, dashes, underscores.
constexpr std::size_t name_max = 64;
[[nodiscard]] bool is_name(std::string_view text);
// Well-formed UTF-8 (RFC 3629) without control characters: it may stand in JSON and on a terminal.
[[nodiscard]] bool is_text(std::string_view text);

class Writer {
 public:
  Writer& u8(std::uint8_t value);
  Writer& u16(std::uint16_t value);
  Writer& u32(std::uint32_t value);
  Writer& u64(std::uint64_t value);
  Writer& flag(bool value);
  Writer& fixed(base::ByteView bytes);  // of a length that the layout fixes
  Writer& sized(base::ByteView bytes);  // u32 length, then the bytes
  Writer& text(std::string_view text);  // u16 length, then the bytes
  Writer& count(std::size_t items);     // u16, before a list

  [[nodiscard]] base::Bytes take() { return std::move(bytes_); }

 private:
  base::Bytes bytes_;
};

// After the first refusal everything reads as zero or empty; done() tells.
class Reader {
 public:
  explicit Reader(base::ByteView bytes) : left_(bytes) {}

  [[nodiscard]] std::uint8_t u8();
  [[nodiscard]] std::uint16_t u16();
  [[nodiscard]] std::uint32_t u32();
  [[nodiscard]] std::uint64_t u64();
  [[nodiscard]] bool flag();                             // exactly 0 or 1
  [[nodiscard]] std::uint8_t choice(std::uint8_t last);  // 0 to `last`
  [[nodiscard]] base::ByteView fixed(std::size_t size);
  [[nodiscard]] base::Bytes sized(std::size_t max);
  [[nodiscard]] std::string text(std::size_t max);   // is_text
  [[nodiscard]] std::string lines(std::size_t max);  // u32 length; is_text, and line ends and tabs
  [[nodiscard]] std::string name();                  // is_name
  [[nodiscard]] std::size_t count(std::size_t max);
  template <class Id>
  [[nodiscard]] Id id() {
    return Id::from_view(fixed(Id::size)).value_or(Id{});
  }

  void refuse() { refused_ = true; }
  [[nodiscard]] bool refused() const { return refused_; }
  // Everything was read, and nothing refused.
  [[nodiscard]] bool done() const { return !refused_ && left_.empty(); }

 private:
  [[nodiscard]] std::uint64_t integer(std::size_t size);

  base::ByteView left_;
  bool refused_ = false;
};

}  // namespace ledger
