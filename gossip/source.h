// Who brought something, and from where. Who it is was proven by a seal or a link in any case; a
// datagram's address may be written by anybody, a link's is where its bytes go.
#pragma once

#include "base/endpoint.h"
#include "base/ids.h"

namespace gossip {

struct Source {
  base::NodeId id;
  base::Endpoint at;
  bool linked = false;
};

}  // namespace gossip
