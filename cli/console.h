// Where a verb prints: results to `out`, everything else to `err`, and what is known of the two. A
// test passes string streams. Also the exit codes, which scripts rely on, and the one shape of an
// error.
#pragma once

#include <functional>
#include <ostream>
#include <string>
#include <string_view>

namespace cli {

struct Console {
  std::ostream& out;
  std::ostream& err;
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  bool color = false;  // out is a terminal, and NO_COLOR is not set
};

inline constexpr int exit_done = 0;
inline constexpr int exit_failed = 1;  // at run time, or a check did not hold
inline constexpr int exit_usage = 2;   // wrong usage or wrong configuration

// One line on err: "parley: " and a sentence that says what was wrong, where, and what to do.
int fail(Console& console, std::string_view sentence);        // exit_failed
int fail_usage(Console& console, std::string_view sentence);  // exit_usage

// What a parsed verb does; run after the command line was read whole.
using Action = std::function<int(Console&)>;

// Set by the first SIGINT after catch_interrupt(); a second one ends the process as usual.
void catch_interrupt();
[[nodiscard]] bool interrupted();

// Progress of long work on err: a bar that redraws itself on a terminal, a line now and then
// elsewhere.
class Progress {
 public:
  Progress(Console& console, std::string label);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // `fraction` of 1; `note` is a short figure beside it. Redraws only as often as somebody can
  // read.
  void show(double fraction, std::string_view note);

 private:
  Console& console_;
  std::string label_;
  bool drawn_ = false;    // a bar stands on the terminal's last line
  int tenth_shown_ = -1;  // of the lines
};

}  // namespace cli
