#include "base/strings.h"
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

#include <cstdint>
#include <ctime>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace cli {
namespace {

struct ShowOptions {
  std::string api;
  Format format = Format::table;
  std::string id;
  std::string proof;  // a file to write
  std::string checkpoint;
};

// A table has a line for each member of what a ballot asks, too.
void flatten(const Json& object, const std::string& before, Json& out) {
  for (const auto& [key, value] : object.items()) {
    if (value.is_object() && !value.empty()) {
      flatten(value, before + key + ".", out);
    } else {
      out[before + key] = value;
    }
  }
}

int show(Console& console, const ShowOptions& options) {
  const auto decision = get_json(options.api, "/v1/decisions/" + options.id);
  if (!options.proof.empty()) {
    std::string target = "/v1/proofs/" + options.id;
    if (!options.checkpoint.empty()) target += "?checkpoint=" + options.checkpoint;
    const auto answer =
        http_request(options.api, {.method = "GET", .target = target, .headers = {}, .body = {}});
    if (!answer) return fail(console, unreachable(options.api, answer.error()));
    if (answer->head.status != 200) {
      return fail(console, problem_sentence(answer->head.status, answer->body));
    }
    std::ofstream file(options.proof, std::ios::binary);
    file << answer->body;
    if (!file.flush()) return fail(console, "cannot write the proof to " + options.proof);
  }
  if (!decision) return fail(console, decision.error());
  Json shown = *decision;
  if (options.format == Format::table && decision->is_object()) {
    shown = Json::object();
    flatten(*decision, "", shown);
  }
  console.out << render_object(shown, options.format) << std::flush;
  return exit_done;
}

View listing_view(const std::string& target) {
  return {.target = target,
          .columns = {{"HEIGHT", "height"},
                      {"KIND", "kind"},
                      {"WHAT", "summary", 48},
                      {"AUTHOR", "author", 16},
                      {"EPOCH", "epoch"},
                      {"ID", "id"}},
          .identity = {"id"}};
}

void print_decision(Console& console, const Json& row, Format format, bool titles) {
  if (format == Format::json) {
    console.out << row.dump(-1, ' ', false, Json::error_handler_t::replace) << "\n";
  } else if (format == Format::yaml) {
    console.out << "---\n" << to_yaml(row);
  } else {
    std::string text = render_rows(Json::array({row}), listing_view("").columns, format);
    if (!titles) text.erase(0, text.find('\n') + 1);
    console.out << text;
  }
  console.out.flush();
}

// The node took in the state as a whole, and has none of them.
void note_gap(Console& console, const Json& gap) {
  console.err << "note: the decisions of the heights " << number_in(gap, "first") << " to "
              << number_in(gap, "last") << " were passed over by this node; ask another one\n";
}

int list(Console& console, const std::string& target, const ViewOptions& options) {
  const int code = show_view(console, listing_view(target), options);
  if (code != exit_done) return code;
  const auto agreement = get_json(options.api, "/v1/agreement");
  if (!agreement || !agreement->contains("passed_over")) return code;
  const auto says = [&](const char* member, bool what) {
    const auto at = agreement->find(member);
    return at != agreement->end() && *at == what;
  };
  if (says("validator", true) && says("votes", false)) {
    console.err << "note: this node is a validator and does not vote now; its /readyz says why\n";
  }
  for (const Json& gap : (*agreement)["passed_over"]) note_gap(console, gap);
  return code;
}

// Reads a stream of events; `seen` is the id of the last one.
class EventReader {
 public:
  EventReader(Console& console, Format format, std::string& seen, bool& printed)
      : console_(console), format_(format), seen_(seen), printed_(printed) {}

  void operator()(std::string_view bytes) {
    text_ += bytes;
    for (auto end = text_.find("\n\n"); end != std::string::npos; end = text_.find("\n\n")) {
      take(text_.substr(0, end));
      text_.erase(0, end + 2);
    }
  }

 private:
  void take(const std::string& event) {
    std::string id;
    Json row;
    for (const std::string_view line : base::split(event, '\n')) {
      if (line.starts_with("id: ")) id = line.substr(4);
      if (line.starts_with("data: ")) row = json_in(line.substr(6));
    }
    if (!row.is_object()) return;  // a life sign
    seen_ = id;
    if (row.contains("passed_over")) return note_gap(console_, row["passed_over"]);
    print_decision(console_, row, format_, !std::exchange(printed_, true));
  }

  Console& console_;
  const Format format_;
  std::string& seen_;
  bool& printed_;
  std::string text_;
};

// What there is, the oldest first, and then what comes, each once, also if the node is away for a
// while.
int watch(Console& console, const ViewOptions& options) {
  catch_interrupt();
  const auto rows = get_json(options.api, "/v1/decisions");
  if (!rows) return fail(console, rows.error());
  bool printed = false;
  std::string seen = "0-0";
  for (auto row = rows->rbegin(); row != rows->rend(); ++row) {
    print_decision(console, *row, options.format, !std::exchange(printed, true));
    seen =
        std::to_string(number_in(*row, "height")) + "-" + std::to_string(number_in(*row, "place"));
  }
  bool complained = false;
  while (!interrupted()) {
    HttpRequest request{.method = "GET", .target = "/v1/decisions", .headers = {}, .body = {}};
    request.headers.emplace_back("Accept", "text/event-stream");
    request.headers.emplace_back("Last-Event-ID", seen);
    EventReader reader(console, options.format, seen, printed);
    const auto head = http_stream(options.api, request,
                                  {.head = [&](const HttpHead&) { complained = false; },
                                   .body = [&](std::string_view bytes) { reader(bytes); }});
    if (interrupted()) break;
    if (head && head->status >= 400) {
      return fail(console,
                  "the node at " + options.api + " refused: HTTP " + std::to_string(head->status));
    }
    if (!head && !complained) fail(console, unreachable(options.api, head.error()));
    complained = complained || !head;
    const timespec second{.tv_sec = 1, .tv_nsec = 0};
    nanosleep(&second, nullptr);  // ends early on SIGINT
  }
  return exit_done;
}

}  // namespace

void add_decisions(CLI::App& app, Action& action) {
  auto listing = std::make_shared<ViewOptions>();  // owned by the callback below
  CLI::App* verb = app.add_subcommand("decisions", "What the mesh decided, the newest first");
  verb->footer("Example:\n  parley decisions --watch");
  add_view_options(*verb, *listing);
  auto before = std::make_shared<std::optional<std::uint64_t>>();  // owned by the same
  add_count_option(
      *verb, "--before", [before](std::uint64_t height) { *before = height; },
      "Go on with the list at those below this height");
  auto options = std::make_shared<ShowOptions>();  // owned by the callback below
  CLI::App* part = verb->add_subcommand("show", "One decision, and a file that proves it");
  part->footer("Example:\n  parley decisions show ID --proof decision.json");
  part->add_option("id", options->id, "Of the decision")->required();
  auto* proof =
      part->add_option("--proof", options->proof, "Write it with its certificate to this file");
  part->add_option("--checkpoint", options->checkpoint,
                   "The id of the epoch that the proof begins at [the first]")
      ->needs(proof);
  add_api_option(*part, options->api);
  add_format_option(*part, options->format);
  part->callback([options, &action] {
    action = [options](Console& console) { return show(console, *options); };
  });
  verb->callback([listing, before, part, &action] {
    if (part->parsed()) return;  // its own callback came before
    action = [listing, before](Console& console) {
      if (listing->watch) return watch(console, *listing);
      std::string target = "/v1/decisions";
      if (*before) target += "?before=" + std::to_string(**before);
      return list(console, target, *listing);
    };
  });
}

}  // namespace cli
