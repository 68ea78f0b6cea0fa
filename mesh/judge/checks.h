// Declared checks, compiled once for all who declare the same. One that does not compile checks
// nothing: it came from a peer, whose own node should have refused it.
#pragma once

#include "base/recent_table.h"
#include "mesh/judge/check.h"
#include "mesh/output_check.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace mesh::judge {

class Checks {
 public:
  static constexpr std::size_t checks_max = 1'024;

  // Null if it does not compile.
  [[nodiscard]] std::shared_ptr<const CompiledCheck> of(const OutputCheck& check);
  [[nodiscard]] std::uint64_t unusable() const { return unusable_; }

 private:
  struct Entry {
    bool tried = false;
    std::shared_ptr<const CompiledCheck> compiled;  // shared with those who declare it
  };
  base::RecentTable<std::string, Entry> checks_{checks_max};  // by all that it says
  std::uint64_t unusable_ = 0;
};

}  // namespace mesh::judge
