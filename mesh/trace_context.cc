#include "mesh/trace_context.h"

#include <algorithm>
#include <array>

namespace mesh {

namespace {

bool is_lower_hex(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_zero(std::string_view text) {
  return text.find_first_not_of('0') == std::string_view::npos;
}

// Sixteen digits, not all zero.
template <std::size_t Max>
void append_random(base::Rng& rng, base::ShortText<Max>& out) {
  constexpr std::string_view alphabet = "0123456789abcdef";
  std::uint64_t bits = 0;
  while (bits == 0) bits = rng.next();
  std::array<char, 16> digits;
  for (char& digit : digits) {
    digit = alphabet[bits & 15U];
    bits >>= 4U;
  }
  out.append({digits.data(), digits.size()});
}

}  // namespace

std::optional<TraceParent> TraceParent::parse(std::string_view text) {
  if (text.size() < 55 || text[2] != '-' || text[35] != '-' || text[52] != '-') return std::nullopt;
  const std::string_view version = text.substr(0, 2);
  const std::string_view trace_id = text.substr(3, 32);
  const std::string_view parent_id = text.substr(36, 16);
  const std::string_view flags = text.substr(53, 2);
  for (const std::string_view part : {version, trace_id, parent_id, flags}) {
    if (!is_lower_hex(part)) return std::nullopt;
  }
  if (version == "ff" || is_zero(trace_id) || is_zero(parent_id)) return std::nullopt;
  // Version 00 ends here; a later one may say more after a further dash.
  if (text.size() > 55 && (version == "00" || text[55] != '-')) return std::nullopt;
  return TraceParent{base::ShortText<32>(trace_id), base::ShortText<16>(parent_id),
                     base::ShortText<2>(flags)};
}

std::string TraceParent::to_string() const {
  std::string out;
  out.reserve(55);
  out.append("00-").append(trace_id).append("-").append(parent_id).append("-").append(flags);
  return out;
}

base::ShortText<16> random_span_id(base::Rng& rng) {
  base::ShortText<16> out;
  append_random(rng, out);
  return out;
}

base::ShortText<32> random_trace_id(base::Rng& rng) {
  base::ShortText<32> out;
  append_random(rng, out);
  append_random(rng, out);
  return out;
}

}  // namespace mesh
