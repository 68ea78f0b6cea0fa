#include "cli/shared_options.h"
#include "cli/verbs.h"
#include "node/genesis.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <CLI/Option.hpp>
#include <nlohmann/json.hpp>

#include <array>
#include <ctime>
#include <memory>

namespace cli {
namespace {

struct InitOptions {
  Format format = Format::json;
  std::string name;
  std::vector<std::string> validators;
  std::string admission = "open";
};

std::string now_in_rfc3339() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::array<char, 32> text{};
  const std::size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return {text.data(), length};
}

int init(Console& console, const InitOptions& options) {
  const auto admission = ledger::admission_named(options.admission);
  if (!admission) {
    return fail_usage(console,
                      "--admission: \"" + options.admission + "\" is not open, invitation or vote");
  }
  const auto genesis =
      node::make_genesis(options.name, options.validators, now_in_rfc3339(), *admission);
  if (!genesis) return fail_usage(console, genesis.error());
  // The exact bytes of the file are what the mesh is known by, so they are printed as they are.
  const bool yaml = options.format == Format::yaml;
  console.out << (yaml ? to_yaml(Json::parse(genesis->document, nullptr, false))
                       : genesis->document)
              << std::flush;
  return exit_done;
}

}  // namespace

void add_init(CLI::App& app, Action& action) {
  auto options = std::make_shared<InitOptions>();  // owned by the callback below
  CLI::App* verb = app.add_subcommand("init", "Make a mesh: print its genesis file");
  verb->footer(
      "Every node of the mesh gets the same file, byte for byte: --genesis FILE.\n"
      "Example:\n  parley init --name shop --validator \"$(parley keygen --data ./data -o json | "
      "jq -r .validator)\" > genesis.json");
  verb->add_option("--name", options->name, "What people call the mesh")->required();
  verb->add_option("--validator", options->validators, "From `parley keygen`; repeatable")
      ->required()
      ->type_name("STRING...");
  verb->add_option("--admission", options->admission,
                   "Who gets in: open (whoever was not put out), invitation (of a member) or vote")
      ->type_name("MODE");
  add_format_option(*verb, options->format);
  verb->callback([options, &action] {
    action = [options](Console& console) { return init(console, *options); };
  });
}

}  // namespace cli
