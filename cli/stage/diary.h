// What became of each call while it was played: which agents ran for it, with what end, and what
// the mesh answered to those that asked further. Of a call that failed this is the story, for
// people; of one that came to a good end nothing is kept.
#pragma once

#include "base/time.h"
#include "cli/stage/requests.h"
#include "sim/errand.h"
#include "sim/simulated_agent.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace cli::stage {

class Diary {
 public:
  struct Options {
    std::size_t calls_max = 4'096;  // the oldest goes first
    std::size_t lines_max = 200;    // of one call
  };
  Diary() : Diary(Options{}) {}
  explicit Diary(Options options) : options_(options) {}

  void begin(std::uint32_t call, base::Duration now);
  // An agent begins to work; what will become of it is known from the start.
  void on_run(std::string_view node, std::string_view capability, const sim::Errand& errand,
              const sim::AgentRun& run, base::Duration now);
  // What an agent got that asked the next one, or the first caller.
  void on_answer(std::string_view asker, std::string_view capability, const sim::Errand& errand,
                 const WholeAnswer& answer, base::Duration now);
  // The story, which is forgotten.
  [[nodiscard]] std::string end(std::uint32_t call);

 private:
  struct Story {
    base::Duration begun{};
    std::string text;
    std::size_t lines = 0;
  };
  void add(std::uint32_t call, std::string_view line, base::Duration now);

  Options options_;
  std::map<std::uint32_t, Story> stories_;
};

}  // namespace cli::stage
