#include "node/advertise.h"

#include <ifaddrs.h>
#include <net/if.h>
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

}  // namespace

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
