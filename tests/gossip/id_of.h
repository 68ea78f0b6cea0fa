// Nodes of tests by number. For tests only.
#pragma once

#include "base/ids.h"

#include <cstddef>

namespace gossip {

// Different for each `number` below 65,536.
inline base::NodeId id_of(int number) {
  base::NodeId id;
  id.bytes[0] = std::byte(number & 0xff);
  id.bytes[31] = std::byte(number >> 8);
  return id;
}

}  // namespace gossip
