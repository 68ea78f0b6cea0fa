// W3C Trace Context (Recommendation of 2021-11-23, section 3): the header `traceparent`,
// version-traceid-parentid-flags. A mesh node is a participant: it keeps the trace id and puts its
// own span in as the parent.
#pragma once

#include "base/rng.h"

#include <optional>
#include <string>
#include <string_view>

namespace mesh {

struct TraceParent {
  std::string trace_id;   // 32 lower-case hexadecimal digits, not all zero
  std::string parent_id;  // 16, not all zero
  std::string flags;      // 2

  // Nothing if a rule of section 3.2.2 is broken; then a new trace begins.
  [[nodiscard]] static std::optional<TraceParent> parse(std::string_view text);
  [[nodiscard]] std::string to_string() const;
  bool operator==(const TraceParent&) const = default;
};

// `digits` random hexadecimal digits, a multiple of 16; never all zero.
[[nodiscard]] std::string random_hex(base::Rng& rng, std::size_t digits);

}  // namespace mesh
