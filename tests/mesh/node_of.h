// Nodes of tests by number. For tests only.
#pragma once

#include "base/ids.h"

#include <cstddef>
#include <cstdint>

namespace mesh {

inline base::NodeId node_of(std::uint8_t number) {
  base::NodeId node;
  node.bytes.fill(std::byte{number});
  return node;
}

}  // namespace mesh
