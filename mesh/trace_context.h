// W3C Trace Context (Recommendation of 2021-11-23, section 3): the header `traceparent`,
// version-traceid-parentid-flags. A mesh node is a participant: it keeps the trace id and puts its
// own span in as the parent.
#pragma once

#include "base/rng.h"
#include "base/short_text.h"

#include <optional>
#include <string>
#include <string_view>

namespace mesh {

struct TraceParent {
  base::ShortText<32> trace_id;   // lower-case hexadecimal digits, not all zero
  base::ShortText<16> parent_id;  // likewise
  base::ShortText<2> flags;

  // Nothing if a rule of section 3.2.2 is broken; then a new trace begins.
  [[nodiscard]] static std::optional<TraceParent> parse(std::string_view text);
  [[nodiscard]] std::string to_string() const;
  bool operator==(const TraceParent&) const = default;
};

// Random hexadecimal digits, no sixteen of them all zero.
[[nodiscard]] base::ShortText<16> random_span_id(base::Rng& rng);
[[nodiscard]] base::ShortText<32> random_trace_id(base::Rng& rng);

}  // namespace mesh
