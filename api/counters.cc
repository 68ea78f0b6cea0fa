#include "api/counters.h"

#include <algorithm>

namespace api {

void DurationHistogram::add(base::Duration took) {
  const double seconds = base::in_seconds(took);
  std::size_t bucket = 0;
  while (bucket < duration_buckets.size() && seconds > duration_buckets.at(bucket)) ++bucket;
  ++counts.at(bucket);
  ++count;
  sum += took;
}

void CallMetrics::on_settled(const mesh::ExchangeSettled& settled, bool known) {
  const std::string other = "other";
  const bool counted = known || capabilities_.contains(settled.capability);
  const std::string& name = counted ? settled.capability : other;
  const ByNames::Names names{settled.source, settled.destination, name, settled.outcome};
  if (const auto found = requests_.find(names); found != requests_.end()) {
    ++found->second;
  } else if (requests_.size() < series_max_) {
    requests_.emplace(RequestKey{settled.source, settled.destination, name, settled.outcome}, 1);
  } else {
    ++requests_[{"other", "other", "other", settled.outcome}];
  }
  const auto found = capabilities_.find(name);
  const bool full = found == capabilities_.end() && capabilities_.size() >= series_max_;
  OfCapability& capability =
      found != capabilities_.end() ? found->second : capabilities_[full ? other : name];
  capability.attempts += settled.attempts;
  capability.duration.add(settled.took);
}

void CallMetrics::on_transition(const base::Transition& transition) {
  const TransitionKey key{transition.machine, transition.from, transition.to};
  // Each call makes the same few: they are found by where their words stand, without reading them.
  const auto same = [&](const Recent& recent) {
    return recent.key.to.data() == key.to.data() && recent.key.from.data() == key.from.data() &&
           recent.key.machine.data() == key.machine.data();
  };
  const auto found = std::find_if(recent_.begin(), recent_.end(), same);
  if (found != recent_.end() && found->count != nullptr) {
    ++*found->count;
    return;
  }
  std::uint64_t& count = transitions_[key];
  ++count;
  recent_[recent_next_++ % recent_.size()] = {key, &count};
}

}  // namespace api
