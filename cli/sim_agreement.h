// `parley sim run` and `parley sim swarm` with `--profile agreement` or `twins`: replicas alone,
// without the rest of the node around them, so that a million views take minutes.
#pragma once

#include "cli/console.h"
#include "cli/report.h"

#include <cstdint>

namespace cli {

struct AgreementSimOptions {
  Format format = Format::table;
  std::uint32_t nodes = 0;  // of the first committee; 0: each seed chooses
  std::uint64_t seed = 1;
  std::uint64_t seeds = 0;  // 0: as many as `minutes` allow
  double minutes = 0;
  bool twice = false;
  bool trace = false;  // what happened last, to stderr
  bool twins = false;  // all small runs with a twin, one after the other
};

int run_agreement(Console& console, const AgreementSimOptions& options);
int swarm_agreement(Console& console, const AgreementSimOptions& options);

}  // namespace cli
