#include "node/advertise.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace node {

namespace {

std::optional<base::Endpoint> from_v4(const sockaddr_in& address, std::uint16_t port) {
  std::array<std::uint8_t, 4> octets{};
  std::memcpy(octets.data(), &address.sin_addr, octets.size());
  const base::Endpoint endpoint = base::Endpoint::v4(octets, port);
  if (endpoint.is_unspecified()) return std::nullopt;
  return endpoint;
}

// connect() on a UDP socket sends nothing; it only makes the system choose the local address.
std::optional<base::Endpoint> towards(const base::Endpoint& seed, std::uint16_t port) {
  if (!seed.is_v4()) return std::nullopt;
  const int handle = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (handle < 0) return std::nullopt;
  sockaddr_in there{};
  there.sin_family = AF_INET;
  there.sin_port = htons(seed.port);
  std::memcpy(&there.sin_addr, seed.ip.data() + 12, 4);
  sockaddr_in here{};
  socklen_t size = sizeof here;
  std::optional<base::Endpoint> endpoint;
  if (::connect(handle, reinterpret_cast<const sockaddr*>(&there), sizeof there) == 0 &&
      ::getsockname(handle, reinterpret_cast<sockaddr*>(&here), &size) == 0) {
    endpoint = from_v4(here, port);
  }
  ::close(handle);
  return endpoint;
}

std::optional<base::Endpoint> first_interface(std::uint16_t port) {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return std::nullopt;
  std::optional<base::Endpoint> endpoint;
  for (const ifaddrs* at = list; at != nullptr && !endpoint; at = at->ifa_next) {
    if (at->ifa_addr == nullptr || at->ifa_addr->sa_family != AF_INET) continue;
    if ((at->ifa_flags & IFF_UP) == 0 || (at->ifa_flags & IFF_LOOPBACK) != 0) continue;
    sockaddr_in address{};
    std::memcpy(&address, at->ifa_addr, sizeof address);
    endpoint = from_v4(address, port);
  }
  ::freeifaddrs(list);
  return endpoint;
}

std::optional<base::Endpoint> look_up(const std::string& host, const std::string& port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), port.c_str(), &hints, &found) != 0) return std::nullopt;
  std::optional<base::Endpoint> out;
  for (const addrinfo* at = found; at != nullptr && !out; at = at->ai_next) {
    std::array<char, NI_MAXHOST> address{};
    if (::getnameinfo(at->ai_addr, at->ai_addrlen, address.data(), address.size(), nullptr, 0,
                      NI_NUMERICHOST) != 0) {
      continue;
    }
    const std::string numbers(address.data());
    const bool v6 = numbers.find(':') != std::string::npos;
    out = base::Endpoint::parse((v6 ? "[" + numbers + "]" : numbers) + ":" + port);
  }
  ::freeaddrinfo(found);
  return out;
}

}  // namespace

base::Result<base::Endpoint, std::string> given_endpoint(const std::string& host_and_port) {
  if (const auto endpoint = base::Endpoint::parse(host_and_port)) return *endpoint;
  const std::size_t colon = host_and_port.rfind(':');
  if (colon == std::string::npos) return base::Unexpected{host_and_port + " is no HOST:PORT"};
  const std::string host = host_and_port.substr(0, colon);
  const auto endpoint = look_up(host, host_and_port.substr(colon + 1));
  if (!endpoint || endpoint->is_unspecified()) {
    return base::Unexpected{"cannot find an address of " + host +
                            " to advertise; look at the name server, or write it as numbers"};
  }
  return *endpoint;
}

base::Endpoint advertised_endpoint(const base::Endpoint& bound,
                                   const std::optional<base::Endpoint>& seed) {
  if (!bound.is_unspecified()) return bound;
  if (seed) {
    if (const auto endpoint = towards(*seed, bound.port)) return *endpoint;
  }
  if (const auto endpoint = first_interface(bound.port)) return *endpoint;
  return base::Endpoint::v4({127, 0, 0, 1}, bound.port);
}

}  // namespace node
