#include "transport/resolve.h"

#include "base/strings.h"
#include "transport/byte_channel.h"
#include "transport/link_handshake.h"
#include "transport/time_limit.h"

#include <asio/experimental/as_tuple.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <utility>

namespace transport {
namespace {

using Endpoints = std::vector<base::Endpoint>;
using Resolved = base::Result<Endpoints, std::error_code>;

constexpr auto use_tuple = asio::experimental::as_tuple(asio::use_awaitable);

std::optional<base::Endpoint> parse_numbers(const std::string& host, std::uint16_t port) {
  const std::string text = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return base::Endpoint::parse(text + ":" + std::to_string(port));
}

}  // namespace

asio::awaitable<Resolved> resolve(std::string host, std::uint16_t port, base::Duration timeout) {
  if (const auto numbers = parse_numbers(host, port)) co_return Endpoints{*numbers};
  const auto executor = co_await asio::this_coro::executor;
  asio::ip::tcp::resolver resolver(executor);
  TimeLimit limit(executor, timeout, [&resolver] { resolver.cancel(); });
  const std::string service = std::to_string(port);
  const auto flags = asio::ip::resolver_base::numeric_service;
  auto [error, results] = co_await resolver.async_resolve(host, service, flags, use_tuple);
  if (limit.passed()) co_return base::Unexpected{std::make_error_code(std::errc::timed_out)};
  if (error) co_return base::Unexpected{to_standard(error)};
  Endpoints endpoints;
  for (const auto& entry : results) endpoints.push_back(from_asio(entry.endpoint()));
  if (endpoints.empty()) {
    co_return base::Unexpected{std::make_error_code(std::errc::address_not_available)};
  }
  co_return endpoints;
}

asio::awaitable<Resolved> resolve(std::string host_and_port, base::Duration timeout) {
  const std::size_t colon = host_and_port.rfind(':');
  const auto bad = std::make_error_code(std::errc::invalid_argument);
  if (colon == std::string::npos || colon == 0) co_return base::Unexpected{bad};
  const auto port = base::parse_unsigned(std::string_view(host_and_port).substr(colon + 1));
  if (!port || *port > 65535) co_return base::Unexpected{bad};
  std::string host = host_and_port.substr(0, colon);
  if (host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  co_return co_await resolve(std::move(host), static_cast<std::uint16_t>(*port), timeout);
}

}  // namespace transport
