#include "mesh/judge/complexity.h"

#include "base/strings.h"

#include <cstddef>

namespace mesh::judge {

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
