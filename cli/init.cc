#include "cli/shared_options.h"
#include "cli/verbs.h"
#include "node/genesis.h"
#include "storage/data_directory.h"
#include "storage/key_file.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <CLI/Option.hpp>
#include <CLI/Validators.hpp>
#include <nlohmann/json.hpp>

#include <array>
#include <cstddef>
#include <ctime>
#include <memory>
#include <string>
#include <vector>

namespace cli {
namespace {

struct InitOptions {
  Format format = Format::json;
  std::string name;
  std::vector<std::string> validators;
  std::size_t founded = 0;  // validators whose keys are made here
  std::string data;         // where
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

// Keys for so many validators, each in a folder of its own; keys that are there stay.
base::Result<std::vector<std::string>, std::string> made_validators(Console& console,
                                                                    const InitOptions& options) {
  std::vector<std::string> out;
  for (std::size_t i = 1; i <= options.founded; ++i) {
    const std::string folder = options.data + "/validator-" + std::to_string(i);
    const auto directory = storage::DataDirectory::open(folder);
    if (!directory) return base::Unexpected{directory.error().text()};
    const auto validator = storage::load_or_create_validator(folder);
    if (!validator) return base::Unexpected{validator.error().text()};
    console.err << folder << ": " << validator->id.hex() << "\n";
    out.push_back(validator->to_string());
  }
  return out;
}

int init(Console& console, InitOptions options) {
  const auto admission = ledger::admission_named(options.admission);
  if (!admission) {
    return fail_usage(console,
                      "--admission: \"" + options.admission + "\" is not open, invitation or vote");
  }
  if (options.founded > 0) {
    if (options.data.empty()) {
      return fail_usage(console, "--validators makes keys; --data DIR says where");
    }
    auto made = made_validators(console, options);
    if (!made) return fail(console, made.error());
    options.validators.insert(options.validators.end(), made->begin(), made->end());
  }
  if (options.validators.empty()) {
    return fail_usage(console,
                      "a mesh has at least one validator: --validator STRING (parley keygen), or "
                      "--validators COUNT --data DIR");
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
      "jq -r .validator)\" > genesis.json\n"
      "All on one machine, to try it:\n"
      "  parley init --name shop --validators 4 --data ./shop > genesis.json\n"
      "  parley node --genesis genesis.json --data ./shop/validator-1 ...");
  verb->add_option("--name", options->name, "What people call the mesh")->required();
  verb->add_option("--validator", options->validators, "From `parley keygen`; repeatable")
      ->type_name("STRING...");
  auto* founded =
      verb->add_option("--validators", options->founded,
                       "Make the keys of so many validators, in DIR/validator-1 and so on")
          ->check(CLI::Range(1, 64));
  verb->add_option("--data", options->data, "Where, with --validators")
      ->type_name("DIR")
      ->needs(founded);
  verb->add_option("--admission", options->admission,
                   "Who gets in: open (whoever was not put out), invitation (of a member) or vote")
      ->type_name("MODE");
  add_format_option(*verb, options->format);
  verb->callback([options, &action] {
    action = [options](Console& console) { return init(console, *options); };
  });
}

}  // namespace cli
