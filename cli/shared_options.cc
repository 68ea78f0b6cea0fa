#include "cli/shared_options.h"

#include "base/strings.h"
#include "cli/http_client.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <CLI/Option.hpp>
#include <CLI/Validators.hpp>

#include <map>

namespace cli {

void add_format_option(CLI::App& verb, Format& format) {
  const std::map<std::string, Format> formats{
      {"table", Format::table}, {"json", Format::json}, {"yaml", Format::yaml}};
  verb.add_option_function<std::string>(
          "-o,--output", [&format, formats](const std::string& name) { format = formats.at(name); },
          "table, json or yaml")
      ->check(CLI::IsMember({"table", "json", "yaml"}))
      ->type_name("FORMAT");
}

void add_api_option(CLI::App& verb, std::string& api) {
  api = "127.0.0.1:7401";
  verb.add_option("--api", api, "The node's API [127.0.0.1:7401]")
      ->envname("PARLEY_API")
      ->type_name("IP:PORT")
      ->check([](const std::string& text) {
        return split_address(text) ? std::string() : "\"" + text + "\" is not of the form IP:PORT";
      });
}

CLI::Option* add_duration_option(CLI::App& verb, const std::string& name,
                                 std::optional<base::Duration>& duration,
                                 const std::string& description) {
  return verb
      .add_option_function<std::string>(
          name, [&duration](const std::string& text) { duration = base::parse_duration(text); },
          description)
      ->type_name("DURATION")
      ->check([](const std::string& text) {
        return base::parse_duration(text)
                   ? std::string()
                   : "\"" + text + "\" is not a duration such as 500ms, 30s or 10m";
      });
}

CLI::Option* add_count_option(CLI::App& verb, const std::string& name,
                              const std::function<void(std::uint64_t)>& take,
                              const std::string& description) {
  return verb
      .add_option_function<std::string>(
          name, [take](const std::string& text) { take(base::parse_unsigned(text).value_or(0)); },
          description)
      ->type_name("COUNT")
      ->check([](const std::string& text) {
        return base::parse_unsigned(text) ? std::string()
                                          : "\"" + text + "\" is not a whole number from 0 up";
      });
}

}  // namespace cli
