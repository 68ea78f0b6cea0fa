// What the owner of a capability promises of each of its answers, gossiped with the descriptor: who
// asks holds the answer against it (mesh/judge). All that is said here holds at once.
#pragma once

#include <string>

namespace mesh {

struct OutputCheck {
  bool non_empty = false;  // a body that is more than white space
  std::string pattern;     // RE2 syntax, must match somewhere in the body; "" = none
  std::string schema;      // JSON Schema as compact JSON text; "" = none

  bool operator==(const OutputCheck&) const = default;
};

}  // namespace mesh
