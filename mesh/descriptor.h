// What an agent says it can do: the `agent:` block of the configuration, gossiped by digest and
// pulled over a link. A claim by its owner; what calls show outranks it.
#pragma once

#include "base/time.h"
#include "mesh/output_check.h"

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mesh {

// Semantic version, major.minor.patch.
struct CapabilityVersion {
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  std::uint32_t patch = 0;

  auto operator<=>(const CapabilityVersion&) const = default;
  // "1", "1.4" or "1.4.0"; missing parts are 0.
  [[nodiscard]] static std::optional<CapabilityVersion> parse(std::string_view text);
  [[nodiscard]] std::string to_string() const;
};

enum class Proficiency : std::uint8_t { novice, competent, expert };
[[nodiscard]] std::string_view to_string(Proficiency proficiency);
[[nodiscard]] std::optional<Proficiency> parse_proficiency(std::string_view text);

struct Capability {
  std::string name;  // dotted, see is_capability_name()
  std::string description;
  std::vector<std::string> examples;
  std::map<std::string, std::vector<std::string>> attributes;
  Proficiency proficiency = Proficiency::competent;
  CapabilityVersion version;
  std::int64_t cost_micros = 0;  // per call, in millionths of the mesh's currency unit
  std::string path;              // appended to the agent's URL, "" or "/..."; not gossiped
  std::optional<OutputCheck> check;

  bool operator==(const Capability&) const = default;
};

struct HealthCheck {
  std::string path;  // "" = no active check
  base::Duration interval = std::chrono::seconds(10);
  base::Duration timeout = std::chrono::seconds(2);

  bool operator==(const HealthCheck&) const = default;
};

struct AgentDescriptor {
  std::vector<std::string> roles;
  std::vector<Capability> capabilities;
  std::uint32_t concurrency = 0;  // calls at once; 0 = not limited
  HealthCheck health;             // concerns only the node beside the agent; not gossiped

  bool operator==(const AgentDescriptor&) const = default;
};

// Letters, digits, '_' and '-' in parts joined by dots; at most 128 bytes.
[[nodiscard]] bool is_capability_name(std::string_view name);

}  // namespace mesh
