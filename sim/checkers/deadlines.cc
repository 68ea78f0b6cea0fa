#include "sim/checkers/deadlines.h"

#include "sim/trace.h"

namespace sim {

void DeadlinesChecker::on_attempt(const AttemptDecided& decided) {
  if (!decided.left) return;
  // A clock may be fast or slow by a ten-thousandth part and more, of the time that has passed
  // since the deadline was set, too; a millisecond is its unit.
  const base::Duration slack =
      std::chrono::milliseconds(1) + (decided.waited + decided.given) / 1'000;
  const std::string who = "n" + std::to_string(decided.node) + " asks n" +
                          std::to_string(decided.to) + " for '" + decided.capability + "'";
  if (*decided.left + slack <= base::Duration::zero()) {
    violate(decided.at, who + " " + seconds_text(-*decided.left) + " after its deadline");
  } else if (decided.given > *decided.left + slack) {
    violate(decided.at, who + " with " + seconds_text(decided.given) + ", it has " +
                            seconds_text(*decided.left));
  }
}

}  // namespace sim
