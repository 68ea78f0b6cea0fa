#include "telemetry/log.h"

#include <unistd.h>

#include <array>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <ctime>

namespace telemetry {
namespace {

// 2026-03-01T12:00:00.123Z
std::string iso_time(base::WallTime wall) {
  const std::int64_t milliseconds = ((wall.milliseconds % 1'000) + 1'000) % 1'000;
  const std::time_t seconds = (wall.milliseconds - milliseconds) / 1'000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 40> text{};
  const std::size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  std::array<char, 8> fraction{};
  std::snprintf(fraction.data(), fraction.size(), ".%03dZ", static_cast<int>(milliseconds));
  return std::string(text.data(), length) + fraction.data();
}

// Control characters would let a name from elsewhere forge a line or steer a terminal.
std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    out += code < 0x20 || code == 0x7f ? ' ' : c;
  }
  return out;
}

// How many bytes the character takes that begins there; 0: it is none in UTF-8 (RFC 3629).
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  // Longer than needed, halves of a UTF-16 pair, beyond the last character.
  if ((first == 0xe0 && byte(1) < 0xa0) || (first == 0xed && byte(1) > 0x9f)) return 0;
  if ((first == 0xf0 && byte(1) < 0x90) || (first == 0xf4 && byte(1) > 0x8f)) return 0;
  return length;
}

// Names and errors come from elsewhere, and JSON is UTF-8.
std::string json_string(std::string_view text) {
  const std::string shown = printable(text);
  std::string out = "\"";
  for (std::string_view rest = shown; !rest.empty();) {
    const std::size_t length = utf8_length(rest);
    if (length == 0) {
      out += "\xef\xbf\xbd";  // U+FFFD
      rest.remove_prefix(1);
      continue;
    }
    if (rest[0] == '"' || rest[0] == '\\') out += '\\';
    out += rest.substr(0, length);
    rest.remove_prefix(length);
  }
  return out + "\"";
}

bool is_id_like(std::string_view word) {
  bool digit = false;
  for (const char c : word) {
    const auto code = static_cast<unsigned char>(c);
    if (std::isxdigit(code) == 0 && c != '.' && c != ':') return false;
    digit = digit || std::isdigit(code) != 0;
  }
  return digit;
}

// The sentence without its numbers, ids and addresses.
std::string kind_of(base::Severity severity, std::string_view text) {
  std::string kind(1, static_cast<char>('0' + static_cast<int>(severity)));
  std::string word;
  const auto flush = [&] {
    kind += is_id_like(word) ? std::string("#") : word;
    word.clear();
  };
  for (const char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == ':') {
      word += c;
      continue;
    }
    flush();
    kind += c;
  }
  flush();
  return kind;
}

// Who comes and goes is news; calls, and members that are busy for a while, are everyday life.
base::Severity severity_of(const base::Transition& transition) {
  const bool everyday = transition.machine == "call" || transition.from == "at_capacity" ||
                        transition.to == "at_capacity";
  return everyday ? base::Severity::debug : base::Severity::info;
}

std::string_view color_of(base::Severity severity) {
  switch (severity) {
    case base::Severity::debug:
      return "\x1b[2m";
    case base::Severity::info:
      return "\x1b[32m";
    case base::Severity::warning:
      return "\x1b[33m";
    case base::Severity::error:
      return "\x1b[31m";
  }
  return "";
}

std::string text_line(base::Severity severity, std::string_view text, const LogClock& clock,
                      bool color) {
  std::string level(to_string(severity));
  level.resize(7, ' ');
  if (color) level = std::string(color_of(severity)) + level + "\x1b[0m";
  return iso_time(clock.wall) + " " + level + " " + printable(text) + "\n";
}

std::string json_line(base::Severity severity, std::string_view text, const LogClock& clock) {
  return "{\"time\":\"" + iso_time(clock.wall) + "\",\"level\":\"" +
         std::string(to_string(severity)) + "\",\"message\":" + json_string(text) + "}\n";
}

}  // namespace

std::string_view to_string(base::Severity severity) {
  switch (severity) {
    case base::Severity::debug:
      return "debug";
    case base::Severity::info:
      return "info";
    case base::Severity::warning:
      return "warning";
    case base::Severity::error:
      return "error";
  }
  return "error";
}

Log::Log(LogOptions options, Sink sink) : options_(options), sink_(std::move(sink)) {}

void Log::notice(const base::Notice& notice, const LogClock& clock) {
  write(notice.severity, notice.text, clock);
}

bool Log::tells(const base::Transition& transition) const {
  return severity_of(transition) >= options_.level;
}

void Log::transition(const base::Transition& transition, const LogClock& clock) {
  if (!tells(transition)) return;
  const base::Severity severity = severity_of(transition);
  std::string text(transition.machine);
  if (!transition.subject.empty()) text.append(" ").append(transition.subject);
  text.append(": ").append(transition.from).append(" -> ").append(transition.to);
  write(severity, text, clock);
}

void Log::write(base::Severity severity, std::string_view text, const LogClock& clock) {
  if (severity < options_.level) return;
  if (kinds_.size() >= options_.kinds_max) {
    std::erase_if(kinds_, [&](const auto& entry) {
      return entry.second.since + options_.interval <= clock.now;
    });
    // All of them are recent: forget them, and rather write a line too much.
    if (kinds_.size() >= options_.kinds_max) kinds_.clear();
  }
  const auto [entry, is_new] = kinds_.try_emplace(kind_of(severity, text));
  Kind& kind = entry->second;
  std::string sentence(text);
  if (is_new || kind.since + options_.interval <= clock.now) {
    if (kind.left_out > 0) {
      sentence += " (and " + std::to_string(kind.left_out) + " lines like it, not shown)";
    }
    kind = {.since = clock.now, .written = 0, .left_out = 0};
  }
  if (kind.written >= options_.burst) {
    ++kind.left_out;
    ++suppressed_;
    return;
  }
  ++kind.written;
  sink_(options_.format == LogFormat::json ? json_line(severity, sentence, clock)
                                           : text_line(severity, sentence, clock, options_.color));
}

Log::Sink stderr_sink() {
  return [](std::string_view line) {
    // A log that cannot be written has nowhere to say so.
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
  };
}

bool stderr_wants_color() {
  const char* no_color = std::getenv("NO_COLOR");
  return isatty(STDERR_FILENO) == 1 && (no_color == nullptr || *no_color == '\0');
}

}  // namespace telemetry
