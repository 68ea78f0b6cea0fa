#include "gossip/rumors.h"

#include <iterator>
#include <utility>
#include <vector>

namespace gossip {

void RumorQueue::add(const RumorKey& key) {
  drop(key);
  // A full queue forgets what was told most: anti-entropy carries the rest.
  if (order_.size() >= size_max_) drop(RumorKey(std::prev(order_.end())->second));
  const Place place{.told = 0, .age = next_age_--};
  places_.emplace(key, place);
  order_.emplace(place, key);
}

void RumorQueue::drop(const RumorKey& key) {
  const auto found = places_.find(key);
  if (found == places_.end()) return;
  order_.erase(found->second);
  places_.erase(found);
}

void RumorQueue::drop_accusations(const base::NodeId& subject) {
  auto at = places_.upper_bound(RumorKey{.subject = subject, .accuser = {}});
  while (at != places_.end() && at->first.subject == subject) {
    order_.erase(at->second);
    at = places_.erase(at);
  }
}

void RumorQueue::fill(std::uint32_t times, const std::function<Offer(const RumorKey&)>& offer) {
  std::vector<RumorKey> taken;
  std::vector<RumorKey> gone;
  int misfits = 0;
  for (const auto& [place, key] : order_) {
    const Offer outcome = offer(key);
    if (outcome == Offer::taken) taken.push_back(key);
    if (outcome == Offer::void_now) gone.push_back(key);
    if (outcome == Offer::no_room && ++misfits == 2) break;
  }
  for (const RumorKey& key : gone) drop(key);
  for (const RumorKey& key : taken) {
    Place place = places_.at(key);
    drop(key);
    if (++place.told >= times) continue;
    places_.emplace(key, place);
    order_.emplace(place, key);
  }
}

}  // namespace gossip
