#include "cli/api_client.h"
#include "cli/report.h"
#include "cli/shared_options.h"
#include "cli/verbs.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <CLI/Option.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace cli {
namespace {

struct InviteOptions {
  std::string api;
  Format format = Format::table;
  std::string node;
  std::optional<base::Duration> valid;
};

int invite(Console& console, const InviteOptions& options) {
  Json body = Json::object();
  if (!options.node.empty()) body["node"] = options.node;
  if (options.valid) {
    body["valid_ms"] =
        std::chrono::duration_cast<std::chrono::milliseconds>(*options.valid).count();
  }
  const auto text = body_text(body);
  if (!text) return fail_usage(console, text.error());
  const auto made = post_json(options.api, "/v1/invitations", *text);
  if (!made) return fail(console, made.error());
  // Alone, so that it can be given to --invitation as it is.
  if (options.format == Format::table) {
    console.out << text_in(*made, "invitation") << "\n" << std::flush;
  } else {
    console.out << render_object(*made, options.format) << std::flush;
  }
  return exit_done;
}

}  // namespace

void add_invite(CLI::App& app, Action& action) {
  auto options = std::make_shared<InviteOptions>();  // owned by the callback below
  CLI::App* verb = app.add_subcommand("invite", "Sign an invitation into a mesh by invitation");
  verb->footer(
      "Whoever was invited shows it at the door: parley node --invitation STRING.\n"
      "Example:\n  parley invite --node ID --valid 24h");
  verb->add_option("--node", options->node,
                   "For this id alone (parley keygen) [whoever shows it first]");
  add_duration_option(*verb, "--valid", options->valid, "For how long, below 30 days [24h]");
  add_api_option(*verb, options->api);
  add_format_option(*verb, options->format);
  verb->callback([options, &action] {
    action = [options](Console& console) { return invite(console, *options); };
  });
}

}  // namespace cli
