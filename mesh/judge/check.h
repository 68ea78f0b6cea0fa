// The check that a capability declares (mesh/output_check.h), made ready to hold answers against.
// It and the answers come from strangers: its memory and the work of one judgement have bounds
// (regex.h, schema.h), and nothing throws.
#pragma once

#include "base/result.h"
#include "mesh/output_check.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace mesh::judge {

class CompiledCheck {
 public:
  // The error is one sentence about the first thing that is wrong. It may take milliseconds: keep
  // what comes out, copies of it are cheap.
  [[nodiscard]] static base::Result<CompiledCheck, std::string> compile(const OutputCheck& check);

  // What the body breaks, as one short phrase; nothing: it holds. A body that it would take too
  // long to judge holds.
  [[nodiscard]] std::optional<std::string> violation(std::string_view body) const;

 private:
  struct Parts;
  explicit CompiledCheck(std::shared_ptr<const Parts> parts);

  std::shared_ptr<const Parts> parts_;  // owned by all copies, and never changed
};

}  // namespace mesh::judge
