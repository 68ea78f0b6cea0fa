// Why something on disk cannot be used, for a person: what is wrong, where, and what to do about
// it.
#pragma once

#include <string>

namespace storage {

struct FileError {
  std::string what;
  std::string where;  // a path
  std::string what_to_do;

  [[nodiscard]] std::string text() const { return where + ": " + what + "; " + what_to_do; }
  bool operator==(const FileError&) const = default;
};

}  // namespace storage
