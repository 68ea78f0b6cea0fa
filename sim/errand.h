// What a simulated call is about, as it travels in the target of its requests: which of the
// scenario's calls it belongs to, how many capabilities further it goes, and how hard it is.
#pragma once

#include "base/strings.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace sim {

struct Errand {
  std::uint32_t call = 0;
  std::uint32_t further = 0;  // agents that it goes on to after this one
  bool hard = false;

  [[nodiscard]] std::string target() const {
    std::string text = "/item?call=" + std::to_string(call);
    if (further > 0) text += "&further=" + std::to_string(further);
    if (hard) text += "&hard=1";
    return text;
  }
  [[nodiscard]] static Errand of(std::string_view target) {
    Errand errand;
    const std::size_t query = target.find('?');
    if (query == std::string_view::npos) return errand;
    for (const std::string_view field : base::split(target.substr(query + 1), '&')) {
      const std::size_t equals = field.find('=');
      if (equals == std::string_view::npos) continue;
      const std::string_view name = field.substr(0, equals);
      const auto value =
          static_cast<std::uint32_t>(base::parse_unsigned(field.substr(equals + 1)).value_or(0));
      if (name == "call") errand.call = value;
      if (name == "further") errand.further = value;
      if (name == "hard") errand.hard = value != 0;
    }
    return errand;
  }
};

// What an agent answers that did its work, and what its declared check (an OutputCheck) looks for.
inline constexpr std::string_view injected_output = R"({"text":"injected"})";
inline constexpr std::string_view good_output = R"({"result":"done"})";
inline constexpr std::string_view output_pattern = R"("result":")";

}  // namespace sim
