// What happens in a run as lines for whoever reads a violation: each input of a replica, and where
// it stands after it.
#pragma once

#include "consensus/message.h"
#include "consensus/replica.h"

#include <string>

namespace sim::agreement {

// "notarize of view 4 by seat 2", "proposal of view 4, height 3 on view 2", "GetBlocks", ...
[[nodiscard]] std::string narrate(const consensus::Message& message);
// "e0 v4 F1 h1 busy ops 47": epoch, view, newest final view, height.
[[nodiscard]] std::string narrate(const consensus::Replica::Standing& standing);

}  // namespace sim::agreement
