// Which address a node tells others to reach it at, when the operator does not say.
#pragma once

#include "base/endpoint.h"

#include <optional>

namespace node {

// `bound` itself, unless it is 0.0.0.0 or ::. Then the address that the system would use towards
// `seed`; without a seed the first address of a network interface that is up; else loopback.
[[nodiscard]] base::Endpoint advertised_endpoint(const base::Endpoint& bound,
                                                 const std::optional<base::Endpoint>& seed);

}  // namespace node
