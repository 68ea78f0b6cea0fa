#include "cli/view.h"

#include "cli/api_client.h"
#include "cli/shared_options.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <nlohmann/json.hpp>

#include <ctime>
#include <map>

namespace cli {
namespace {

std::map<Json, const Json*> by_identity(const Json& rows,
                                        const std::vector<std::string_view>& identity) {
  std::map<Json, const Json*> found;
  for (const Json& row : rows) {
    Json key = Json::array();
    for (const std::string_view name : identity) {
      key.push_back(member_in(row, std::string(name)));
    }
    found[std::move(key)] = &row;
  }
  return found;
}

// Without what grows by itself, or every row would change each second.
Json without_age(Json row) {
  if (row.is_object()) row.erase("since_seconds");
  return row;
}

void wait_a_second() {
  const timespec second{.tv_sec = 1, .tv_nsec = 0};
  nanosleep(&second, nullptr);  // ends early on SIGINT
}

void print_changes(Console& console, const View& view, const Json& changes, Format format,
                   bool first) {
  if (format == Format::table) {
    std::string text = render_rows(changes, view.columns, format);
    if (!first) text.erase(0, text.find('\n') + 1);  // the titles stand above already
    console.out << text;
    return;
  }
  for (const Json& row : changes) {
    console.out << (format == Format::json
                        ? row.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"
                        : "---\n" + to_yaml(row));
  }
}

int watch_view(Console& console, const View& view, const ViewOptions& options) {
  catch_interrupt();
  Json before = Json::array();
  bool reached = false;
  bool complained = false;
  while (!interrupted()) {
    const auto rows = get_json(options.api, view.target);
    if (interrupted()) break;
    if (!rows) {
      // A node that was there may come back; one that never was is a mistake.
      if (!reached) return fail(console, rows.error());
      if (!complained) fail(console, rows.error());
      complained = true;
    } else if (console.out_is_terminal && options.format == Format::table) {
      console.out << "\x1b[H\x1b[2J" << render_rows(*rows, view.columns, options.format);
    } else {
      const Json changes = changed_rows(before, *rows, view.identity);
      if (!changes.empty()) print_changes(console, view, changes, options.format, !reached);
    }
    if (rows) {
      before = *rows;
      reached = true;
      complained = false;
    }
    console.out.flush();
    wait_a_second();
  }
  return exit_done;
}

}  // namespace

Json changed_rows(const Json& before, const Json& rows,
                  const std::vector<std::string_view>& identity) {
  const auto old_rows = by_identity(before, identity);
  const auto new_rows = by_identity(rows, identity);
  Json changes = Json::array();
  for (const auto& [key, row] : new_rows) {
    const auto old_row = old_rows.find(key);
    if (old_row != old_rows.end() && without_age(*old_row->second) == without_age(*row)) continue;
    changes.push_back(*row);
  }
  for (const auto& [key, row] : old_rows) {
    if (new_rows.contains(key)) continue;
    Json gone = Json::object();
    for (const std::string_view name : identity) {
      gone[std::string(name)] = member_in(*row, std::string(name));
    }
    gone["gone"] = true;
    changes.push_back(std::move(gone));
  }
  return changes;
}

void add_view_options(CLI::App& verb, ViewOptions& options) {
  add_api_option(verb, options.api);
  add_format_option(verb, options.format);
  verb.add_flag("--watch", options.watch, "Ask again each second, until Ctrl-C");
}

int show_view(Console& console, const View& view, const ViewOptions& options) {
  if (options.watch) return watch_view(console, view, options);
  const auto rows = get_json(options.api, view.target);
  if (!rows) return fail(console, rows.error());
  if (rows->empty() && !view.none.empty()) return fail(console, view.none);
  console.out << render_rows(*rows, view.columns, options.format) << std::flush;
  return exit_done;
}

}  // namespace cli
