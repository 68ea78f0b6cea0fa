#include "cli/node_flags.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <CLI/Option.hpp>

#include <string>
#include <vector>

namespace cli {
namespace {

struct Flag {
  const char* name;
  const char* value;
  const char* description;
  bool repeatable = false;
};

constexpr Flag known[] = {
    {"config", "FILE", "Configuration in YAML, watched for changes"},
    {"name", "NAME", "What people call this node"},
    {"data", "DIR", "Keys and what the node remembers [./data]"},
    {"mesh", "IP:PORT", "Where other nodes reach it, UDP and TCP [0.0.0.0:7400]"},
    {"advertise", "HOST:PORT", "What to tell others instead of --mesh"},
    {"api", "IP:PORT", "Where agents and verbs reach it [127.0.0.1:7401]"},
    {"seed", "HOST:PORT", "Mesh address of any member; repeatable", true},
    {"genesis", "FILE", "The mesh to be in [an open one named default]"},
    {"invitation", "STRING", "What a member's `parley invite` printed"},
    {"agent", "URL", "The agent beside this node"},
    {"capability", "NAME", "What that agent can do; repeatable", true},
    {"log", "text|json", "Form of the log on stderr [text]"},
    {"log-level", "LEVEL", "debug, info, warning or error [info]"},
};

}  // namespace

void add_node_flags(CLI::App& verb, node::Flags& flags) {
  for (const Flag& flag : known) {
    const auto keep = [&flags,
                       name = std::string(flag.name)](const std::vector<std::string>& values) {
      flags[name] = values;
      return true;
    };
    CLI::Option* option = verb.add_option(std::string("--") + flag.name, keep, flag.description)
                              ->type_name(flag.value)
                              ->type_size(1);
    if (flag.repeatable) {
      option->expected(1)->take_all();
    } else {
      option->expected(1);
    }
  }
}

int fail_config(Console& console, const node::ConfigErrors& errors) {
  for (const node::ConfigError& error : errors) fail_usage(console, error.text());
  return exit_usage;
}

}  // namespace cli
