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
#include <utility>
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

// ---- agreement (node/kernel/agreement.h) ----

// Frames to one peer arrive in their order, or not at all; what does not fit is dropped.
struct SendAgreement {
  base::NodeId to;
  base::Bytes frame;
};
// The ordered log (storage/ordered_log.h); a SyncLog is answered by LogSynced.
struct AppendLog {
  std::uint64_t position = 0;
  base::Bytes record;
};
struct SyncLog {
  std::uint64_t position = 0;
};
struct RewriteLog {
  std::vector<base::Bytes> records;
  std::uint64_t position = 0;
};
// A decided block in its wire form, and what proves it: empty, if that of the next one with a proof
// does.
struct StoredDecision {
  std::uint64_t height = 0;
  std::uint64_t epoch = 0;
  base::Bytes block;
  base::Bytes proof;
  std::vector<base::Digest> ops;  // ids; empty in what comes from the disk
  base::Bytes events;             // of each op (ledger/event_codec.h); of a snapshot's block none
};
// Heights whose decisions are not here, since a state came as a whole.
struct PassedOver {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  bool operator==(const PassedOver&) const = default;
};
// In one transaction, with the documents that changed; answered by DecisionsStored.
struct StoreDecisions {
  std::vector<StoredDecision> decisions;
  std::vector<std::pair<std::string, std::optional<base::Bytes>>> changes;
};
// Instead of all documents that are stored; answered by DecisionsStored. What was kept of a
// snapshot is forgotten.
struct StoreState {
  StoredDecision decision;
  std::optional<PassedOver> passed_over;
  std::vector<std::pair<std::string, base::Bytes>> documents;
};
// Of a snapshot that is not complete.
struct KeepPiece {
  std::uint32_t index = 0;
  base::Bytes bytes;
};
struct StoreEpoch {
  std::uint64_t number = 0;  // of the epoch that ended
  base::Bytes proof;
};
// This key must never vote again, in no later run either: durably, and at once.
struct SpendKey {
  base::NodeId vote_key;
};
// Answered by DecisionsRead.
struct ReadDecisions {
  std::uint64_t request = 0;
  std::uint64_t from_height = 0;
  std::uint32_t blocks_max = 0;
  std::uint32_t bytes_max = 0;
};
// The decided policies, all of them: text of the configuration's `policies:` blocks.
struct DecidedPolicies {
  struct Policy {
    std::string name;
    std::string scope;
    std::string yaml;
    bool local_may_override = false;
  };
  std::vector<Policy> policies;
};

// What came of a CommitteeProposed: the op that was proposed, or why there is none.
struct ProposalSettled {
  std::uint64_t request = 0;
  std::optional<base::Digest> op;
  std::string why;
};

// The drain that was asked for is complete; the process may end.
struct Drained {};

using Effect =
    std::variant<Persist, SaveMember, SaveDescriptor, ForgetMember, SendDatagram, AskPeer,
                 AnswerPeer, DropLinks, CheckSignatures, mesh::StartAttempt, mesh::FabricateAnswer,
                 mesh::CancelAttempt, mesh::InspectAnswer, mesh::RelayAnswer, mesh::RefuseExchange,
                 mesh::KeepAnswer, mesh::ForgetAnswer, mesh::ReplayAnswer, mesh::DeferCall,
                 mesh::AcceptExchange, mesh::DeliverCall, mesh::EndDelivery, mesh::ForgetCall,
                 mesh::ExchangeSettled, mesh::ProbeAgent, SendAgreement, AppendLog, SyncLog,
                 RewriteLog, StoreDecisions, StoreState, KeepPiece, StoreEpoch, SpendKey,
                 ReadDecisions, DecidedPolicies, ProposalSettled, base::Transition, base::Notice,
                 Drained>;
using Effects = std::vector<Effect>;

}  // namespace kernel
