#include "cli/api_client.h"
#include "cli/http_client.h"
#include "cli/shared_options.h"
#include "cli/verbs.h"
#include "cli/view.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <CLI/Option.hpp>
#include <nlohmann/json.hpp>

#include <fstream>
#include <memory>
#include <string>

namespace cli {
namespace {

struct ShowOptions {
  std::string api;
  Format format = Format::table;
  std::string id;
  std::string proof;  // a file to write
};

int show(Console& console, const ShowOptions& options) {
  const auto decision = get_json(options.api, "/v1/decisions/" + options.id);
  if (!options.proof.empty()) {
    const auto answer = http_request(
        options.api,
        {.method = "GET", .target = "/v1/proofs/" + options.id, .headers = {}, .body = {}});
    if (!answer) return fail(console, unreachable(options.api, answer.error()));
    if (answer->head.status != 200) {
      return fail(console, problem_sentence(answer->head.status, answer->body));
    }
    std::ofstream file(options.proof, std::ios::binary);
    file << answer->body;
    if (!file.flush()) return fail(console, "cannot write the proof to " + options.proof);
    // What the node does not remember any more, its archive still proves.
    if (!decision) return exit_done;
  }
  if (!decision) return fail(console, decision.error());
  console.out << render_object(*decision, options.format) << std::flush;
  return exit_done;
}

}  // namespace

void add_decisions(CLI::App& app, Action& action) {
  auto listing = std::make_shared<ViewOptions>();  // owned by the callback below
  CLI::App* verb = app.add_subcommand("decisions", "What the mesh decided, the newest first");
  verb->footer("Example:\n  parley decisions --watch");
  add_view_options(*verb, *listing);
  auto options = std::make_shared<ShowOptions>();  // owned by the callback below
  CLI::App* part = verb->add_subcommand("show", "One decision, and a file that proves it");
  part->footer("Example:\n  parley decisions show ID --proof decision.json");
  part->add_option("id", options->id, "Of the decision")->required();
  part->add_option("--proof", options->proof, "Write it with its certificate to this file");
  add_api_option(*part, options->api);
  add_format_option(*part, options->format);
  part->callback([options, &action] {
    action = [options](Console& console) { return show(console, *options); };
  });
  verb->callback([listing, part, &action] {
    if (part->parsed()) return;  // its own callback came before
    action = [listing](Console& console) {
      const View view{.target = "/v1/decisions",
                      .columns = {{"HEIGHT", "height"},
                                  {"KIND", "kind"},
                                  {"AUTHOR", "author", 16},
                                  {"EPOCH", "epoch"},
                                  {"ID", "id"}},
                      .identity = {"id"}};
      return show_view(console, view, *listing);
    };
  });
}

}  // namespace cli
