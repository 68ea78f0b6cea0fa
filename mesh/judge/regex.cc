#include "mesh/judge/regex.h"

#include <re2/re2.h>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace mesh::judge {

namespace {

constexpr std::int64_t memory_max = 256 * 1024;
}  // namespace

base::Result<Regex, std::string> Regex::compile(std::string_view pattern) {
  if (pattern.size() > pattern_bytes_max) {
    return base::Unexpected{std::string("is longer than 1 KiB")};
  }
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(memory_max);
  options.set_never_capture(true);
  auto program =
      std::make_unique<const re2::RE2>(re2::StringPiece(pattern.data(), pattern.size()), options);
  if (!program->ok()) return base::Unexpected{"is no pattern of RE2: " + program->error()};
  if (program->ProgramSize() > static_cast<int>(program_max)) {
    return base::Unexpected{std::string("is too large once it is compiled; repeat less")};
  }
  return Regex(std::move(program));
}

Regex::Regex(std::unique_ptr<const re2::RE2> program)
    : program_(std::move(program)),
      program_size_(static_cast<std::size_t>(std::max(program_->ProgramSize(), 1))) {}
Regex::Regex(Regex&&) noexcept = default;
Regex& Regex::operator=(Regex&&) noexcept = default;
Regex::~Regex() = default;

bool Regex::may_match(std::string_view text) const {
  const std::string_view seen = text.substr(0, work_max / program_size_);
  const bool found = program_->Match(re2::StringPiece(seen.data(), seen.size()), 0, seen.size(),
                                     re2::RE2::UNANCHORED, nullptr, 0);
  return found || seen.size() < text.size();
}

}  // namespace mesh::judge
