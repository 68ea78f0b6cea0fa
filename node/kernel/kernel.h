// The whole node as one pure machine: membership and data plane composed, still without a socket,
// clock, thread or disk. `handle` is the only way in, the appended Effects the only way out;
// the caller arms one timer, for next_deadline(). The daemon and the simulator run this same class.
#pragma once

#include "base/bytes.h"
#include "base/endpoint.h"
#include "base/ids.h"
#include "base/rng.h"
#include "base/time.h"
#include "crypto/identity.h"
#include "gossip/membership.h"
#include "mesh/data_plane.h"
#include "node/kernel/effect.h"
#include "node/kernel/input.h"

#include <cstdint>
#include <string>
#include <vector>

namespace kernel {

struct Options {
  base::MeshId mesh;
  std::string name;
  base::Endpoint advertise;             // where peers reach this node, UDP and TCP
  std::vector<base::Endpoint> seeds;
  gossip::Options gossip;
  mesh::Options mesh_options;
};

// What a previous run of this node left on disk.
struct Stored {
  std::uint64_t epoch = 0;  // the last epoch that was persisted; 0 = first start
  std::vector<base::Bytes> members;      // wire forms of signed records, checked again before use
  std::vector<base::Bytes> descriptors;  // wire forms, addressed by their digest
};

class Kernel {
 public:
  Kernel(Options options, crypto::Identity identity, Stored stored, base::Rng rng);

  void handle(Input input, base::Instant now, Effects& effects);
  [[nodiscard]] base::Instant next_deadline() const;

  // Views for the API, checkers and tests; valid until the next handle().
  [[nodiscard]] const gossip::Membership& membership() const;
  [[nodiscard]] const mesh::DataPlane& data_plane() const;
};

}  // namespace kernel
