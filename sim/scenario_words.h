// The words of which the statements of a scenario consist, read and written.
#pragma once

#include "base/bytes.h"
#include "base/strings.h"
#include "base/time.h"
#include "sim/scenario.h"

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace sim {

inline constexpr std::uint32_t million = 1'000'000;

inline std::string text_of(base::Duration duration) {
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
  if (micros % 1000 != 0) return std::to_string(micros) + "us";
  return base::format_duration(duration);
}

inline std::string text_of(const std::vector<NodeIndex>& nodes) {
  std::string text;
  for (const NodeIndex node : nodes) {
    if (!text.empty()) text += ',';
    text += std::to_string(node);
  }
  return text;
}

// One line, word by word. The first thing that does not fit is remembered, and all later reads give
// defaults, so that a statement is read straight down and judged once at its end.
class Words {
 public:
  explicit Words(std::string_view line) {
    for (const std::string_view word : base::split(line, ' ')) {
      if (!word.empty()) words_.push_back(word);
    }
  }

  [[nodiscard]] bool more() const { return next_ < words_.size(); }
  [[nodiscard]] const std::string& problem() const { return problem_; }

  std::string_view word(std::string_view what) {
    if (more()) return words_[next_++];
    complain("expected " + std::string(what));
    return {};
  }
  void keyword(std::string_view expected) {
    if (word(expected) != expected) complain("expected '" + std::string(expected) + "'");
  }
  std::uint64_t number(std::uint64_t max) {
    const std::string_view text = word("a number");
    const auto value = base::parse_unsigned(text);
    if (!value || *value > max) {
      complain("'" + std::string(text) + "' is not a number up to " + std::to_string(max));
      return 0;
    }
    return *value;
  }
  std::uint32_t number32(std::uint32_t max) { return static_cast<std::uint32_t>(number(max)); }
  std::int64_t signed_number() {
    const std::string_view text = word("a number");
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) {
      complain("'" + std::string(text) + "' is not a number");
      return 0;
    }
    return value;
  }
  base::Duration duration() {
    const std::string_view text = word("a duration");
    const auto value = base::parse_duration(text);
    if (!value || *value > duration_max) {
      complain("'" + std::string(text) + "' is not a duration up to 1000h");
      return {};
    }
    if (*value % std::chrono::microseconds(1) != base::Duration::zero()) {
      complain("'" + std::string(text) + "' is finer than a microsecond");
      return {};
    }
    return *value;
  }
  std::vector<NodeIndex> nodes() {
    std::vector<NodeIndex> result;
    for (const std::string_view part : base::split(word("node numbers"), ',')) {
      const auto value = base::parse_unsigned(part);
      if (!value || *value >= Scenario::nodes_max) {
        complain("'" + std::string(part) + "' is not the number of a node");
        return {};
      }
      result.push_back(static_cast<NodeIndex>(*value));
    }
    return result;
  }
  std::vector<std::uint8_t> bytes(std::size_t max) {
    const std::string_view text = word("bytes in hexadecimal");
    std::vector<std::uint8_t> result(text.size() / 2);
    if (result.size() > max || !base::from_hex(text, std::as_writable_bytes(std::span(result)))) {
      complain("'" + std::string(text) + "' is not up to " + std::to_string(max) +
               " bytes in hexadecimal");
    }
    return result;
  }
  void complain(std::string text) {
    if (problem_.empty()) problem_ = std::move(text);
    next_ = words_.size();
  }

 private:
  static constexpr base::Duration duration_max = std::chrono::hours(1000);

  std::vector<std::string_view> words_;
  std::size_t next_ = 0;
  std::string problem_;
};

}  // namespace sim
