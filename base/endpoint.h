// An IP address and a port. IPv4 is kept in its IPv6-mapped form, so that one type serves both.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace base {

struct Endpoint {
  std::array<std::uint8_t, 16> ip{};
  std::uint16_t port = 0;

  constexpr auto operator<=>(const Endpoint&) const = default;

  [[nodiscard]] static Endpoint v4(std::array<std::uint8_t, 4> address, std::uint16_t port);
  // "127.0.0.1:80" or "[::1]:80"; numbers only, names are resolved by the shell.
  [[nodiscard]] static std::optional<Endpoint> parse(std::string_view text);

  [[nodiscard]] bool is_v4() const;
  [[nodiscard]] bool is_unspecified() const;  // 0.0.0.0 or ::
  [[nodiscard]] bool is_loopback() const;     // 127.0.0.0/8 or ::1
  [[nodiscard]] std::string to_string() const;
};

}  // namespace base
