#include "cli/stage/diary.h"

#include "base/headers.h"

#include <chrono>
#include <cstdio>

namespace cli::stage {

namespace {

constexpr std::size_t body_shown_max = 400;

std::string milliseconds_of(base::Duration time) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f ms",
                std::chrono::duration<double, std::milli>(time).count());
  return text;
}

std::string end_of(const sim::AgentRun& run) {
  if (!run.connects) return "cannot be reached";
  const std::string after = " after " + milliseconds_of(run.head_after);
  if (run.breaks) return "breaks off" + after;
  if (run.refuses) return "says that it failed" + after;
  if (run.status == 200 && run.body != sim::good_output) return "gives wrong output" + after;
  return std::to_string(run.status) + after;
}

}  // namespace

void Diary::begin(std::uint32_t call, base::Duration now) {
  stories_.insert_or_assign(call, Story{.begun = now, .text = {}, .lines = 0});
  if (stories_.size() > options_.calls_max) stories_.erase(stories_.begin());
}

void Diary::on_run(std::string_view node, std::string_view capability, const sim::Errand& errand,
                   const sim::AgentRun& run, base::Duration now) {
  std::string line(node);
  line.append(" runs ").append(capability).append(": ").append(end_of(run));
  add(errand.call, line, now);
}

void Diary::on_answer(std::string_view asker, std::string_view capability,
                      const sim::Errand& errand, const WholeAnswer& answer, base::Duration now) {
  std::string line(asker);
  line.append(" gets of ").append(capability).append(": ").append(std::to_string(answer.status));
  for (const char* name : {"parley-served-by", "parley-attempts", "parley-error", "parley-failure",
                           "parley-failed-further-on"}) {
    if (const auto value = base::find_header(answer.headers, name)) {
      line.append(", ").append(name).append(": ").append(*value);
    }
  }
  if (answer.status != 200 || answer.body != sim::good_output) {
    line.append(", ").append(answer.body, 0, body_shown_max);
  }
  add(errand.call, line, now);
}

std::string Diary::end(std::uint32_t call) {
  const auto found = stories_.find(call);
  if (found == stories_.end()) return {};
  std::string text = std::move(found->second.text);
  stories_.erase(found);
  return text;
}

void Diary::add(std::uint32_t call, std::string_view line, base::Duration now) {
  const auto found = stories_.find(call);
  if (found == stories_.end()) return;
  Story& story = found->second;
  if (++story.lines > options_.lines_max) return;
  story.text.append("  +").append(milliseconds_of(now - story.begun)).append(" ");
  story.text.append(line).append("\n");
}

}  // namespace cli::stage
