// How long a suspect has to refute. Lifeguard's dynamic timeout (section IV-B): it starts at the
// maximum and shrinks with the logarithm of the number of independent accusers, so that one
// mistaken accuser is given time and many agreeing ones are believed soon.
#pragma once

#include "base/time.h"
#include "gossip/options.h"

#include <cstddef>
#include <cstdint>

namespace gossip {

// `accusers` of `monitors` assigned monitors accuse; `stretch` >= 1 multiplies (local health and
// the false alarms of late).
[[nodiscard]] base::Duration suspicion_timeout(const Options& options, std::size_t accusers,
                                               std::size_t monitors, std::uint32_t stretch);

// False alarms teach patience: each doubles the stretch up to 4, each quiet minute halves it.
class Patience {
 public:
  void on_false_alarm(base::Instant now);
  [[nodiscard]] std::uint32_t stretch(base::Instant now) const;

 private:
  std::uint32_t stretch_ = 1;
  std::uint32_t alarms_ = 0;  // one alone teaches nothing: a stopped process that came back
  base::Instant last_;
};

}  // namespace gossip
