// Text of at most `Max` characters that stands in place: ids that every call carries in several
// copies, and that as strings would be an allocation each.
#pragma once

#include "base/check.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace base {

template <std::size_t Max>
class ShortText {
 public:
  static_assert(Max < 256);

  ShortText() = default;
  // At most Max characters: who may be given more asks before.
  explicit ShortText(std::string_view text) { append(text); }

  void append(std::string_view text) {
    CHECK(text.size() <= Max - size_);
    std::copy(text.begin(), text.end(), text_.begin() + size_);
    size_ = static_cast<std::uint8_t>(size_ + text.size());
  }

  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::string_view view() const { return {text_.data(), size_}; }
  operator std::string_view() const { return view(); }  // as std::string does
  operator std::string() const { return std::string(view()); }

  bool operator==(const ShortText& other) const { return view() == other.view(); }
  bool operator==(std::string_view other) const { return view() == other; }

 private:
  std::array<char, Max> text_{};
  std::uint8_t size_ = 0;
};

}  // namespace base
