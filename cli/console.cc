#include "cli/console.h"

#include <algorithm>
#include <cmath>
#include <csignal>

namespace cli {
namespace {

volatile std::sig_atomic_t interrupt_seen = 0;

// One line, whatever a sentence from elsewhere holds.
std::string one_line(std::string_view sentence) {
  std::string line(sentence);
  while (!line.empty() && (line.back() == '\n' || line.back() == ' ')) line.pop_back();
  std::replace_if(
      line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return line;
}

int fail_with(Console& console, std::string_view sentence, int code) {
  console.out.flush();
  console.err << "parley: " << one_line(sentence) << "\n";
  console.err.flush();
  return code;
}

}  // namespace

int fail(Console& console, std::string_view sentence) {
  return fail_with(console, sentence, exit_failed);
}

int fail_usage(Console& console, std::string_view sentence) {
  return fail_with(console, sentence, exit_usage);
}

void catch_interrupt() {
  struct sigaction action = {};
  action.sa_handler = [](int) { interrupt_seen = 1; };
  action.sa_flags = static_cast<int>(SA_RESETHAND);  // and no SA_RESTART: waiting calls return
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
}

bool interrupted() {
  return interrupt_seen != 0;
}

Progress::Progress(Console& console, std::string label)
    : console_(console), label_(std::move(label)) {}

Progress::~Progress() {
  if (drawn_) console_.err << "\r\x1b[K" << std::flush;
}

void Progress::show(double fraction, std::string_view note) {
  const double shown = std::clamp(fraction, 0.0, 1.0);
  if (!console_.err_is_terminal) {
    const int tenth = static_cast<int>(std::floor(shown * 10));
    if (tenth == tenth_shown_) return;
    tenth_shown_ = tenth;
    console_.err << label_ << ": " << tenth * 10 << "% " << note << "\n" << std::flush;
    return;
  }
  constexpr std::size_t width = 30;
  const auto full = static_cast<std::size_t>(std::lround(shown * width));
  console_.err << "\r\x1b[K" << label_ << " [" << std::string(full, '#')
               << std::string(width - full, '.') << "] " << note << std::flush;
  drawn_ = true;
}

}  // namespace cli
