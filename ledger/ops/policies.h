// Policy blocks that hold on every node. What they say is the data plane's matter: here they are
// text with a name, and whether a node's own file may say otherwise.
#pragma once

#include "ledger/op_kind.h"
#include "ledger/terms.h"

#include <cstdint>
#include <string>

namespace ledger {

// A policy block of the configuration file, for every node.
struct SetPolicy {
  static constexpr OpKind kind = OpKind::set_policy;
  std::string name;
  std::string scope;                // which capabilities, as in `match`; "" if the text says it
  bool local_may_override = false;  // whether a node's own file wins
  std::string yaml;
  std::uint64_t expected = Expected::any;
  bool operator==(const SetPolicy&) const = default;
  void write(Writer& out) const;
  [[nodiscard]] static SetPolicy read(Reader& in);
};
struct RemovePolicy {
  static constexpr OpKind kind = OpKind::remove_policy;
  std::string name;
  std::uint64_t expected = Expected::any;
  bool operator==(const RemovePolicy&) const = default;
  void write(Writer& out) const;
  [[nodiscard]] static RemovePolicy read(Reader& in);
};

}  // namespace ledger
