#include "base/endpoint.h"

#include "base/strings.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

namespace base {

namespace {

constexpr std::array<std::uint8_t, 12> v4_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

}  // namespace

Endpoint Endpoint::v4(std::array<std::uint8_t, 4> address, std::uint16_t port) {
  Endpoint endpoint;
  std::copy(v4_prefix.begin(), v4_prefix.end(), endpoint.ip.begin());
  std::copy(address.begin(), address.end(), endpoint.ip.begin() + 12);
  endpoint.port = port;
  return endpoint;
}

std::optional<Endpoint> Endpoint::parse(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::optional<std::uint64_t> port = parse_unsigned(text.substr(colon + 1));
  if (!port || *port > 65535) return std::nullopt;
  std::string host(text.substr(0, colon));

  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
    Endpoint endpoint;
    if (inet_pton(AF_INET6, host.c_str(), endpoint.ip.data()) != 1) return std::nullopt;
    endpoint.port = static_cast<std::uint16_t>(*port);
    return endpoint;
  }
  std::array<std::uint8_t, 4> address{};
  if (inet_pton(AF_INET, host.c_str(), address.data()) != 1) return std::nullopt;
  return v4(address, static_cast<std::uint16_t>(*port));
}

bool Endpoint::is_v4() const {
  return std::equal(v4_prefix.begin(), v4_prefix.end(), ip.begin());
}

bool Endpoint::is_unspecified() const {
  const auto start = is_v4() ? ip.begin() + 12 : ip.begin();
  return std::all_of(start, ip.end(), [](std::uint8_t b) { return b == 0; });
}

bool Endpoint::is_loopback() const {
  if (is_v4()) return ip[12] == 127;
  return std::all_of(ip.begin(), ip.end() - 1, [](std::uint8_t b) { return b == 0; }) &&
         ip[15] == 1;
}

std::string Endpoint::to_string() const {
  char text[INET6_ADDRSTRLEN] = {};
  if (is_v4()) {
    inet_ntop(AF_INET, ip.data() + 12, text, sizeof text);
    return std::string(text) + ":" + std::to_string(port);
  }
  inet_ntop(AF_INET6, ip.data(), text, sizeof text);
  return "[" + std::string(text) + "]:" + std::to_string(port);
}

}  // namespace base
