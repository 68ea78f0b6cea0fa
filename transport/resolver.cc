#include "transport/resolver.h"

#include "base/strings.h"
#include "transport/steady_clock.h"
#include "transport/use_tuple.h"

#include <asio/error.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace transport {
namespace {

using Endpoints = Resolver::Endpoints;
using Resolved = Resolver::Resolved;
using Name = std::pair<std::string, std::uint16_t>;

base::Unexpected<std::error_code> error_of(std::errc error) {
  return base::Unexpected{std::make_error_code(error)};
}

// RFC 6761, 6.3: these names are always this machine.
bool is_localhost(const std::string& host) {
  std::string name = base::to_lower(host);
  if (name.ends_with('.')) name.pop_back();
  return name == "localhost" || name.ends_with(".localhost");
}

std::optional<Endpoints> without_lookup(const std::string& host, std::uint16_t port) {
  if (is_localhost(host)) {
    base::Endpoint v6;
    v6.ip.back() = 1;
    v6.port = port;
    return Endpoints{base::Endpoint::v4({127, 0, 0, 1}, port), v6};
  }
  const std::string text = host.find(':') == std::string::npos ? host : "[" + host + "]";
  const auto numbers = base::Endpoint::parse(text + ":" + std::to_string(port));
  if (!numbers) return std::nullopt;
  return Endpoints{*numbers};
}

std::error_code error_of_lookup(int error) {
  if (error == EAI_SYSTEM) return {errno, std::generic_category()};
  if (error == EAI_AGAIN) return asio::error::host_not_found_try_again;
  if (error == EAI_MEMORY) return std::make_error_code(std::errc::not_enough_memory);
  return asio::error::host_not_found;
}

std::optional<base::Endpoint> endpoint_of(const sockaddr& address, std::uint16_t port) {
  if (address.sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof v4);
    std::array<std::uint8_t, 4> bytes{};
    std::memcpy(bytes.data(), &v4.sin_addr, bytes.size());
    return base::Endpoint::v4(bytes, port);
  }
  if (address.sa_family != AF_INET6) return std::nullopt;
  sockaddr_in6 v6{};
  std::memcpy(&v6, &address, sizeof v6);
  base::Endpoint out;
  std::memcpy(out.ip.data(), &v6.sin6_addr, out.ip.size());
  out.port = port;
  return out;
}

Resolved ask_system(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* first = nullptr;
  if (const int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &first); error != 0) {
    return base::Unexpected{error_of_lookup(error)};
  }
  Endpoints endpoints;
  for (const addrinfo* at = first; at != nullptr; at = at->ai_next) {
    if (const auto endpoint = endpoint_of(*at->ai_addr, port)) endpoints.push_back(*endpoint);
  }
  ::freeaddrinfo(first);
  if (endpoints.empty()) return error_of(std::errc::address_not_available);
  return endpoints;
}

}  // namespace

class Resolver::Lookups : public std::enable_shared_from_this<Lookups> {
 public:
  // One coroutine that waits; its timer ends when there is an answer.
  struct Waiter {
    explicit Waiter(asio::io_context& loop, base::Duration timeout) : timer(loop, timeout) {}
    asio::steady_timer timer;
    std::optional<Resolved> answer;
  };

  Lookups(asio::io_context& loop, ResolverOptions options, LookUp look_up)
      : loop_(loop), options_(options), look_up_(std::move(look_up)), reachable_loop_(&loop) {}

  std::optional<Resolved> remembered(const Name& name);
  // False: there is no room for another name.
  [[nodiscard]] bool join(const Name& name, const std::shared_ptr<Waiter>& waiter);
  void forget(const Name& name);
  void close();
  asio::io_context& loop() { return loop_; }

 private:
  struct Entry {
    std::optional<Endpoints> found;
    base::Instant found_at;
    bool looking = false;  // running or waiting for its turn
    std::vector<std::shared_ptr<Waiter>> waiters;
  };

  void start_some();
  void start(const Name& name);
  void on_answer(const Name& name, Resolved answer);

  asio::io_context& loop_;
  const ResolverOptions options_;
  const LookUp look_up_;
  std::map<Name, Entry> entries_;
  std::deque<Name> queue_;
  std::size_t running_ = 0;

  std::mutex mutex_;                  // guards reachable_loop_
  asio::io_context* reachable_loop_;  // null: closed, what threads still find is of no use
};

std::optional<Resolved> Resolver::Lookups::remembered(const Name& name) {
  const auto entry = entries_.find(name);
  if (entry == entries_.end() || !entry->second.found) return std::nullopt;
  if (steady_now() - entry->second.found_at >= options_.kept_for) return std::nullopt;
  return *entry->second.found;
}

bool Resolver::Lookups::join(const Name& name, const std::shared_ptr<Waiter>& waiter) {
  if (!entries_.contains(name) && entries_.size() >= options_.names_max) {
    const auto idle = std::find_if(entries_.begin(), entries_.end(),
                                   [](const auto& entry) { return !entry.second.looking; });
    if (idle == entries_.end()) return false;
    entries_.erase(idle);
  }
  Entry& entry = entries_[name];
  // Those that timed out meanwhile are owned by nobody else.
  std::erase_if(entry.waiters, [](const auto& candidate) { return candidate.use_count() == 1; });
  entry.waiters.push_back(waiter);
  if (std::exchange(entry.looking, true)) return true;
  queue_.push_back(name);
  start_some();
  return true;
}

void Resolver::Lookups::forget(const Name& name) {
  const auto entry = entries_.find(name);
  if (entry != entries_.end()) entry->second.found.reset();
}

void Resolver::Lookups::start_some() {
  while (running_ < options_.running_max && !queue_.empty()) {
    const Name name = std::move(queue_.front());
    queue_.pop_front();
    ++running_;
    start(name);
  }
}

// Detached, since nobody can end a lookup of the system, and nobody should wait for it.
void Resolver::Lookups::start(const Name& name) {
  try {
    std::thread([self = shared_from_this(), name] {
      Resolved answer = self->look_up_(name.first, name.second);
      const std::lock_guard lock(self->mutex_);
      if (self->reachable_loop_ == nullptr) return;
      asio::post(*self->reachable_loop_, [self, name, answer = std::move(answer)]() mutable {
        self->on_answer(name, std::move(answer));
      });
    }).detach();
  } catch (const std::system_error& failure) {  // the system has no thread for it
    asio::post(loop_, [self = shared_from_this(), name, code = failure.code()] {
      self->on_answer(name, base::Unexpected{code});
    });
  }
}

void Resolver::Lookups::on_answer(const Name& name, Resolved answer) {
  const auto found = entries_.find(name);
  if (found == entries_.end()) return;  // closed meanwhile
  --running_;
  Entry& entry = found->second;
  entry.looking = false;
  entry.found.reset();
  if (answer) {
    entry.found = *answer;
    entry.found_at = steady_now();
  }
  for (const auto& waiter : std::exchange(entry.waiters, {})) {
    waiter->answer = answer;
    waiter->timer.cancel();
  }
  if (!entry.found) entries_.erase(found);
  start_some();
}

void Resolver::Lookups::close() {
  const std::lock_guard lock(mutex_);
  reachable_loop_ = nullptr;
  queue_.clear();
  entries_.clear();  // timers of the loop: a thread that outlives it must not hold them
}

Resolver::Resolver(asio::io_context& loop, ResolverOptions options)
    : Resolver(loop, options, ask_system) {}
Resolver::Resolver(asio::io_context& loop, ResolverOptions options, LookUp look_up)
    : lookups_(std::make_shared<Lookups>(loop, options, std::move(look_up))) {}
Resolver::~Resolver() {
  lookups_->close();
}

asio::awaitable<Resolved> Resolver::resolve(std::string host, std::uint16_t port,
                                            base::Duration timeout) {
  if (auto known = without_lookup(host, port)) co_return *std::move(known);
  const auto lookups = lookups_;  // this may go while it waits
  const Name name(std::move(host), port);
  if (auto known = lookups->remembered(name)) co_return *std::move(known);
  const auto waiter = std::make_shared<Lookups::Waiter>(lookups->loop(), timeout);
  if (!lookups->join(name, waiter)) {
    co_return error_of(std::errc::resource_unavailable_try_again);
  }
  co_await waiter->timer.async_wait(use_tuple);
  if (waiter->answer) co_return *std::move(waiter->answer);
  co_return error_of(std::errc::timed_out);
}

asio::awaitable<Resolved> Resolver::resolve(std::string host_and_port, base::Duration timeout) {
  const std::size_t colon = host_and_port.rfind(':');
  if (colon == std::string::npos || colon == 0) co_return error_of(std::errc::invalid_argument);
  const auto port = base::parse_unsigned(std::string_view(host_and_port).substr(colon + 1));
  if (!port || *port > 65535) co_return error_of(std::errc::invalid_argument);
  std::string host = host_and_port.substr(0, colon);
  if (host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  co_return co_await resolve(std::move(host), static_cast<std::uint16_t>(*port), timeout);
}

void Resolver::forget(const std::string& host, std::uint16_t port) {
  lookups_->forget({host, port});
}

}  // namespace transport
