#include "cli/shared_options.h"
#include "cli/verbs.h"
#include "storage/data_directory.h"
#include "storage/key_file.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <CLI/Option.hpp>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <memory>
#include <system_error>

namespace cli {
namespace {

struct KeygenOptions {
  Format format = Format::table;
  std::string data;
};

int keygen(Console& console, const KeygenOptions& options) {
  std::error_code error;
  const bool directory_there = std::filesystem::exists(options.data, error);
  const std::string key = storage::key_path(options.data, storage::KeyKind::identity);
  const bool key_there = std::filesystem::exists(key, error);
  if (!directory_there) {
    // Made as a node makes it. One that is there may belong to a running node, and that is no harm.
    const auto made = storage::DataDirectory::open(options.data);
    if (!made) return fail(console, made.error().text());
  }
  const auto validator = storage::load_or_create_validator(options.data);
  if (!validator) return fail(console, validator.error().text());
  const Json described{{"id", validator->id.hex()},
                       {"validator", validator->to_string()},
                       {"data", options.data},
                       {"created", !key_there}};
  console.out << render_object(described, options.format) << std::flush;
  return exit_done;
}

}  // namespace

void add_keygen(CLI::App& app, Action& action) {
  auto options = std::make_shared<KeygenOptions>();  // owned by the callback below
  CLI::App* verb = app.add_subcommand("keygen", "Make the identity of a node, or show it");
  verb->footer(
      "Keys that are there are never replaced. `validator` is what `parley init` takes.\n"
      "Example:\n  parley keygen --data ./data -o json");
  verb->add_option("--data", options->data, "The node's directory")->required()->type_name("DIR");
  add_format_option(*verb, options->format);
  verb->callback([options, &action] {
    action = [options](Console& console) { return keygen(console, *options); };
  });
}

}  // namespace cli
