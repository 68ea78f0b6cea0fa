// A table of the mesh as one node sees it, printed once or watched. Watching asks again each
// second: on a terminal the table is drawn anew, elsewhere only rows that changed are printed, so
// that the output can be followed by a program. SIGINT ends it with 0.
#pragma once

#include "cli/console.h"
#include "cli/report.h"

#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace cli {

struct View {
  std::string target;                      // of the API
  std::vector<Column> columns;             // of the table
  std::vector<std::string_view> identity;  // the keys that together name a row
  std::string none = {};                   // what is wrong if there is no row; "" = nothing
};

struct ViewOptions {
  std::string api;
  Format format = Format::table;
  bool watch = false;
};

void add_view_options(CLI::App& verb, ViewOptions& options);
[[nodiscard]] int show_view(Console& console, const View& view, const ViewOptions& options);

// Those of `rows` that are new or differ from the row of the same identity in `before`, then those
// that are gone, as their identity and "gone": true.
[[nodiscard]] Json changed_rows(const Json& before, const Json& rows,
                                const std::vector<std::string_view>& identity);

}  // namespace cli
