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
  RequestKey key{settled.source, settled.destination, settled.capability, settled.outcome};
  if (requests_.size() >= series_max_ && !requests_.contains(key)) {
    key = {"other", "other", "other", settled.outcome};
  }
  ++requests_[std::move(key)];

  const bool known = capabilities_.contains(settled.capability);
  const bool full = !known && capabilities_.size() >= series_max_;
  OfCapability& capability = capabilities_[full ? "other" : settled.capability];
  capability.attempts += settled.attempts;
  capability.duration.add(settled.took);
}

void CallMetrics::on_transition(const base::Transition& transition) {
  ++transitions_[{transition.machine, transition.from, transition.to}];
}

}  // namespace api
