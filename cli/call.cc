#include "base/strings.h"
#include "cli/api_client.h"
#include "cli/call_request.h"
#include "cli/shared_options.h"
#include "cli/verbs.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <nlohmann/json.hpp>

#include <memory>

namespace cli {
namespace {

struct CallVerb {
  CallOptions call;
  std::optional<Format> format;  // nothing: the body alone, byte for byte
  bool include = false;
};

// The answer comes when it comes, but never later than its deadline and a little.
HttpOptions patience(const CallOptions& options) {
  const base::Duration longest = options.deadline.value_or(std::chrono::hours(1));
  return {.connect_timeout = std::chrono::seconds(3),
          .idle_timeout = longest + std::chrono::seconds(2)};
}

std::string header_or(const HttpHead& head, std::string_view name, std::string_view otherwise) {
  return std::string(head.find(name).value_or(otherwise));
}

Json header_or_null(const HttpHead& head, std::string_view name) {
  const auto value = head.find(name);
  return value ? Json(*value) : Json();
}

// A number, though a header is a text.
Json attempts_of(const HttpHead& head) {
  const auto text = head.find("parley-attempts");
  const auto number = text ? base::parse_unsigned(*text) : std::nullopt;
  return number ? Json(*number) : Json();
}

Json described(const HttpHead& head, const std::string& body) {
  Json headers = Json::object();
  for (const auto& [name, value] : head.headers) headers[name] = value;
  Json json_body = json_in(body);
  return Json{{"status", head.status},
              {"call", header_or_null(head, "parley-call")},
              {"served_by", header_or_null(head, "parley-served-by")},
              {"attempts", attempts_of(head)},
              {"error", header_or_null(head, "parley-error")},
              {"headers", std::move(headers)},
              {"body", json_body.is_discarded() ? Json(body) : std::move(json_body)}};
}

int verdict(Console& console, const HttpHead& head, const std::string& problem) {
  if (head.find("parley-error")) return fail(console, problem_sentence(head.status, problem));
  if (head.status >= 400) {
    return fail(console, "the agent " + header_or(head, "parley-served-by", "that was called") +
                             " answered HTTP " + std::to_string(head.status));
  }
  return exit_done;
}

int call(Console& console, const CallVerb& verb) {
  const auto request = make_call_request(verb.call);
  if (!request) return fail_usage(console, request.error());
  const bool raw = !verb.format;
  bool is_problem = false;
  std::string kept;  // of a problem, or of an answer that is printed as a whole
  ResponseParser::Sinks sinks;
  sinks.head = [&](const HttpHead& head) {
    is_problem = head.find("parley-error").has_value();
    if (!verb.include) return;
    console.err << "HTTP " << head.status << "\n";
    for (const auto& [name, value] : head.headers) console.err << name << ": " << value << "\n";
    console.err << std::flush;
  };
  sinks.body = [&](std::string_view bytes) {
    if (is_problem || !raw) {
      kept += bytes;
    } else {
      console.out << bytes << std::flush;
    }
  };
  const auto head = http_stream(verb.call.api, *request, std::move(sinks), patience(verb.call));
  if (!head) return fail(console, unreachable(verb.call.api, head.error()));
  if (!raw) console.out << render_object(described(*head, kept), *verb.format) << std::flush;
  return verdict(console, *head, kept);
}

}  // namespace

void add_call(CLI::App& app, Action& action) {
  auto verb = std::make_shared<CallVerb>();  // owned by the callback below
  CLI::App* sub = app.add_subcommand("call", "Call an agent by what it can do");
  sub->footer(
      "The body of the answer goes to stdout byte for byte, as it comes. With -o, the whole "
      "answer\n"
      "is printed as one object. Exit code 1 if the mesh or the agent answers with an error.\n"
      "Example:\n  parley call inventory.lookup --data '{\"sku\": \"B-1\"}' --deadline 2s");
  CallOptions& options = verb->call;
  sub->add_option("capability", options.capability, "Its dotted name")->required();
  sub->add_option("--data,-d", options.data, "The body: TEXT, @FILE, or - for standard input")
      ->type_name("TEXT|@FILE|-");
  sub->add_option("--header,-H", options.headers, "A header, 'Name: value'; repeatable")
      ->type_name("'K: V'")
      ->take_all()
      ->expected(1);
  add_duration_option(*sub, "--deadline", options.deadline, "How long the whole call may take");
  sub->add_option("--path", options.path, "What follows the capability: path and query");
  sub->add_option("--method,-X", options.method, "POST with --data, else GET");
  sub->add_flag("--include,-i", verb->include, "Print the answer's head to stderr");
  add_api_option(*sub, options.api);
  auto format = std::make_shared<Format>(Format::table);
  add_format_option(*sub, *format);
  sub->callback([verb, format, sub, &action] {
    if (sub->count("--output") > 0) verb->format = *format;
    action = [verb](Console& console) { return call(console, *verb); };
  });
}

}  // namespace cli
