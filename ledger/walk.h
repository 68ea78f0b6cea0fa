// Entries of a State by their keys, one at a time, from any place on: who wants a part of a large
// state pays for that part. The 1024 buckets are sorted each, and are merged as far as one looks.
#pragma once

#include "ledger/state.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ledger {

class Walk {
 public:
  // Of the keys that begin with `prefix` those behind `after`, be that one of them or not.
  Walk(const State& state, std::string_view prefix, std::optional<std::string_view> after);

  // Nullptr at the end. Valid as long as the State or this.
  [[nodiscard]] const Entry* next();

 private:
  struct Front {
    const Bucket* bucket = nullptr;
    std::size_t at = 0;
    [[nodiscard]] const Entry& entry() const { return *bucket->entries[at]; }
  };
  [[nodiscard]] static bool comes_later(const Front& a, const Front& b) {
    return a.entry().key > b.entry().key;
  }
  [[nodiscard]] bool is_wanted(const Front& front) const;

  State state_;  // keeps the buckets
  std::string prefix_;
  std::vector<Front> fronts_;  // a heap, the least key first; all of them wanted
};

}  // namespace ledger
