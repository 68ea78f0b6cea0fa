#include "base/strings.h"
#include "cli/api_client.h"
#include "cli/console.h"
#include "cli/report.h"
#include "cli/shared_options.h"
#include "cli/verbs.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <CLI/Option.hpp>
#include <CLI/Validators.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto look_every = std::chrono::milliseconds(10);
constexpr auto wait_default = std::chrono::seconds(30);

struct ProposeOptions {
  std::string api;
  Format format = Format::table;
  std::optional<base::Duration> wait;
  Json body = Json::object();
  std::string value;  // JSON text, or @FILE
  std::string yaml;   // text, or @FILE
  std::string then;   // JSON text, or @FILE
};

// "@FILE" is what the file holds.
base::Result<std::string, std::string> text_or_file(const std::string& given) {
  if (!given.starts_with('@')) return given;
  std::ifstream file(given.substr(1), std::ios::binary);
  if (!file) return base::Unexpected{"cannot read " + given.substr(1)};
  return std::string{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

base::Result<void, std::string> read_texts(ProposeOptions& options) {
  if (!options.value.empty()) {
    const auto text = text_or_file(options.value);
    if (!text) return base::Unexpected{text.error()};
    Json value = Json::parse(*text, nullptr, false);
    if (value.is_discarded()) {
      return base::Unexpected{
          std::string("--value is no JSON; a text needs its quotes: '\"text\"'")};
    }
    options.body["value"] = std::move(value);
  }
  if (!options.then.empty()) {
    const auto text = text_or_file(options.then);
    if (!text) return base::Unexpected{text.error()};
    Json then = Json::parse(*text, nullptr, false);
    if (!then.is_object()) {
      return base::Unexpected{
          std::string("--then is no proposal: {\"kind\": ..., and what that needs}")};
    }
    options.body["then"] = std::move(then);
  }
  if (!options.yaml.empty()) {
    const auto text = text_or_file(options.yaml);
    if (!text) return base::Unexpected{text.error()};
    options.body["yaml"] = *text;
  }
  return {};
}

int propose(Console& console, ProposeOptions options) {
  if (auto read = read_texts(options); !read) return fail_usage(console, read.error());
  catch_interrupt();
  const auto taken = post_json(options.api, "/v1/proposals", options.body.dump());
  if (!taken) return fail(console, taken.error());
  const std::string id = taken->value("id", "");
  const auto deadline = Clock::now() + options.wait.value_or(wait_default);
  while (Clock::now() < deadline && !interrupted()) {
    const auto decided = get_json(options.api, "/v1/decisions/" + id);
    if (decided) {
      console.out << render_object(*decided, options.format) << std::flush;
      return exit_done;
    }
    std::this_thread::sleep_for(look_every);
  }
  return fail(console, "no certificate for " + id + " in " +
                           base::format_duration(options.wait.value_or(wait_default)) +
                           "; it may still come: parley decisions. Are enough validators up? See "
                           "parley members");
}

using Options = std::shared_ptr<ProposeOptions>;

void text_option(CLI::App& verb, const Options& options, const char* flag, const char* member,
                 const char* description, bool required = true) {
  auto* option = verb.add_option_function<std::string>(
      flag, [options, member](const std::string& text) { options->body[member] = text; },
      description);
  if (required) option->required();
}

CLI::App* add_kind(CLI::App& propose_verb, Action& action, const Options& options, const char* kind,
                   const char* description) {
  CLI::App* verb = propose_verb.add_subcommand(kind, description);
  add_api_option(*verb, options->api);
  add_format_option(*verb, options->format);
  add_duration_option(*verb, "--wait", options->wait, "For the certificate [30s]");
  verb->callback([options, kind = std::string(kind), &action] {
    options->body["kind"] = kind;
    action = [options](Console& console) { return propose(console, *options); };
  });
  return verb;
}

Options make_options() {
  return std::make_shared<ProposeOptions>();  // owned by the callbacks of its verb
}

void add_document(CLI::App& verbs, Action& action) {
  const Options options = make_options();
  CLI::App* verb = add_kind(verbs, action, options, "document", "A document of an application");
  text_option(*verb, options, "--key", "key", "Its key");
  verb->add_option("--value", options->value, "JSON, or @FILE")->required();
  verb->add_option_function<std::uint64_t>(
      "--expected", [options](std::uint64_t version) { options->body["expected"] = version; },
      "The version that must be there; 0: none");
}

void add_policy(CLI::App& verbs, Action& action) {
  const Options options = make_options();
  CLI::App* verb = add_kind(verbs, action, options, "policy", "A policy for every node");
  text_option(*verb, options, "--name", "name", "Its name");
  text_option(*verb, options, "--scope", "scope", "Capabilities, if the text has no match", false);
  verb->add_option("--yaml", options->yaml, "A block of `policies:`, or @FILE");
  verb->add_flag_callback(
      "--local-may-override", [options] { options->body["local_may_override"] = true; },
      "A node's own file wins");
  verb->add_flag_callback(
      "--remove", [options] { options->body["remove"] = true; }, "Take it away");
}

void add_member(CLI::App& verbs, Action& action) {
  const Options options = make_options();
  CLI::App* verb = add_kind(verbs, action, options, "member", "Who is in, and with which roles");
  text_option(*verb, options, "--action", "action", "join, leave, admit, roles, evict or revoke");
  text_option(*verb, options, "--node", "node", "Its id", false);
  text_option(*verb, options, "--reason", "reason", "For people", false);
  verb->add_option_function<std::vector<std::string>>(
      "--role",
      [options](const std::vector<std::string>& roles) { options->body["roles"] = roles; },
      "With admit and roles; may be given again");
  const Options evict = make_options();
  CLI::App* shortcut = add_kind(verbs, action, evict, "evict", "Puts a member out");
  text_option(*shortcut, evict, "--node", "node", "Its id");
  text_option(*shortcut, evict, "--reason", "reason", "For people");
  text_option(*shortcut, evict, "--evidence", "evidence",
              "Id of the decision that shows why (parley decisions)", false);
  shortcut->callback([evict, &action] {
    evict->body["kind"] = "member";
    evict->body["action"] = "evict";
    action = [evict](Console& console) { return propose(console, *evict); };
  });
}

void add_committee(CLI::App& verbs, Action& action) {
  const Options options = make_options();
  CLI::App* verb =
      add_kind(verbs, action, options, "committee", "Who decides: seats of validators");
  const auto list = [&](const char* flag, const char* member, const char* help) {
    verb->add_option_function<std::vector<std::string>>(
            flag,
            [options, member](const std::vector<std::string>& values) {
              options->body[member] = values;
            },
            help)
        ->expected(1, 64);
  };
  const auto count = [&](const char* flag, const char* member, const char* help) {
    verb->add_option_function<std::uint64_t>(
        flag, [options, member](std::uint64_t value) { options->body[member] = value; }, help);
  };
  list("--add", "add", "What `parley keygen` calls validator, pv1:...; may be given again");
  list("--remove", "remove", "Ids of nodes whose seats go; may be given again");
  count("--block-bytes", "block_bytes_max", "Ops of a block, in bytes (131072 to 1048576)");
  count("--block-ops", "block_ops_max", "Ops of a block (1 to 1024)");
  verb->footer(
      "Who is new must run, be admitted, and hold the state: it is asked before anything is "
      "proposed.\nOf n seats at most max(1, (n-1)/3) may change at once.\n"
      "Example:\n  parley propose committee --add pv1:... --remove ID");
}

void add_ballot(CLI::App& verbs, Action& action) {
  const Options options = make_options();
  CLI::App* verb = add_kind(verbs, action, options, "ballot", "A question to be voted on");
  text_option(*verb, options, "--question", "question", "For people");
  text_option(*verb, options, "--role", "role", "Whose holders may vote", false);
  verb->add_option_function<std::vector<std::string>>(
      "--voter",
      [options](const std::vector<std::string>& voters) { options->body["voters"] = voters; },
      "Ids of those who may vote; may be given again");
  verb->add_option_function<std::uint64_t>(
      "--agree", [options](std::uint64_t count) { options->body["agree"] = count; },
      "How many must agree [1]");
  verb->add_option("--then", options->then,
                   "What takes place if enough agree: a proposal as JSON, or @FILE");
  const Options vote = make_options();
  CLI::App* cast = add_kind(verbs, action, vote, "vote", "This node's vote on a ballot");
  text_option(*cast, vote, "--ballot", "ballot", "Its id (parley decisions)");
  text_option(*cast, vote, "--choice", "choice", "agree or reject");
}

}  // namespace

void add_propose(CLI::App& app, Action& action) {
  CLI::App* verb =
      app.add_subcommand("propose", "Ask the validators to decide, and wait for the certificate");
  verb->footer(
      "Example:\n  parley propose document --key limits --value '{\"daily\": 100}' -o json");
  verb->require_subcommand(1);
  add_document(*verb, action);
  add_policy(*verb, action);
  add_member(*verb, action);
  add_committee(*verb, action);
  add_ballot(*verb, action);
}

}  // namespace cli
