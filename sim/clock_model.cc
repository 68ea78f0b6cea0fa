#include "sim/clock_model.h"

#include "base/check.h"

namespace sim {

namespace {

constexpr std::int64_t million = 1'000'000;
// The first wall time of a world without offset: 2026-01-01 UTC.
constexpr std::int64_t wall_origin_ms = 1'767'225'600'000;

std::int64_t scaled(std::int64_t nanoseconds, std::int64_t ppm) {
  return nanoseconds / million * ppm + nanoseconds % million * ppm / million;
}

}  // namespace

ClockModel::ClockModel(Options options) : options_(options) {
  CHECK(options_.drift_ppm > -million / 2);
  CHECK(options_.drift_ppm < million / 2);
}

base::Instant ClockModel::monotonic(base::Instant world) const {
  const std::int64_t ns = world.nanoseconds();
  return base::Instant::from_nanoseconds(ns + scaled(ns, options_.drift_ppm)) + options_.origin;
}

base::WallTime ClockModel::wall(base::Instant world) const {
  const base::Duration since = world - base::Instant() + options_.wall_offset;
  return {wall_origin_ms + std::chrono::duration_cast<std::chrono::milliseconds>(since).count()};
}

base::Instant ClockModel::when(base::Instant local) const {
  if (local == base::Instant::never()) return local;
  const std::int64_t elapsed = (local - options_.origin).nanoseconds();
  if (elapsed <= 0) return base::Instant();
  // Each step leaves the drift's share of the error; the last ones are single nanoseconds.
  constexpr int steps = 16;
  base::Instant world = base::Instant::from_nanoseconds(elapsed);
  for (int i = 0; i < steps; ++i) world = world + (local - monotonic(world));
  while (monotonic(world) < local) world = world + base::Duration(1);
  return world;
}

}  // namespace sim
