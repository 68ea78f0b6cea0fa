// Whether the mesh takes this node, as far as it can know. Nobody tells a node that was put out:
// it hears nothing more. It knows the state up to then, and who turns its handshakes away.
#pragma once

#include "base/ids.h"
#include "node/kernel/agreement.h"

#include <functional>
#include <string>

namespace kernel {

// What the links have seen.
struct Doorsteps {
  std::function<bool(const base::NodeId& peer)> refused;  // its last word on a handshake was no
  bool linked = false;                                    // with anybody
};

// "" if nothing speaks against it, else why, and what to do. Of more validators than may lie, and
// of two at least, one is correct and did not just end in the middle of a handshake; a single one
// is enough where nobody else is there.
[[nodiscard]] std::string why_not_admitted(const Agreement& agreement, const base::NodeId& self,
                                           const Doorsteps& doorsteps);

}  // namespace kernel
