// Circuit breaker of one agent for one capability (Nygard, "Release It!", stability patterns): it
// opens when too many of the last requests failed, then lets exactly so many probes through.
//
//   closed --min_requests ended in the window, failures >= threshold of these and of those under
//           way--> open
//   open --open_for has passed, at the next admission--> half_open
//   half_open --half_open_requests probes succeeded--> closed;  --one failed--> open
//
// Those under way count because failures are quick and good answers take their time: the first ten
// to end of a hundred may all be failures. Ten times min_requests of them count at most, so
// that an agent that answers nobody any more is not excused by all who wait for it.
//
// Who was admitted holds a permit and gives it back with the outcome. A permit of an earlier phase
// is stale: its outcome changes nothing, but that of a probe which broke off soon after it closed
// the breaker, which opens it again. A probe that ends without a verdict is given back unused. A
// policy that is not enabled admits all, counts nothing, and leaves the breaker closed.
#pragma once

#include "base/time.h"
#include "mesh/policy.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

namespace mesh::resilience {

class Breaker {
 public:
  Breaker() : phase_(Closed{}) {}

  struct Permit {
    std::uint64_t generation = 0;  // counts phases
    bool probe = false;
    bool operator==(const Permit&) const = default;
  };
  enum class Verdict : std::uint8_t { success, failure, none };  // none: cancelled, nobody knows
  enum class State : std::uint8_t { closed, open, half_open };

  // Whether admit() would give a permit now; `probe` says which kind, of half_open.
  [[nodiscard]] bool admits(const BreakerPolicy& policy, base::Instant now) const;
  [[nodiscard]] bool would_probe(base::Instant now) const;
  // Nothing: open, or all probes of this phase are out.
  [[nodiscard]] std::optional<Permit> admit(const BreakerPolicy& policy, base::Instant now);
  void on_result(const Permit& permit, Verdict verdict, const BreakerPolicy& policy,
                 base::Instant now);
  // What counted as a success broke off before its end: it is a failure after all.
  void on_broken(const Permit& permit, const BreakerPolicy& policy, base::Instant now);

  [[nodiscard]] State state() const;
  [[nodiscard]] base::Instant retry_at() const;  // open: when it lets probes through; else origin
  [[nodiscard]] std::uint64_t opened() const { return opened_; }  // how often, ever
  struct Sums {
    std::uint32_t requests = 0;
    std::uint32_t failures = 0;
    bool operator==(const Sums&) const = default;
  };
  [[nodiscard]] Sums sums(base::Instant now) const;  // of the window, while closed

 private:
  // The window is a ring of ten parts; the oldest leaves it as a whole.
  static constexpr std::size_t parts = 10;
  struct Closed {
    std::array<Sums, parts> ring{};
    base::Duration part{};        // how long one lasts; 0 before the first outcome
    base::Instant started{};      // of the newest part, once there is an outcome
    std::size_t newest = 0;       // index of the newest part
    std::uint32_t under_way = 0;  // permits of this phase that did not come back
  };
  struct Open {
    base::Instant retry_at{};
  };
  // issued + succeeded <= probes, so that exactly so many are let through.
  struct HalfOpen {
    std::uint32_t probes = 0;     // of the policy when it became half open
    std::uint32_t issued = 0;     // under way
    std::uint32_t succeeded = 0;  // together they would close it
  };
  using Phase = std::variant<Closed, Open, HalfOpen>;

  void become(Phase next);
  void open(const BreakerPolicy& policy, base::Instant now);
  void on_result(Closed& closed, Verdict verdict, const BreakerPolicy& policy, base::Instant now);
  void on_result(HalfOpen& half_open, Verdict verdict, const BreakerPolicy& policy,
                 base::Instant now);
  void judge(const Closed& closed, const BreakerPolicy& policy, base::Instant now);
  static void advance(Closed& closed, const BreakerPolicy& policy, base::Instant now);

  Phase phase_;
  std::uint64_t generation_ = 0;  // of the phase: permits of another one are stale
  std::uint64_t opened_ = 0;
};
static_assert(sizeof(Breaker) <= 144, "there is one for each agent and capability");
[[nodiscard]] std::string_view to_string(Breaker::State state);

}  // namespace mesh::resilience
