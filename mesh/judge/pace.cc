#include "mesh/judge/pace.h"

#include "base/strings.h"
#include "mesh/judge/calendar.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

namespace mesh::judge {

namespace {

using Wait = std::optional<base::Duration>;

// Numbers from here on are points in time: seconds, or milliseconds, since 1970. Below it is 31
// years, and no limit lasts that long.
constexpr double epoch_seconds_min = 1e9;
constexpr double epoch_milliseconds_min = 1e11;

// Digits, perhaps with a fraction.
std::optional<double> parse_decimal(std::string_view text) {
  const std::size_t point = text.find('.');
  const auto whole = base::parse_unsigned(text.substr(0, point));
  if (!whole) return std::nullopt;
  auto out = static_cast<double>(*whole);
  if (point == std::string_view::npos) return out;
  double unit = 0.1;
  for (const char c : text.substr(point + 1)) {
    if (c < '0' || c > '9') return std::nullopt;
    out += unit * (c - '0');
    unit /= 10;
  }
  return out;
}

base::Duration seconds(double count) {
  const double bounded = std::clamp(
      count, 0.0,
      static_cast<double>(std::chrono::floor<std::chrono::seconds>(retry_after_max).count()));
  return std::chrono::duration_cast<base::Duration>(std::chrono::duration<double>(bounded));
}

// As Go writes durations: "1s", "6m0s", "20ms", "1h2m3.5s".
Wait parse_spans(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, double>, 7> units{
      {{"ms", 1e-3}, {"us", 1e-6}, {"µs", 1e-6}, {"ns", 1e-9}, {"s", 1}, {"m", 60}, {"h", 3600}}};
  if (text.empty()) return std::nullopt;
  double sum = 0;
  while (!text.empty()) {
    const std::size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
    const auto count = parse_decimal(text.substr(0, digits));
    text.remove_prefix(digits);
    const auto* const unit = std::ranges::find_if(
        units, [&](const auto& candidate) { return text.starts_with(candidate.first); });
    if (!count || unit == units.end()) return std::nullopt;
    text.remove_prefix(unit->first.size());
    sum += *count * unit->second;
  }
  return seconds(sum);
}

// All that concerns one answer: its fields, and its Date as the time that it was made.
class Answer {
 public:
  explicit Answer(const AnswerHead& head)
      : headers_(head.headers),
        limited_(head.status == 429),
        unavailable_(head.status == 429 || head.status == 503) {
    if (const auto date = find_header(headers_, "date")) now_ = parse_http_date(base::trim(*date));
  }

  [[nodiscard]] Wait wait() const {
    const Wait resets = of_limits();
    if (!unavailable_ && !resets) return std::nullopt;
    if (const Wait asked = of_explicit()) return asked;
    return resets;
  }

 private:
  [[nodiscard]] std::optional<std::string_view> field(std::string_view name) const {
    const auto value = find_header(headers_, name);
    if (!value) return std::nullopt;
    return base::trim(*value);
  }
  [[nodiscard]] Wait until(std::optional<base::WallTime> then) const {
    if (!then || !now_) return std::nullopt;
    return seconds(static_cast<double>(then->milliseconds - now_->milliseconds) / 1'000);
  }

  [[nodiscard]] Wait of_explicit() const {
    if (const auto text = field("retry-after-ms")) {
      if (const auto count = parse_decimal(*text)) return seconds(*count / 1'000);
    }
    const auto text = field("retry-after");
    if (!text) return std::nullopt;
    if (const auto count = parse_decimal(*text)) return seconds(*count);
    return until(parse_http_date(*text));
  }

  // A reset in any of the ways in which APIs write one.
  [[nodiscard]] Wait of_reset(std::string_view text) const {
    if (const auto count = parse_decimal(text)) {
      if (*count < epoch_seconds_min) return seconds(*count);
      const double milliseconds = *count < epoch_milliseconds_min ? *count * 1'000 : *count;
      if (milliseconds > 1e15) return std::nullopt;
      return until(base::WallTime{static_cast<std::int64_t>(milliseconds)});
    }
    if (const Wait spans = parse_spans(text)) return spans;
    if (const auto then = parse_timestamp(text)) return until(then);
    return until(parse_http_date(text));
  }

  // What the limits that are used up say; one that does not say what remains counts as used up in a
  // 429 only.
  struct Resets {
    Wait used_up;  // the longest of them
    Wait other;    // the shortest of the rest
  };
  void add(Resets& resets, std::optional<std::string_view> remaining,
           std::optional<std::string_view> reset) const {
    const Wait wait = reset ? of_reset(*reset) : std::nullopt;
    if (!wait) return;
    const auto left = remaining ? parse_decimal(*remaining) : std::nullopt;
    if (left ? *left <= 0 : limited_) {
      resets.used_up = std::max(resets.used_up.value_or(*wait), *wait);
    } else {
      resets.other = std::min(resets.other.value_or(*wait), *wait);
    }
  }
  [[nodiscard]] Wait of_limits() const {
    struct Names {
      std::string_view remaining;
      std::string_view reset;
    };
    static constexpr std::array<Names, 8> names{
        {{"ratelimit-remaining", "ratelimit-reset"},
         {"x-ratelimit-remaining", "x-ratelimit-reset"},
         {"x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"},
         {"x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"},
         {"anthropic-ratelimit-requests-remaining", "anthropic-ratelimit-requests-reset"},
         {"anthropic-ratelimit-tokens-remaining", "anthropic-ratelimit-tokens-reset"},
         {"anthropic-ratelimit-input-tokens-remaining", "anthropic-ratelimit-input-tokens-reset"},
         {"anthropic-ratelimit-output-tokens-remaining",
          "anthropic-ratelimit-output-tokens-reset"}}};
    Resets resets;
    for (const Names& of : names) {
      if (const auto reset = field(of.reset)) add(resets, field(of.remaining), reset);
    }
    if (const auto combined = field("ratelimit")) add_combined(resets, *combined);
    if (resets.used_up || !limited_) return resets.used_up;
    return resets.other;  // it was a limit, and all of them have something left: a large request
  }

  // RateLimit: "burst";r=0;t=5, "daily";r=70;t=4000 and, in older drafts of the IETF's httpapi
  // group, limit=100, remaining=0, reset=5
  void add_combined(Resets& resets, std::string_view text) const {
    std::optional<std::string_view> remaining;
    std::optional<std::string_view> reset;
    bool in_quotes = false;
    std::size_t begin = 0;
    for (std::size_t at = 0; at <= text.size(); ++at) {
      const char c = at == text.size() ? ',' : text[at];
      if (c == '"') in_quotes = !in_quotes;
      if ((in_quotes && at != text.size()) || (c != ',' && c != ';')) continue;
      const std::string_view part = base::trim(text.substr(begin, at - begin));
      begin = at + 1;
      const std::size_t equals = part.find('=');
      if (part.starts_with('"') || equals == std::string_view::npos) {  // the next limit's name
        add(resets, remaining, reset);
        remaining.reset();
        reset.reset();
        continue;
      }
      const std::string_view key = part.substr(0, equals);
      if (key == "r" || key == "remaining") remaining = part.substr(equals + 1);
      if (key == "t" || key == "reset") reset = part.substr(equals + 1);
    }
    add(resets, remaining, reset);
  }

  const Headers& headers_;
  bool limited_;
  bool unavailable_;
  std::optional<base::WallTime> now_;
};

}  // namespace

std::optional<base::Duration> retry_after(const AnswerHead& head) {
  // Nearly every answer ends here.
  const bool unavailable = head.status == 429 || head.status == 503;
  const auto limits = [](const Header& field) {
    return field.name.find("ratelimit") != std::string::npos;
  };
  if (!unavailable && std::ranges::none_of(head.headers, limits)) return std::nullopt;
  const auto wait = Answer(head).wait();
  if (!wait || *wait <= base::Duration::zero()) return std::nullopt;
  return wait;
}

}  // namespace mesh::judge
