// Which address a node tells others to reach it at: what the operator says, or what can be found
// out.
#pragma once

#include "base/endpoint.h"
#include "base/result.h"

#include <optional>
#include <string>

namespace node {

// `bound` itself, unless it is 0.0.0.0 or ::. Then the address that the system would use towards
// `seed`; without a seed the first address of a network interface that is up; else loopback.
[[nodiscard]] base::Endpoint advertised_endpoint(const base::Endpoint& bound,
                                                 const std::optional<base::Endpoint>& seed);

// What the operator gave as HOST:PORT, looked up if it is a name: this may take as long as the
// system's lookup, so it is for the start only. The error is one line for people.
[[nodiscard]] base::Result<base::Endpoint, std::string> given_endpoint(
    const std::string& host_and_port);

}  // namespace node
