#include "mesh/resilience/breaker.h"

#include "base/check.h"

#include <algorithm>

namespace mesh::resilience {

namespace {

// How many whole parts have gone by; a clock reading from before the part began is of that part.
std::int64_t parts_since(base::Instant started, base::Duration part, base::Instant now) {
  return std::max<std::int64_t>(0, (now - started) / part);
}

}  // namespace

bool Breaker::admits(const BreakerPolicy& policy, base::Instant now) const {
  if (!policy.enabled || std::holds_alternative<Closed>(phase_)) return true;
  return would_probe(now);
}

bool Breaker::would_probe(base::Instant now) const {
  if (const auto* open = std::get_if<Open>(&phase_)) return now >= open->retry_at;
  if (const auto* half_open = std::get_if<HalfOpen>(&phase_)) {
    return half_open->issued + half_open->succeeded < half_open->probes;
  }
  return false;
}

std::optional<Breaker::Permit> Breaker::admit(const BreakerPolicy& policy, base::Instant now) {
  if (!admits(policy, now)) return std::nullopt;
  if (!policy.enabled && !std::holds_alternative<Closed>(phase_)) become(Closed{});
  if (std::holds_alternative<Open>(phase_)) {
    become(HalfOpen{.probes = std::max<std::uint32_t>(1, policy.half_open_requests),
                    .issued = 0,
                    .succeeded = 0});
  }
  auto* half_open = std::get_if<HalfOpen>(&phase_);
  if (half_open != nullptr) ++half_open->issued;
  if (auto* closed = std::get_if<Closed>(&phase_)) {
    closed->under_way = policy.enabled ? closed->under_way + 1 : 0;
  }
  return Permit{.generation = generation_, .probe = half_open != nullptr};
}

void Breaker::on_result(const Permit& permit, Verdict verdict, const BreakerPolicy& policy,
                        base::Instant now) {
  if (!policy.enabled || permit.generation != generation_) return;
  if (auto* closed = std::get_if<Closed>(&phase_)) {
    on_result(*closed, verdict, policy, now);
  } else if (auto* half_open = std::get_if<HalfOpen>(&phase_)) {
    on_result(*half_open, verdict, policy, now);
  }
}

void Breaker::on_result(Closed& closed, Verdict verdict, const BreakerPolicy& policy,
                        base::Instant now) {
  if (closed.under_way > 0) --closed.under_way;
  if (verdict == Verdict::none) return;
  advance(closed, policy, now);
  Sums& newest = closed.ring[closed.newest];
  ++newest.requests;
  if (verdict == Verdict::failure) ++newest.failures;
  judge(closed, policy, now);
}

// After a success too, which may be the request that makes them enough to judge.
void Breaker::judge(const Closed& closed, const BreakerPolicy& policy, base::Instant now) {
  const auto [requests, failures] = sums(now);
  if (failures == 0 || requests < policy.min_requests) return;
  const std::uint64_t counted =
      requests + std::min<std::uint64_t>(closed.under_way, std::uint64_t{10} * policy.min_requests);
  if (failures >= policy.failure_threshold * static_cast<double>(counted)) open(policy, now);
}

void Breaker::on_result(HalfOpen& half_open, Verdict verdict, const BreakerPolicy& policy,
                        base::Instant now) {
  if (half_open.issued == 0) return;  // a permit of another breaker, forgotten meanwhile
  --half_open.issued;
  if (verdict == Verdict::failure) return open(policy, now);
  if (verdict == Verdict::success && ++half_open.succeeded == half_open.probes) become(Closed{});
}

void Breaker::on_broken(const Permit& permit, const BreakerPolicy& policy, base::Instant now) {
  if (!policy.enabled) return;
  const bool same = permit.generation == generation_;
  const bool closed_it = permit.probe && permit.generation + 1 == generation_;
  auto* closed = std::get_if<Closed>(&phase_);
  if (closed == nullptr) {
    if (same && std::holds_alternative<HalfOpen>(phase_)) open(policy, now);
    return;
  }
  if (closed_it && sums(now).requests < policy.min_requests) return open(policy, now);
  if (!same) return;
  advance(*closed, policy, now);
  Sums& newest = closed->ring[closed->newest];
  if (newest.failures == newest.requests) ++newest.requests;  // its success is in an older part
  ++newest.failures;
  judge(*closed, policy, now);
}

Breaker::State Breaker::state() const {
  if (std::holds_alternative<Open>(phase_)) return State::open;
  return std::holds_alternative<HalfOpen>(phase_) ? State::half_open : State::closed;
}

base::Instant Breaker::retry_at() const {
  const auto* open = std::get_if<Open>(&phase_);
  return open != nullptr ? open->retry_at : base::Instant{};
}

Breaker::Sums Breaker::sums(base::Instant now) const {
  const auto* closed = std::get_if<Closed>(&phase_);
  if (closed == nullptr || closed->part == base::Duration::zero()) return {};
  const std::int64_t gone = parts_since(closed->started, closed->part, now);
  Sums out;
  for (std::size_t age = 0; static_cast<std::int64_t>(age) + gone < std::int64_t{parts}; ++age) {
    const Sums& part = closed->ring[(closed->newest + parts - age) % parts];
    out.requests += part.requests;
    out.failures += part.failures;
  }
  return out;
}

// The newest part becomes the one that `now` is in. A window of another length starts empty.
void Breaker::advance(Closed& closed, const BreakerPolicy& policy, base::Instant now) {
  const base::Duration part = std::max(policy.window / std::int64_t{parts}, base::Duration(1));
  if (closed.part != part) {
    closed = Closed{
        .ring = {}, .part = part, .started = now, .newest = 0, .under_way = closed.under_way};
    return;
  }
  const std::int64_t gone = parts_since(closed.started, part, now);
  if (gone >= std::int64_t{parts}) {
    closed = Closed{
        .ring = {}, .part = part, .started = now, .newest = 0, .under_way = closed.under_way};
    return;
  }
  for (std::int64_t i = 0; i < gone; ++i) {
    closed.newest = (closed.newest + 1) % parts;
    closed.ring[closed.newest] = {};
  }
  closed.started = closed.started + gone * part;
}

void Breaker::open(const BreakerPolicy& policy, base::Instant now) {
  ++opened_;
  become(Open{.retry_at = now + policy.open_for});
}

void Breaker::become(Phase next) {
  phase_ = next;
  ++generation_;
}

std::string_view to_string(Breaker::State state) {
  switch (state) {
    case Breaker::State::closed:
      return "closed";
    case Breaker::State::open:
      return "open";
    case Breaker::State::half_open:
      return "half_open";
  }
  CHECK(false);
  return {};
}

}  // namespace mesh::resilience
