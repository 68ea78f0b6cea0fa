// Options that many verbs share, said and read the same way everywhere.
#pragma once

#include "base/time.h"
#include "cli/report.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace cli {

// -o table|json|yaml
void add_format_option(CLI::App& verb, Format& format);
// --api IP:PORT, or PARLEY_API
void add_api_option(CLI::App& verb, std::string& api);
// A duration such as 500ms or 2s; wrong usage if it is none.
CLI::Option* add_duration_option(CLI::App& verb, const std::string& name,
                                 std::optional<base::Duration>& duration,
                                 const std::string& description);
// A whole number in digits: CLI11 by itself takes -1 for 2^64 - 1, and 010 for 8.
CLI::Option* add_count_option(CLI::App& verb, const std::string& name,
                              const std::function<void(std::uint64_t)>& take,
                              const std::string& description);

}  // namespace cli
