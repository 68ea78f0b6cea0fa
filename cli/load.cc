#include "cli/load.h"

#include "cli/console.h"

#include <asio/awaitable.hpp>
#include <asio/buffer.hpp>
#include <asio/co_spawn.hpp>
#include <asio/connect.hpp>
#include <asio/experimental/as_tuple.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <exception>
#include <memory>

namespace cli {
namespace {

using Clock = std::chrono::steady_clock;
using asio::ip::tcp;
constexpr auto as_result = asio::experimental::as_tuple(asio::use_awaitable);

struct Connection {
  explicit Connection(asio::io_context& io) : socket(io), timer(io) {}

  tcp::socket socket;
  asio::steady_timer timer;  // of an open loop: when the next one is due
  Clock::time_point began;   // of the request under way
  Clock::time_point gives_up = Clock::time_point::max();  // the watchdog closes the socket then
};

class Load {
 public:
  explicit Load(const LoadOptions& options)
      : options_(options),
        bytes_(encode_head(options.request, options.address, true) + options.request.body),
        watchdog_(io_) {}

  LoadReport run() {
    const auto parts = split_address(options_.address);
    asio::error_code error = asio::error::invalid_argument;
    tcp::resolver resolver(io_);
    if (parts) endpoints_ = resolver.resolve(parts->first, parts->second, error);
    if (error) {
      report_.requests = 1;
      report_.errors["connection"] = 1;
      return std::move(report_);
    }
    started_ = Clock::now();
    for (std::uint32_t i = 0; i < std::max(options_.connections, 1U); ++i) {
      connections_.push_back(std::make_unique<Connection>(io_));
      ++running_;
      asio::co_spawn(io_, drive(*connections_.back()), [this](const std::exception_ptr& failure) {
        if (failure) ++report_.errors["internal"];
        if (--running_ == 0) watchdog_.cancel();
      });
    }
    asio::co_spawn(io_, watch(), [](const std::exception_ptr&) {});
    io_.run();
    report_.took = Clock::now() - started_;
    std::sort(report_.latencies.begin(), report_.latencies.end());
    return std::move(report_);
  }

 private:
  // When the next request is due; nothing: there is none.
  std::optional<Clock::time_point> take() {
    if (stopped_) return std::nullopt;
    if (options_.requests && taken_ >= *options_.requests) return std::nullopt;
    const auto now = Clock::now();
    auto due = now;
    if (options_.rate) {
      const std::chrono::duration<double> offset(static_cast<double>(taken_) / *options_.rate);
      due = started_ + std::chrono::duration_cast<Clock::duration>(offset);
    }
    const auto at = std::max(due, now);
    if (options_.duration && at - started_ >= *options_.duration) return std::nullopt;
    ++taken_;
    return due;
  }

  asio::awaitable<void> drive(Connection& connection) {
    while (const auto due = take()) {
      if (*due > Clock::now()) {
        connection.timer.expires_at(*due);
        co_await connection.timer.async_wait(as_result);
        if (stopped_) co_return;
      }
      connection.gives_up = Clock::now() + options_.answer_timeout;
      const std::string error = co_await exchange(connection);
      connection.gives_up = Clock::time_point::max();
      ++report_.requests;
      if (error.empty()) {
        const auto began = options_.rate ? *due : connection.began;
        report_.latencies.push_back(Clock::now() - began);
      } else {
        ++report_.errors[error];
      }
    }
    asio::error_code ignored;
    connection.socket.close(ignored);
  }

  // "" or the name of the error.
  asio::awaitable<std::string> exchange(Connection& connection) {
    connection.began = Clock::now();
    if (!connection.socket.is_open()) {
      const auto [error, endpoint] =
          co_await asio::async_connect(connection.socket, endpoints_, as_result);
      if (error) co_return drop(connection);
      asio::error_code ignored;
      connection.socket.set_option(tcp::no_delay(true), ignored);
    }
    const auto [write_error, written] =
        co_await asio::async_write(connection.socket, asio::buffer(bytes_), as_result);
    if (write_error) co_return drop(connection);
    ResponseParser::Sinks sinks;
    sinks.body = [this](std::string_view bytes) { report_.bytes += bytes.size(); };
    ResponseParser parser(std::move(sinks));
    std::array<char, 32 * 1024> buffer{};
    while (!parser.complete()) {
      const auto [error, size] =
          co_await connection.socket.async_read_some(asio::buffer(buffer), as_result);
      if (error ? !parser.finish() : !parser.feed(std::string_view(buffer.data(), size))) {
        co_return drop(connection);
      }
    }
    if (!parser.keeps_alive()) drop(connection);
    if (const auto code = parser.head().find("parley-error")) co_return std::string(*code);
    if (parser.head().status < 400) co_return std::string();
    co_return "http_" + std::to_string(parser.head().status);
  }

  static std::string drop(Connection& connection) {
    asio::error_code ignored;
    connection.socket.close(ignored);
    return "connection";
  }

  asio::awaitable<void> watch() {
    while (running_ > 0) {
      watchdog_.expires_after(std::chrono::milliseconds(100));
      co_await watchdog_.async_wait(as_result);
      const auto now = Clock::now();
      if (interrupted() && !stopped_) {
        stopped_ = true;
        for (const auto& connection : connections_) {
          connection->timer.cancel();
          connection->gives_up = now;
        }
      }
      for (const auto& connection : connections_) {
        if (connection->gives_up <= now) drop(*connection);
      }
      if (options_.progress) options_.progress(fraction(now), report_.requests);
    }
  }

  [[nodiscard]] double fraction(Clock::time_point now) const {
    double done = 0;
    if (options_.requests) {
      done = static_cast<double>(report_.requests) / static_cast<double>(*options_.requests);
    }
    if (options_.duration) {
      const std::chrono::duration<double> passed = now - started_;
      done = std::max(done, passed / std::chrono::duration<double>(*options_.duration));
    }
    return done;
  }

  const LoadOptions& options_;
  const std::string bytes_;  // of one request
  asio::io_context io_;
  asio::steady_timer watchdog_;
  tcp::resolver::results_type endpoints_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::uint32_t running_ = 0;  // connections not yet at their end
  std::uint64_t taken_ = 0;
  bool stopped_ = false;
  Clock::time_point started_;
  LoadReport report_;
};

}  // namespace

LoadReport run_load(const LoadOptions& options) {
  return Load(options).run();
}

base::Duration percentile(const std::vector<base::Duration>& ascending, double share) {
  if (ascending.empty()) return {};
  const double rank = std::ceil(share * static_cast<double>(ascending.size()));
  const auto index = static_cast<std::size_t>(std::max(rank, 1.0)) - 1;
  return ascending[std::min(index, ascending.size() - 1)];
}

}  // namespace cli
