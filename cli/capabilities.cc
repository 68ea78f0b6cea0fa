#include "cli/verbs.h"
#include "cli/view.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <memory>

namespace cli {

void add_capabilities(CLI::App& app, Action& action) {
  auto options = std::make_shared<ViewOptions>();  // owned by the callback below
  CLI::App* verb = app.add_subcommand("capabilities", "Capabilities, and who offers them");
  verb->footer("Example:\n  parley capabilities -o yaml");
  add_view_options(*verb, *options);
  verb->callback([options, &action] {
    action = [options](Console& console) {
      const View view{.target = "/v1/capabilities",
                      .columns = {{"NAME", "name"},
                                  {"AGENT", "agent"},
                                  {"NODE", "node", 8},
                                  {"VERSION", "version"},
                                  {"PROFICIENCY", "proficiency"},
                                  {"STATE", "state"},
                                  {"COST", "cost"},
                                  {"DESCRIPTION", "description", 60}},
                      .identity = {"name", "node"}};
      return show_view(console, view, *options);
    };
  });
}

}  // namespace cli
