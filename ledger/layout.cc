#include "ledger/layout.h"

#include "base/check.h"

#include <algorithm>
#include <limits>

namespace ledger {

namespace {

std::uint8_t octet(char c) {
  return static_cast<std::uint8_t>(c);
}

// The length of the character that begins `text`, or 0: RFC 3629, section 4.
std::size_t character(std::string_view text) {
  const std::uint8_t first = octet(text[0]);
  if (first < 0x20 || first == 0x7f) return 0;
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  const std::size_t size = first < 0xe0 ? 2U : first < 0xf0 ? 3U : 4U;
  if (text.size() < size) return 0;
  const std::uint8_t second = octet(text[1]);
  const std::uint8_t low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  const std::uint8_t high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  if (second < low || second > high) return 0;
  if (first == 0xc2 && second < 0xa0) return 0;  // control characters of Latin-1
  for (std::size_t i = 2; i < size; ++i) {
    if (octet(text[i]) < 0x80 || octet(text[i]) > 0xbf) return 0;
  }
  return size;
}

}  // namespace

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= name_max &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
                  c == '_';
         });
}

bool is_text(std::string_view text) {
  while (!text.empty()) {
    const std::size_t size = character(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

Writer& Writer::u8(std::uint8_t value) {
  bytes_.push_back(static_cast<std::byte>(value));
  return *this;
}
Writer& Writer::u16(std::uint16_t value) {
  return u8(static_cast<std::uint8_t>(value)).u8(static_cast<std::uint8_t>(value >> 8));
}
Writer& Writer::u32(std::uint32_t value) {
  return u16(static_cast<std::uint16_t>(value)).u16(static_cast<std::uint16_t>(value >> 16));
}
Writer& Writer::u64(std::uint64_t value) {
  return u32(static_cast<std::uint32_t>(value)).u32(static_cast<std::uint32_t>(value >> 32));
}
Writer& Writer::flag(bool value) {
  return u8(value ? 1 : 0);
}
Writer& Writer::fixed(base::ByteView bytes) {
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  return *this;
}
Writer& Writer::sized(base::ByteView bytes) {
  CHECK(bytes.size() <= std::numeric_limits<std::uint32_t>::max());
  return u32(static_cast<std::uint32_t>(bytes.size())).fixed(bytes);
}
Writer& Writer::text(std::string_view text) {
  CHECK(text.size() <= std::numeric_limits<std::uint16_t>::max());
  return u16(static_cast<std::uint16_t>(text.size())).fixed(base::as_bytes(text));
}
Writer& Writer::count(std::size_t items) {
  CHECK(items <= std::numeric_limits<std::uint16_t>::max());
  return u16(static_cast<std::uint16_t>(items));
}

base::ByteView Reader::fixed(std::size_t size) {
  if (refused_ || left_.size() < size) {
    refused_ = true;
    return {};
  }
  const base::ByteView taken = left_.first(size);
  left_ = left_.subspan(size);
  return taken;
}

std::uint64_t Reader::integer(std::size_t size) {
  std::uint64_t value = 0;
  const base::ByteView taken = fixed(size);
  for (std::size_t i = taken.size(); i > 0; --i) {
    value = value << 8 | std::to_integer<std::uint64_t>(taken[i - 1]);
  }
  return value;
}
std::uint8_t Reader::u8() {
  return static_cast<std::uint8_t>(integer(1));
}
std::uint16_t Reader::u16() {
  return static_cast<std::uint16_t>(integer(2));
}
std::uint32_t Reader::u32() {
  return static_cast<std::uint32_t>(integer(4));
}
std::uint64_t Reader::u64() {
  return integer(8);
}

bool Reader::flag() {
  return choice(1) == 1;
}

std::uint8_t Reader::choice(std::uint8_t last) {
  const std::uint8_t value = u8();
  if (value <= last) return value;
  refuse();
  return 0;
}

base::Bytes Reader::sized(std::size_t max) {
  const std::size_t size = u32();
  if (size > max) refuse();
  const base::ByteView taken = fixed(size);
  return {taken.begin(), taken.end()};
}

std::string Reader::text(std::size_t max) {
  const std::size_t size = u16();
  if (size > max) refuse();
  const std::string_view taken = base::as_text(fixed(size));
  if (!is_text(taken)) refuse();
  return refused_ ? std::string() : std::string(taken);
}

std::string Reader::lines(std::size_t max) {
  const base::Bytes taken = sized(max);
  std::string_view left = base::as_text(taken);
  while (!left.empty()) {
    const std::size_t end = std::min(left.find_first_of("\n\r\t"), left.size());
    if (!is_text(left.substr(0, end))) refuse();
    left.remove_prefix(std::min(end + 1, left.size()));
  }
  return refused_ ? std::string() : std::string(base::as_text(taken));
}

std::string Reader::name() {
  std::string taken = text(name_max);
  if (!is_name(taken)) refuse();
  return taken;
}

std::size_t Reader::count(std::size_t max) {
  const std::size_t items = u16();
  if (items <= max) return refused_ ? 0 : items;
  refuse();
  return 0;
}

}  // namespace ledger
