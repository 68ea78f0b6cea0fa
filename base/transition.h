// Machines do not log. They append Transitions (a phase became another) and Notices (something that
// an operator should read) to their effects; the shell turns both into logs, metrics and traces,
// and the simulator into coverage.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace base {

struct Transition {
  std::string_view machine;  // "member", "call", "node", ...; string literals only, here and below
  std::string_view from;
  std::string_view to;
  std::string subject;  // a node id in short form, a capability, ...; never a label of a metric

  bool operator==(const Transition&) const = default;
};

enum class Severity : std::uint8_t { debug, info, warning, error };

struct Notice {
  Severity severity = Severity::info;
  std::string text;

  bool operator==(const Notice&) const = default;
};

}  // namespace base
