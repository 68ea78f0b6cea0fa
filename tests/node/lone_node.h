// The options of a kernel that is alone in its mesh. For tests only.
#pragma once

#include "base/endpoint.h"
#include "node/kernel/kernel.h"

namespace node {

inline kernel::Options alone() {
  kernel::Options options;
  options.name = "anna";
  options.advertise = base::Endpoint::v4({127, 0, 0, 1}, 7400);
  return options;
}

}  // namespace node
