// How an adversary speaks: with the seal of its own identity. Its honest half seals too, and two
// counters under one key would be taken for replays; so what that half sends is opened here, with
// the receiver's keys, and sealed again with the adversary's own counter.
#pragma once

#include "base/bytes.h"
#include "base/ids.h"
#include "crypto/identity.h"
#include "crypto/sealed.h"
#include "gossip/packet.h"
#include "node/kernel/datagram_gate.h"

#include <cstdint>
#include <map>
#include <optional>

namespace sim {

class Voice {
 public:
  // An epoch above all that its kernel claims.
  Voice(const crypto::Identity& identity, const base::MeshId& mesh, std::uint64_t epoch,
        kernel::GateOptions options);

  [[nodiscard]] std::optional<base::Bytes> say(const base::NodeId& to,
                                               const gossip::Packet& packet);
  // The datagram that the honest half sealed for `receiver`, sealed again; nothing if it is none.
  [[nodiscard]] std::optional<base::Bytes> pass_on(const crypto::Identity& receiver,
                                                   base::ByteView datagram);

 private:
  const base::NodeId self_;
  const base::MeshId mesh_;
  const kernel::GateOptions options_;
  kernel::DatagramGate gate_;
  std::map<base::NodeId, crypto::PairKeys> keys_;  // of receivers towards us
};

}  // namespace sim
