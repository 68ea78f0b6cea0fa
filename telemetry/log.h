// The node's log, on stderr: what machines noticed and what became of them, as aligned text for
// people or as one JSON object a line for programs. Never bodies, headers or credentials: there is
// no way in for them but a sentence that somebody wrote.
//
// The same sentence is written at most once an interval; how many were left out is said with the
// next one. Sentences differ in their numbers and ids ("no answer from 1a2b3c4d"), so they are told
// apart by their text with digits and hexadecimal ids taken out.
#pragma once

#include "base/time.h"
#include "base/transition.h"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace telemetry {

enum class LogFormat : std::uint8_t { text, json };
[[nodiscard]] std::string_view to_string(base::Severity severity);

struct LogOptions {
  LogFormat format = LogFormat::text;
  base::Severity level = base::Severity::info;
  bool color = false;  // of text; the caller knows of terminals and NO_COLOR
  base::Duration interval = std::chrono::seconds(10);  // one line of the same kind in this time
  std::uint32_t burst = 5;                             // so many of the same kind before that holds
  std::size_t kinds_max = 1'024;  // sentences remembered; past it, the oldest interval is forgotten
};

// Clocks are given, so that a test needs none: `now` is monotonic, `wall` is what the line says.
struct LogClock {
  base::Instant now;
  base::WallTime wall;
};

class Log {
 public:
  using Sink = std::function<void(std::string_view line)>;  // a line with its end

  Log(LogOptions options, Sink sink);

  void notice(const base::Notice& notice, const LogClock& clock);
  // At info, or at debug what happens all the time.
  [[nodiscard]] bool tells(const base::Transition& transition) const;  // at its level
  void transition(const base::Transition& transition, const LogClock& clock);
  void write(base::Severity severity, std::string_view text, const LogClock& clock);

  [[nodiscard]] std::uint64_t suppressed() const { return suppressed_; }

 private:
  struct Kind {
    base::Instant since;  // when its interval began
    std::uint32_t written = 0;
    std::uint64_t left_out = 0;
  };

  LogOptions options_;
  Sink sink_;
  std::map<std::string, Kind, std::less<>> kinds_;  // at most options_.kinds_max
  std::uint64_t suppressed_ = 0;
};

// Writes lines to stderr; one write a line, so that lines of two processes do not mix.
[[nodiscard]] Log::Sink stderr_sink();
// stderr is a terminal, and NO_COLOR is not set.
[[nodiscard]] bool stderr_wants_color();

}  // namespace telemetry
