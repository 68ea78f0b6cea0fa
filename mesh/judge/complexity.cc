#include "mesh/judge/complexity.h"

#include "base/strings.h"

#include <algorithm>
#include <cstddef>
#include <string>

namespace mesh::judge {

namespace {

// Of any alphabet: all of UTF-8 beyond ASCII counts as letters.
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         static_cast<unsigned char>(c) >= 0x80;
}

bool contains_word(std::string_view text, std::string_view word) {
  if (word.empty()) return false;
  for (std::size_t at = text.find(word); at != std::string_view::npos;
       at = text.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    const bool begins = at == 0 || !is_letter(text[at - 1]) || !is_letter(word.front());
    const bool ends = end == text.size() || !is_letter(text[end]) || !is_letter(word.back());
    if (begins && ends) return true;
  }
  return false;
}

}  // namespace

double estimate_complexity(const ComplexityEstimator& estimator, std::string_view target,
                           std::optional<std::uint64_t> body_size, std::string_view body_start) {
  double out = estimator.base;
  out += estimator.per_kilobyte * static_cast<double>(body_size.value_or(body_start.size())) / 1024;
  if (!estimator.keywords.empty()) {
    const std::string where = base::to_lower(target);
    const std::string what = base::to_lower(body_start.substr(0, searched_bytes_max));
    for (const auto& [word, weight] : estimator.keywords) {
      if (contains_word(where, word) || contains_word(what, word)) out += weight;
    }
  }
  return std::clamp(out, 0.0, 1.0);
}

std::optional<double> parse_share(std::string_view text) {
  constexpr std::size_t length_max = 20;
  text = base::trim(text);
  if (text.empty() || text == "." || text.size() > length_max) return std::nullopt;
  double out = 0;
  double unit = 0;  // of the digits after the point; 0 before it
  for (const char c : text) {
    if (c == '.' && unit == 0) {
      unit = 1;
      continue;
    }
    if (c < '0' || c > '9') return std::nullopt;
    if (unit == 0) {
      out = out * 10 + (c - '0');
    } else {
      unit /= 10;
      out += unit * (c - '0');
    }
  }
  if (out > 1) return std::nullopt;
  return out;
}

}  // namespace mesh::judge
