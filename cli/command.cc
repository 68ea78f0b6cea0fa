#include "cli/command.h"

#include "cli/api_client.h"
#include "cli/shared_options.h"

#include <nlohmann/json.hpp>

namespace cli {

void add_command_options(CLI::App& verb, CommandOptions& options) {
  add_api_option(verb, options.api);
  add_format_option(verb, options.format);
}

int send_command(Console& console, const CommandOptions& options, const std::string& target,
                 const std::string& body) {
  const auto answer = post_json(options.api, target, body);
  if (!answer) return fail(console, answer.error());
  console.out << render_object(*answer, options.format) << std::flush;
  return exit_done;
}

}  // namespace cli
