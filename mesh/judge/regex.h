// Regular expressions of strangers (RE2), bounded in memory and in work. RE2 is linear in the text,
// but where its states do not fit into the memory, each byte costs up to as much as the compiled
// program is long: so much that the product of the two has a bound.
#pragma once

#include "base/result.h"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace re2 {
class RE2;
}

namespace mesh::judge {

class Regex {
 public:
  static constexpr std::size_t pattern_bytes_max = 1024;
  static constexpr std::size_t program_max = 1024;  // instructions
  static constexpr std::size_t work_max = 512 * 1024;

  // The error says what is wrong with the pattern.
  [[nodiscard]] static base::Result<Regex, std::string> compile(std::string_view pattern);
  Regex(Regex&&) noexcept;
  Regex& operator=(Regex&&) noexcept;
  ~Regex();

  // False only if it surely matches nowhere in `text`: of a text that costs more than work_max,
  // only the beginning is looked at, and the rest is given the benefit of the doubt.
  [[nodiscard]] bool may_match(std::string_view text) const;
  // At worst, in steps of some 20 to 50 ns.
  [[nodiscard]] std::size_t work(std::size_t text_size) const { return program_size_ * text_size; }

 private:
  explicit Regex(std::unique_ptr<const re2::RE2> program);

  std::unique_ptr<const re2::RE2> program_;
  std::size_t program_size_ = 1;
};

}  // namespace mesh::judge
