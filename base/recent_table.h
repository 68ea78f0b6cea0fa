// A table that holds the most recently used entries, and no more than so many: when it is full, the
// one that was not asked for the longest makes room. For state per caller, capability, ... whose
// loss does little harm and whose keys come from outside.
#pragma once

#include "base/check.h"

#include <cstddef>
#include <functional>
#include <list>
#include <map>
#include <utility>

namespace base {

// `Order` may compare keys with whatever a key can be made of; looking up then makes none.
template <class Key, class Value, class Order = std::less<>>
class RecentTable {
 public:
  explicit RecentTable(std::size_t entries_max) : entries_max_(entries_max) {
    CHECK(entries_max > 0);
  }
  RecentTable(RecentTable&&) noexcept = default;
  RecentTable& operator=(RecentTable&&) noexcept = default;
  RecentTable(const RecentTable&) = delete;  // the entries know their place in the list
  RecentTable& operator=(const RecentTable&) = delete;
  ~RecentTable() = default;

  // Null when there is none; looking is not using.
  template <class Asked>
  [[nodiscard]] const Value* find(const Asked& key) const {
    const auto found = entries_.find(key);
    return found == entries_.end() ? nullptr : &found->second.value;
  }
  // The entry, a new one if there was none; it is now the last to go. Valid until the next use().
  template <class Asked>
  Value& use(const Asked& key) {
    if (const auto found = entries_.find(key); found != entries_.end()) {
      newest_first_.splice(newest_first_.begin(), newest_first_, found->second.used);
      return found->second.value;
    }
    if (entries_.size() == entries_max_) {
      entries_.erase(newest_first_.back());
      newest_first_.pop_back();
    }
    const auto added = entries_.emplace(Key(key), Entry{}).first;
    added->second.used = newest_first_.insert(newest_first_.begin(), added);
    return added->second.value;
  }
  // Nothing happens if there is none.
  template <class Asked>
  void erase(const Asked& key) {
    const auto found = entries_.find(key);
    if (found == entries_.end()) return;
    newest_first_.erase(found->second.used);
    entries_.erase(found);
  }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  struct Entry;
  using Entries = std::map<Key, Entry, Order>;
  using Uses = std::list<typename Entries::iterator>;
  struct Entry {
    Value value{};
    typename Uses::iterator used{};
  };

  std::size_t entries_max_;
  Entries entries_;    // at most entries_max_
  Uses newest_first_;  // each entry once
};

}  // namespace base
