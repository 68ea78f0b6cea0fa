// A fuzzer's bytes as small choices, for targets that say sentences instead of bytes.
#pragma once

#include "base/bytes.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace fuzz {

class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : left_(data, size) {}

  [[nodiscard]] bool empty() const { return left_.empty(); }
  // The next byte; 0 at the end.
  std::uint8_t byte() {
    if (left_.empty()) return 0;
    const std::uint8_t first = left_.front();
    left_ = left_.subspan(1);
    return first;
  }
  // A number below `bound`, of one byte.
  std::size_t below(std::size_t bound) { return byte() % bound; }
  bool yes() { return (byte() & 1) != 0; }
  // Up to 255 bytes, as many as the next byte says.
  base::Bytes bytes() {
    const std::size_t size = byte();
    const auto taken = left_.first(size < left_.size() ? size : left_.size());
    left_ = left_.subspan(taken.size());
    const auto* first = reinterpret_cast<const std::byte*>(taken.data());
    return {first, first + taken.size()};
  }
  std::string text() {
    const base::Bytes taken = bytes();
    return std::string(base::as_text(taken));
  }

 private:
  std::span<const std::uint8_t> left_;
};

}  // namespace fuzz
