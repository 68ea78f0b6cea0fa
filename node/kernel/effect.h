// Everything that a node wants done, as values, carried out in order by the daemon's effect runner
// or by the simulator's world.
#pragma once

#include "base/bytes.h"
#include "base/endpoint.h"
#include "base/ids.h"
#include "base/time.h"
#include "base/transition.h"
#include "crypto/verified.h"
#include "mesh/call.h"
#include "mesh/deferred_call.h"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace kernel {

// Write the epoch durably. A barrier: what follows in the list, and all later effects, wait until
// the disk has said so, or until the second that the epoch stands for is surely over: a disk that
// fails or hangs holds a node up for a moment, and does not stop it (kernel::epoch_before).
struct Persist {
  std::uint64_t epoch = 0;  // the epoch that this run of the node may use from now on
};
// Write when convenient; losing the newest of these in a crash only makes a restart less warm.
struct SaveMember {
  base::NodeId id;
  base::Bytes record;  // wire form of the signed record
};
struct SaveDescriptor {
  base::Digest digest;
  base::Bytes descriptor;
};
struct ForgetMember {
  base::NodeId id;
};

struct SendDatagram {
  base::Endpoint to;
  base::Bytes datagram;
};
// Ask over a link, made if there is none. Answered by exactly one PeerAnswered or PeerFailed.
struct AskPeer {
  std::uint64_t request = 0;
  std::optional<base::NodeId> node;  // nothing: whoever answers there (a seed)
  base::Endpoint at;
  base::Bytes body;
  base::Duration timeout{};
};
struct AnswerPeer {
  std::uint64_t question = 0;
  base::Bytes body;  // empty: what was asked is no question, so refuse it
};
// Cut the links to this node, and so what waits on them: it was declared dead.
struct DropLinks {
  base::NodeId node;
};
struct CheckSignatures {
  std::uint64_t batch = 0;
  std::vector<crypto::SignatureCheck> checks;
};

// The drain that was asked for is complete; the process may end.
struct Drained {};

using Effect =
    std::variant<Persist, SaveMember, SaveDescriptor, ForgetMember, SendDatagram, AskPeer,
                 AnswerPeer, DropLinks, CheckSignatures, mesh::StartAttempt, mesh::FabricateAnswer,
                 mesh::CancelAttempt, mesh::InspectAnswer, mesh::RelayAnswer, mesh::RefuseExchange,
                 mesh::KeepAnswer, mesh::ForgetAnswer, mesh::ReplayAnswer, mesh::DeferCall,
                 mesh::AcceptExchange, mesh::DeliverCall, mesh::EndDelivery, mesh::ForgetCall,
                 mesh::ExchangeSettled, mesh::ProbeAgent, base::Transition, base::Notice, Drained>;
using Effects = std::vector<Effect>;

}  // namespace kernel
