#include "cli/shared_options.h"
#include "cli/verbs.h"
#include "crypto/identity.h"
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
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
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

std::string folder_of(const InitOptions& options, std::size_t number) {
  return options.data + "/validator-" + std::to_string(number);
}

// The public key in that folder, or of what has none yet a stand-in, another one for each number.
base::Result<base::NodeId, std::string> foreseen_key(const std::string& folder,
                                                     storage::KeyKind kind, std::size_t number) {
  std::error_code error;
  if (!std::filesystem::exists(storage::key_path(folder, kind), error)) {
    base::NodeId out;
    out.bytes.back() = static_cast<std::byte>(number);
    return out;
  }
  const auto seed = storage::load_key(folder, kind);
  if (!seed) return base::Unexpected{seed.error().text()};
  return crypto::Identity::from_seed(*seed).id();
}

// What made_validators() will give, but for keys that are still to be made; leaves nothing behind.
base::Result<std::vector<std::string>, std::string> foreseen_validators(
    const InitOptions& options) {
  std::vector<std::string> out;
  for (std::size_t i = 1; i <= options.founded; ++i) {
    const std::string folder = folder_of(options, i);
    if (const auto usable = storage::DataDirectory::look_at(folder); !usable) {
      return base::Unexpected{usable.error().text()};
    }
    const auto id = foreseen_key(folder, storage::KeyKind::identity, i);
    if (!id) return base::Unexpected{id.error()};
    const auto vote_key = foreseen_key(folder, storage::KeyKind::voter, i);
    if (!vote_key) return base::Unexpected{vote_key.error()};
    out.push_back(
        storage::Validator{*id, *storage::VoteKey::from_view(vote_key->view())}.to_string());
  }
  return out;
}

// Keys for so many validators, each in a folder of its own; keys that are there stay.
base::Result<std::vector<std::string>, std::string> made_validators(Console& console,
                                                                    const InitOptions& options) {
  std::vector<std::string> out;
  for (std::size_t i = 1; i <= options.founded; ++i) {
    const std::string folder = folder_of(options, i);
    const auto directory = storage::DataDirectory::open(folder);
    if (!directory) return base::Unexpected{directory.error().text()};
    const auto validator = storage::load_or_create_validator(folder);
    if (!validator) return base::Unexpected{validator.error().text()};
    console.err << folder << ": " << validator->id.hex() << "\n";
    out.push_back(validator->to_string());
  }
  return out;
}

int init(Console& console, const InitOptions& options) {
  const auto admission = ledger::admission_named(options.admission);
  if (!admission) {
    return fail_usage(console,
                      "--admission: \"" + options.admission + "\" is not open, invitation or vote");
  }
  if (options.founded > 0 && options.data.empty()) {
    return fail_usage(console, "--validators makes keys; --data DIR says where");
  }
  if (options.founded == 0 && options.validators.empty()) {
    return fail_usage(console,
                      "a mesh has at least one validator: --validator STRING (parley keygen), or "
                      "--validators COUNT --data DIR");
  }
  const std::string created = now_in_rfc3339();
  const auto with = [&](const std::vector<std::string>& founded) {
    std::vector<std::string> all = options.validators;
    all.insert(all.end(), founded.begin(), founded.end());
    return node::make_genesis(options.name, all, created, *admission);
  };
  // Whoever is refused finds no keys that no mesh has.
  const auto foreseen = foreseen_validators(options);
  if (!foreseen) return fail(console, foreseen.error());
  if (const auto judged = with(*foreseen); !judged) return fail_usage(console, judged.error());
  const auto made = made_validators(console, options);
  if (!made) return fail(console, made.error());
  const auto genesis = with(*made);
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
