#include "mesh/judge/calendar.h"

#include "base/strings.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>

namespace mesh::judge {

namespace {

constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// What a text is made of, taken from its front. The first thing that is missing spoils the rest.
class Parts {
 public:
  explicit Parts(std::string_view text) : left_(text) {}

  unsigned number(std::size_t digits) {
    const auto value = base::parse_unsigned(left_.substr(0, digits));
    if (left_.size() < digits || !value) return spoil();
    left_.remove_prefix(digits);
    return static_cast<unsigned>(*value);
  }
  void word(std::string_view expected) {
    if (left_.starts_with(expected)) {
      left_.remove_prefix(expected.size());
    } else {
      spoil();
    }
  }
  unsigned month() {
    const auto* const found = std::ranges::find(months, left_.substr(0, 3));
    if (found == months.end()) return spoil();
    left_.remove_prefix(3);
    return static_cast<unsigned>(found - months.begin()) + 1;
  }
  // One character of these; 0 if there is none.
  char one_of(std::string_view characters) {
    if (left_.empty() || characters.find(left_.front()) == std::string_view::npos) return 0;
    const char out = left_.front();
    left_.remove_prefix(1);
    return out;
  }
  void skip_to_after(char end) {
    const std::size_t at = left_.find(end);
    if (at == std::string_view::npos) {
      spoil();
    } else {
      left_.remove_prefix(at + 1);
    }
  }
  void skip_digits() {
    left_.remove_prefix(std::min(left_.find_first_not_of("0123456789"), left_.size()));
  }
  [[nodiscard]] bool spoilt() const { return spoilt_; }
  [[nodiscard]] bool done() const { return !spoilt_ && left_.empty(); }

 private:
  unsigned spoil() {
    spoilt_ = true;
    return 0;
  }

  std::string_view left_;
  bool spoilt_ = false;
};

struct Moment {
  unsigned year = 0;
  unsigned month = 0;
  unsigned day = 0;
  unsigned hour = 0;
  unsigned minute = 0;
  unsigned second = 0;
};

void read_clock(Parts& parts, Moment& moment) {
  moment.hour = parts.number(2);
  parts.word(":");
  moment.minute = parts.number(2);
  parts.word(":");
  moment.second = parts.number(2);
}

std::optional<base::WallTime> wall_time(const Moment& moment) {
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(moment.year)),
                                         std::chrono::month(moment.month),
                                         std::chrono::day(moment.day)};
  // A second of 60 is a leap second.
  if (!date.ok() || moment.hour > 23 || moment.minute > 59 || moment.second > 60) {
    return std::nullopt;
  }
  const auto days = std::chrono::sys_days(date).time_since_epoch().count();
  const std::int64_t seconds =
      std::int64_t{days} * 86'400 + moment.hour * 3'600 + moment.minute * 60 + moment.second;
  return base::WallTime{.milliseconds = seconds * 1'000};
}

// "Sun, 06 Nov 1994 08:49:37 GMT" and "Sunday, 06-Nov-94 08:49:37 GMT", after the comma.
Moment read_dated(Parts& parts) {
  Moment out;
  parts.word(" ");
  out.day = parts.number(2);
  const bool dashes = parts.one_of("-") != 0;
  if (!dashes) parts.word(" ");
  out.month = parts.month();
  parts.word(dashes ? "-" : " ");
  out.year = parts.number(dashes ? 2 : 4);
  if (dashes) out.year += out.year < 70 ? 2'000 : 1'900;
  parts.word(" ");
  read_clock(parts, out);
  parts.word(" GMT");
  return out;
}

// "Sun Nov  6 08:49:37 1994", after the name of the day.
Moment read_asctime(Parts& parts) {
  Moment out;
  out.month = parts.month();
  parts.word(" ");
  out.day = parts.number(parts.one_of(" ") != 0 ? 1 : 2);
  parts.word(" ");
  read_clock(parts, out);
  parts.word(" ");
  out.year = parts.number(4);
  return out;
}

}  // namespace

std::optional<base::WallTime> parse_http_date(std::string_view text) {
  const bool dated = text.find(',') != std::string_view::npos;
  Parts parts(text);
  parts.skip_to_after(dated ? ',' : ' ');
  const Moment moment = dated ? read_dated(parts) : read_asctime(parts);
  if (!parts.done()) return std::nullopt;
  return wall_time(moment);
}

std::optional<base::WallTime> parse_timestamp(std::string_view text) {
  Parts parts(text);
  Moment moment;
  moment.year = parts.number(4);
  parts.word("-");
  moment.month = parts.number(2);
  parts.word("-");
  moment.day = parts.number(2);
  if (parts.one_of("Tt ") == 0) return std::nullopt;
  read_clock(parts, moment);
  if (parts.one_of(".") != 0) parts.skip_digits();  // less than a second
  std::int64_t offset_minutes = 0;
  const char zone = parts.one_of("Zz+-");
  if (zone == 0) return std::nullopt;
  if (zone == '+' || zone == '-') {
    offset_minutes = std::int64_t{parts.number(2)} * 60;
    parts.word(":");
    offset_minutes += parts.number(2);
    if (zone == '-') offset_minutes = -offset_minutes;
  }
  auto out = wall_time(moment);
  if (!out || !parts.done()) return std::nullopt;
  out->milliseconds -= offset_minutes * 60'000;
  return out;
}

}  // namespace mesh::judge
