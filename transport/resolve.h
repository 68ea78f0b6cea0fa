// Host names become endpoints without blocking the loop. Numbers are answered without a lookup.
#pragma once

#include "base/endpoint.h"
#include "base/result.h"
#include "base/time.h"

#include <asio/awaitable.hpp>

#include <cstdint>
#include <string>
#include <system_error>
#include <vector>

namespace transport {

// All addresses of the host in the resolver's order, at least one.
[[nodiscard]] asio::awaitable<base::Result<std::vector<base::Endpoint>, std::error_code>> resolve(
    std::string host, std::uint16_t port, base::Duration timeout);
// "host:port", "1.2.3.4:80", "[::1]:80".
[[nodiscard]] asio::awaitable<base::Result<std::vector<base::Endpoint>, std::error_code>> resolve(
    std::string host_and_port, base::Duration timeout);

}  // namespace transport
