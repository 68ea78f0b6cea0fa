// Host names become endpoints without blocking the loop. Numbers and `localhost` need no lookup;
// the others are looked up by the system on threads of this resolver, one for each of
// `running_max` names at once, and remembered for `kept_for`. The system's lookup cannot be
// stopped: whoever waits for longer than its timeout is told so, while the thread goes on, and its
// answer is there for who asks next. Users whose names must not wait for each other's have a
// resolver each.
//
// All functions are called on the loop's thread.
#pragma once

#include "base/endpoint.h"
#include "base/result.h"
#include "base/time.h"

#include <asio/awaitable.hpp>
#include <asio/io_context.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

namespace transport {

struct ResolverOptions {
  std::size_t running_max = 2;  // lookups at once; further ones wait
  std::size_t names_max = 256;  // remembered, running or waiting; beyond: not looked up
  base::Duration kept_for = std::chrono::seconds(30);
};

class Resolver {
 public:
  using Endpoints = std::vector<base::Endpoint>;
  using Resolved = base::Result<Endpoints, std::error_code>;
  // Blocks, on a thread of its own; all addresses in the system's order.
  using LookUp = std::function<Resolved(const std::string& host, std::uint16_t port)>;

  Resolver(asio::io_context& loop, ResolverOptions options);
  Resolver(asio::io_context& loop, ResolverOptions options, LookUp look_up);  // for tests
  ~Resolver();  // whoever still waits is told timed_out in time; does not wait for lookups
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // All addresses of the host, at least one. Runs on the loop.
  [[nodiscard]] asio::awaitable<Resolved> resolve(std::string host, std::uint16_t port,
                                                  base::Duration timeout);
  // "host:port", "1.2.3.4:80", "[::1]:80".
  [[nodiscard]] asio::awaitable<Resolved> resolve(std::string host_and_port,
                                                  base::Duration timeout);
  // What was found does not answer: the next resolve() looks it up again.
  void forget(const std::string& host, std::uint16_t port);

 private:
  class Lookups;
  std::shared_ptr<Lookups> lookups_;  // owners: this, coroutines that wait, threads that look up
};

}  // namespace transport
