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

constexpr base::Duration answer_within = std::chrono::seconds(1);  // so that Ctrl-C is heeded
constexpr auto look_every = std::chrono::milliseconds(100);
constexpr auto wait_default = std::chrono::seconds(30);

constexpr const char* document_example = "--key limits --value '{\"daily\": 100}' -o json";

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

// A member of the proposal from text or a file, unless nothing was given.
using Reading = Json (*)(const std::string& text);
base::Result<void, std::string> read_member(ProposeOptions& options, const char* member,
                                            const std::string& given, Reading reading,
                                            const std::string& misfit) {
  if (given.empty()) return {};
  const auto text = text_or_file(given);
  if (!text) return base::Unexpected{text.error()};
  Json value = reading(*text);
  if (value.is_discarded()) return base::Unexpected{misfit};
  options.body[member] = std::move(value);
  return {};
}

base::Result<void, std::string> read_texts(ProposeOptions& options) {
  const Reading any = [](const std::string& text) { return json_in(text); };
  const Reading object = [](const std::string& text) {
    Json value = json_in(text);
    return value.is_object() ? value : Json(Json::value_t::discarded);
  };
  auto read = read_member(options, "value", options.value, any,
                          "--value is no JSON; a text needs its quotes: '\"text\"'");
  if (read) {
    read = read_member(options, "then", options.then, object,
                       "--then is no proposal: {\"kind\": ..., and what that needs}");
  }
  const Reading words = [](const std::string& text) { return Json(text); };
  if (read) read = read_member(options, "yaml", options.yaml, words, "");
  return read;
}

int propose(Console& console, ProposeOptions options) {
  if (auto read = read_texts(options); !read) return fail_usage(console, read.error());
  const auto body = body_text(options.body);
  if (!body) return fail_usage(console, body.error());
  catch_interrupt();
  const base::Duration patience = options.wait.value_or(wait_default);
  const auto deadline = Clock::now() + patience;
  auto decided = post_json(
      options.api, "/v1/proposals?wait=" + base::format_duration(std::min(patience, answer_within)),
      *body);
  if (!decided) return fail(console, decided.error());
  const std::string id = text_in(*decided, "id");
  if (id.empty()) {
    return fail(console, "what answers at " + options.api + " is not a node's API; see --api");
  }
  // What takes longer has only an id and a state.
  while (!decided || !decided->contains("height")) {
    if (Clock::now() >= deadline || interrupted()) break;
    std::this_thread::sleep_for(look_every);
    decided = get_json(options.api, "/v1/decisions/" + id);
  }
  if (decided && decided->contains("height")) {
    console.out << render_object(*decided, options.format) << std::flush;
    return exit_done;
  }
  return fail(console, "no certificate for " + id + " in " + base::format_duration(patience) +
                           "; it may still come: parley decisions. Are enough validators up? See "
                           "parley members");
}

using Options = std::shared_ptr<ProposeOptions>;

CLI::Option* text_option(CLI::App& verb, const Options& options, const char* flag,
                         const char* member, const char* description, bool required = true) {
  return verb
      .add_option_function<std::string>(
          flag, [options, member](const std::string& text) { options->body[member] = text; },
          description)
      ->required(required);
}

void list_option(CLI::App& verb, const Options& options, const char* flag, const char* member,
                 const char* description) {
  verb.add_option_function<std::vector<std::string>>(
      flag,
      [options, member](const std::vector<std::string>& values) { options->body[member] = values; },
      description);
}

void count_option(CLI::App& verb, const Options& options, const char* flag, const char* member,
                  const char* description) {
  add_count_option(
      verb, flag, [options, member](std::uint64_t value) { options->body[member] = value; },
      description);
}

CLI::App* add_kind(CLI::App& propose_verb, Action& action, const Options& options, const char* kind,
                   const char* description, const std::string& example) {
  CLI::App* verb = propose_verb.add_subcommand(kind, description);
  verb->footer("Example:\n  parley propose " + std::string(kind) + " " + example);
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
  CLI::App* verb = add_kind(verbs, action, options, "document", "A document of an application",
                            document_example);
  text_option(*verb, options, "--key", "key", "Its key");
  verb->add_option("--value", options->value, "JSON, or @FILE")->required();
  count_option(*verb, options, "--expected", "expected", "The version that must be there; 0: none");
}

void add_policy(CLI::App& verbs, Action& action) {
  const Options options = make_options();
  CLI::App* verb = add_kind(verbs, action, options, "policy", "A policy for every node",
                            "--name gently --scope 'text.*' --yaml 'rateLimit: { perCapability: "
                            "{ rate: 10/s, burst: 20 } }'");
  text_option(*verb, options, "--name", "name", "Its name");
  auto* scope = text_option(*verb, options, "--scope", "scope",
                            "Capabilities, if the text has no match", false);
  auto* yaml = verb->add_option("--yaml", options->yaml, "A block of `policies:`, or @FILE");
  auto* override_option = verb->add_flag_callback(
      "--local-may-override", [options] { options->body["local_may_override"] = true; },
      "A node's own file wins");
  verb->add_flag_callback(
          "--remove", [options] { options->body["remove"] = true; }, "Take it away")
      ->excludes(scope)
      ->excludes(yaml)
      ->excludes(override_option);
}

void add_member(CLI::App& verbs, Action& action) {
  const Options options = make_options();
  CLI::App* verb = add_kind(verbs, action, options, "member", "Who is in, and with which roles",
                            "--action admit --node ID --role voter");
  text_option(*verb, options, "--action", "action", "join, leave, admit, roles, evict or revoke")
      ->check(CLI::IsMember({"join", "leave", "admit", "roles", "evict", "revoke"}));
  text_option(*verb, options, "--node", "node", "Its id; not with join and leave", false);
  text_option(*verb, options, "--reason", "reason", "For people", false);
  list_option(*verb, options, "--role", "roles", "With admit and roles; may be given again");
  const Options evict = make_options();
  CLI::App* shortcut = add_kind(verbs, action, evict, "evict", "Puts a member out",
                                "--node ID --reason 'it misbehaved'");
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
  CLI::App* verb = add_kind(verbs, action, options, "committee", "Who decides: seats of validators",
                            "--add pv1:... --remove ID");
  list_option(*verb, options, "--add", "add",
              "What `parley keygen` calls validator, pv1:...; may be given again");
  list_option(*verb, options, "--remove", "remove",
              "Ids of nodes whose seats go; may be given again");
  count_option(*verb, options, "--block-bytes", "block_bytes_max",
               "Ops of a block, in bytes (131072 to 1048576)");
  count_option(*verb, options, "--block-ops", "block_ops_max", "Ops of a block (1 to 1024)");
  verb->footer(
      "Who is new must run, be admitted, and hold the state: it is asked before anything is "
      "proposed.\nOf n seats at most max(1, (n-1)/3) may change at once.\n"
      "Example:\n  parley propose committee --add pv1:... --remove ID");
}

void add_ballot(CLI::App& verbs, Action& action) {
  const Options options = make_options();
  CLI::App* verb = add_kind(
      verbs, action, options, "ballot", "A question to be voted on",
      "--question 'Does it come in?' --role voter --agree 3 --then '{\"kind\": \"member\", "
      "\"action\": \"admit\", \"node\": \"ID\"}'");
  text_option(*verb, options, "--question", "question", "For people");
  text_option(*verb, options, "--role", "role", "Whose holders may vote", false);
  list_option(*verb, options, "--voter", "voters", "Ids of those who may vote; may be given again");
  count_option(*verb, options, "--agree", "agree", "How many must agree [1]");
  verb->add_option("--then", options->then,
                   "What takes place if enough agree: a proposal as JSON, or @FILE");
  const Options vote = make_options();
  CLI::App* cast = add_kind(verbs, action, vote, "vote", "This node's vote on a ballot",
                            "--ballot ID --choice agree");
  text_option(*cast, vote, "--ballot", "ballot", "Its id (parley decisions)");
  text_option(*cast, vote, "--choice", "choice", "agree or reject")
      ->check(CLI::IsMember({"agree", "reject"}));
}

}  // namespace

void add_propose(CLI::App& app, Action& action) {
  CLI::App* verb =
      app.add_subcommand("propose", "Ask the validators to decide, and wait for the certificate");
  verb->footer("Example:\n  parley propose document " + std::string(document_example));
  verb->require_subcommand(1);
  add_document(*verb, action);
  add_policy(*verb, action);
  add_member(*verb, action);
  add_committee(*verb, action);
  add_ballot(*verb, action);
}

}  // namespace cli
