#include "api/counters.h"

namespace api {

void DurationHistogram::add(base::Duration took) {
  const double seconds = std::chrono::duration<double>(took).count();
  std::size_t bucket = 0;
  while (bucket < duration_buckets.size() && seconds > duration_buckets.at(bucket)) ++bucket;
  ++counts.at(bucket);
  ++count;
  sum += took;
}

void CallMetrics::on_settled(const mesh::ExchangeSettled& settled) {
  const ByNames::Names names{settled.source, settled.destination, settled.capability,
                             settled.outcome};
  if (const auto found = requests_.find(names); found != requests_.end()) {
    ++found->second;
  } else if (requests_.size() < series_max_) {
    requests_.emplace(
        RequestKey{settled.source, settled.destination, settled.capability, settled.outcome}, 1);
  } else {
    ++requests_[{"other", "other", "other", settled.outcome}];
  }
  const auto found = capabilities_.find(settled.capability);
  const bool full = found == capabilities_.end() && capabilities_.size() >= series_max_;
  OfCapability& capability = found != capabilities_.end()
                                 ? found->second
                                 : capabilities_[full ? "other" : settled.capability];
  capability.attempts += settled.attempts;
  capability.duration.add(settled.took);
}

void CallMetrics::on_transition(const base::Transition& transition) {
  ++transitions_[{transition.machine, transition.from, transition.to}];
}

}  // namespace api
