#include "gossip/seeds.h"

#include <algorithm>
#include <bit>

namespace gossip {

Seeds::Seed* Seeds::find(const base::Endpoint& at) {
  const auto found =
      std::find_if(seeds_.begin(), seeds_.end(), [&](const Seed& seed) { return seed.at == at; });
  return found == seeds_.end() ? nullptr : &*found;
}

void Seeds::reckon() {
  next_ = base::Instant::never();
  for (const Seed& seed : seeds_) {
    if (!seed.asking) next_ = std::min(next_, seed.next);
  }
}

void Seeds::add(const base::Endpoint& at, base::Instant now) {
  if (at == own_ || find(at) != nullptr) return;
  if (seeds_.size() >= seeds_max) {
    const auto worst =
        std::max_element(seeds_.begin(), seeds_.end(),
                         [](const Seed& a, const Seed& b) { return a.failures < b.failures; });
    if (worst->failures == 0 || worst->asking) return;
    seeds_.erase(worst);
  }
  Seed& seed = seeds_.emplace_back();
  seed.at = at;
  seed.next = now;
  seed.gap = options_.seed_retry_min;
  reckon();
}

void Seeds::retry(const base::Endpoint& at, base::Instant now) {
  add(at, now);
  Seed* seed = find(at);
  if (seed == nullptr) return;
  seed->leads_to.reset();
  seed->next = now;
  seed->gap = options_.seed_retry_min;
  reckon();
}

std::vector<base::Endpoint> Seeds::due(const View& view, base::Instant now) {
  std::vector<base::Endpoint> out;
  if (now < next_) return out;
  for (Seed& seed : seeds_) {
    if (seed.asking || now < seed.next) continue;
    const Member* member = seed.leads_to ? view.find(*seed.leads_to) : nullptr;
    const bool good =
        seed.leads_to == self_ || (member != nullptr && member->state != MemberState::dead &&
                                   member->state != MemberState::left);
    if (good) {
      seed.next = now + options_.seed_retry_max;
      continue;
    }
    seed.asking = true;
    out.push_back(seed.at);
  }
  reckon();
  return out;
}

void Seeds::on_answer(const base::Endpoint& at, const base::NodeId& by, base::Instant now) {
  if (Seed* seed = find(at)) {
    seed->asking = false;
    seed->failures = 0;
    seed->leads_to = by;
    seed->gap = options_.seed_retry_min;
    seed->next = now + options_.seed_retry_max;
  }
  reckon();
}

bool Seeds::on_failed(const base::Endpoint& at, base::Instant now) {
  Seed* seed = find(at);
  if (seed == nullptr) return false;
  seed->asking = false;
  seed->leads_to.reset();
  seed->next = now + seed->gap;
  seed->gap = std::min(seed->gap * 2, options_.seed_retry_max);
  reckon();
  // The first, the 4th, the 16th, ...: at once, then after seconds, minutes, an hour.
  ++seed->failures;
  return std::has_single_bit(seed->failures) && std::countr_zero(seed->failures) % 2 == 0;
}

}  // namespace gossip
