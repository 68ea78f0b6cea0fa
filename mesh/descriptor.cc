#include "mesh/descriptor.h"

#include "base/check.h"
#include "base/strings.h"

#include <array>
#include <limits>

namespace mesh {

std::optional<CapabilityVersion> CapabilityVersion::parse(std::string_view text) {
  const std::vector<std::string_view> words = base::split(text, '.');
  if (words.empty() || words.size() > 3) return std::nullopt;
  std::array<std::uint32_t, 3> parts{};
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::optional<std::uint64_t> number = base::parse_unsigned(words[i]);
    if (!number || *number > std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
    parts.at(i) = static_cast<std::uint32_t>(*number);
  }
  return CapabilityVersion{.major = parts[0], .minor = parts[1], .patch = parts[2]};
}

std::string CapabilityVersion::to_string() const {
  return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch);
}

std::string_view to_string(Proficiency proficiency) {
  switch (proficiency) {
    case Proficiency::novice:
      return "novice";
    case Proficiency::competent:
      return "competent";
    case Proficiency::expert:
      return "expert";
  }
  CHECK(false);
  return {};
}

std::optional<Proficiency> parse_proficiency(std::string_view text) {
  for (const Proficiency proficiency :
       {Proficiency::novice, Proficiency::competent, Proficiency::expert}) {
    if (text == to_string(proficiency)) return proficiency;
  }
  return std::nullopt;
}

bool is_capability_name(std::string_view name) {
  if (name.empty() || name.size() > 128) return false;
  bool part_is_empty = true;
  for (const char c : name) {
    if (c == '.') {
      if (part_is_empty) return false;
      part_is_empty = true;
      continue;
    }
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!letter && !(c >= '0' && c <= '9') && c != '_' && c != '-') return false;
    part_is_empty = false;
  }
  return !part_is_empty;
}

}  // namespace mesh
