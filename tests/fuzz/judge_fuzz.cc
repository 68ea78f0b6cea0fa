// A capability's check and an answer to hold against it, both of strangers: whatever they say,
// there is one verdict, with a short and printable reason.
#include "base/check.h"
#include "mesh/judge/body.h"
#include "tests/fuzz/fuzzed_input.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using mesh::judge::BodyVerdict;
using mesh::judge::CompiledCheck;

void is_short_and_printable(std::string_view why) {
  CHECK(why.size() <= 120);
  for (const char c : why) CHECK(c >= ' ' && c <= '~');
}

}  // namespace

// A byte of choices, a pattern with its length, then the schema and the body with a zero between.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::array<std::string_view, 4> types{"application/json", "application/a2a+json",
                                                  "text/plain", "text/event-stream"};
  if (size == 0) return 0;
  fuzz::Input input(data, 1);
  const std::uint8_t choices = input.byte();
  std::string_view left(reinterpret_cast<const char*>(data) + 1, size - 1);
  mesh::OutputCheck declared;
  declared.non_empty = (choices & 1U) != 0;
  if ((choices & 2U) != 0 && !left.empty()) {
    const auto length = static_cast<std::uint8_t>(left.front());
    declared.pattern = left.substr(1, length);
    left.remove_prefix(1 + declared.pattern.size());
  }
  const std::size_t middle = left.find('\0');
  declared.schema = middle == std::string_view::npos ? "" : left.substr(0, middle);
  const std::string_view body = left.substr(middle == std::string_view::npos ? 0 : middle + 1);

  const auto check = CompiledCheck::compile(declared);
  if (!check) CHECK(!check.error().empty());
  const CompiledCheck* const used = check ? &*check : nullptr;
  const mesh::AnswerHead head{
      .status = (choices & 4U) != 0 ? 200 : 500,
      .headers = {{"content-type", std::string(types.at((choices >> 3U) & 3U))}},
      .body_size = body.size()};
  static_cast<void>(mesh::judge::worth_reading(head, used != nullptr));
  const BodyVerdict verdict = mesh::judge::judge_body(head, body, used);
  CHECK((verdict.kind == BodyVerdict::Kind::fine) == verdict.why.empty());
  CHECK(verdict.kind != BodyVerdict::Kind::check_failed || used != nullptr);
  is_short_and_printable(verdict.why);
  CHECK(mesh::judge::judge_body(head, body, used) == verdict);
  return 0;
}
