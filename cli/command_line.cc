#include "cli/command_line.h"

#include "base/strings.h"
#include "cli/verbs.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <algorithm>
#include <optional>
#include <string_view>

namespace cli {
namespace {

// CLI11's own sentences, as one line with the way to the help behind it.
std::string usage_error(const CLI::App& app, const CLI::ParseError& error) {
  std::string verb;
  for (const CLI::App* at = &app; !at->get_subcommands().empty();) {
    at = at->get_subcommands().front();
    verb += " " + at->get_name();
  }
  return std::string(error.what()) + "; see `parley" + verb + " --help`";
}

// Nothing if there is a verb, or an option, wherever there has to be a verb.
std::optional<std::string> unknown_verb(const CLI::App& app,
                                        const std::vector<std::string>& arguments) {
  const CLI::App* at = &app;
  std::string before;
  for (const std::string& word : arguments) {
    if (at->get_require_subcommand_min() == 0 || word.starts_with('-')) return std::nullopt;
    const std::vector<const CLI::App*> verbs = at->get_subcommands({});
    const auto named = std::ranges::find(verbs, word, &CLI::App::get_name);
    if (named == verbs.end()) {
      std::vector<std::string_view> names;
      for (const CLI::App* verb : verbs) names.emplace_back(verb->get_name());
      const auto nearest = base::nearest_word(word, names);
      return "there is no verb " + before + word + "; " +
             (nearest ? "did you mean " + std::string(*nearest) + "?"
                      : "see `parley " + before + "--help`");
    }
    at = *named;
    before += word + " ";
  }
  return std::nullopt;
}

}  // namespace

int run(std::vector<std::string> arguments, Console& console) {
  CLI::App app("Parley: a mesh in which agents call each other by what they can do", "parley");
  app.footer(
      "Try it on two machines:\n"
      "  parley node --name a --agent http://127.0.0.1:9001 --capability text.summarize\n"
      "  parley node --name b --seed HOST_A:7400\n"
      "  parley call text.summarize --data 'a long text'");
  app.set_version_flag("--version", "parley " PARLEY_VERSION);
  app.require_subcommand(1);
  Action action;
  for (const auto add :
       {add_node,         add_keygen, add_init,     add_check,    add_members, add_agents,
        add_capabilities, add_routes, add_breakers, add_deferred, add_call,    add_join,
        add_leave,        add_drain,  add_resume,   add_invite,   add_propose, add_decisions,
        add_verify,       add_sim,    add_bench}) {
    add(app, action);
  }
  if (const auto sentence = unknown_verb(app, arguments)) return fail_usage(console, *sentence);
  std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the back
  try {
    app.parse(std::move(arguments));
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() != 0) return fail_usage(console, usage_error(app, error));
    app.exit(error, console.out, console.err);  // --help and --version
    console.out.flush();
    return exit_done;
  }
  return action(console);
}

}  // namespace cli
