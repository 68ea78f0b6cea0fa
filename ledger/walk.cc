#include "ledger/walk.h"

#include <algorithm>

namespace ledger {

Walk::Walk(const State& state, std::string_view prefix, std::optional<std::string_view> after)
    : state_(state), prefix_(prefix) {
  const bool behind = after && *after >= prefix;
  const std::string_view from = behind ? *after : prefix;
  for (std::size_t index = 0; index < State::bucket_count; ++index) {
    const Bucket& bucket = state_.bucket(index);
    const auto first =
        std::ranges::partition_point(bucket.entries, [&](const std::shared_ptr<const Entry>& each) {
          return behind ? each->key <= from : each->key < from;
        });
    const Front front{.bucket = &bucket,
                      .at = static_cast<std::size_t>(first - bucket.entries.begin())};
    if (is_wanted(front)) fronts_.push_back(front);
  }
  std::ranges::make_heap(fronts_, comes_later);
}

bool Walk::is_wanted(const Front& front) const {
  return front.at < front.bucket->entries.size() && front.entry().key.starts_with(prefix_);
}

const Entry* Walk::next() {
  if (fronts_.empty()) return nullptr;
  std::ranges::pop_heap(fronts_, comes_later);
  Front& front = fronts_.back();
  const Entry* found = &front.entry();
  ++front.at;
  if (is_wanted(front)) {
    std::ranges::push_heap(fronts_, comes_later);
  } else {
    fronts_.pop_back();
  }
  return found;
}

}  // namespace ledger
