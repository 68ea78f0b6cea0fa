// Everything that can happen to a node, as values. The daemon makes them from sockets, disk and
// clock, the simulator from its virtual world; the kernel sees no difference.
#pragma once

#include "base/bytes.h"
#include "base/endpoint.h"
#include "base/ids.h"
#include "base/time.h"
#include "crypto/verified.h"
#include "ledger/op.h"
#include "ledger/payload.h"
#include "mesh/call.h"
#include "mesh/descriptor.h"
#include "mesh/options.h"
#include "node/kernel/effect.h"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace kernel {

// ---- the node itself ----

// First input of all. The wall clock only spreads work in time; nothing is decided by it.
struct Started {
  base::WallTime wall;
};
// A deadline of next_deadline() may have passed. Early, late or spurious ones are harmless.
struct TimePassed {};
// The wall clock, read again now and then.
struct ClockRead {
  base::WallTime wall;
};
struct JoinRequested {
  base::Endpoint seed;
};
// The name of a seed was looked up, again, and this is one of its addresses.
struct SeedResolved {
  base::Endpoint seed;
};
// Finish the calls in flight, take no new ones, then leave; answered by the effect Drained.
struct DrainRequested {
  bool leave = true;  // false: stay a member, only take no calls
};
// Take calls again after a drain without leaving.
struct ResumeRequested {};
// The agent beside this node as the operator or the agent itself describes it; nothing = no agent.
struct AgentConfigured {
  std::optional<mesh::AgentDescriptor> agent;
};
// The policies of the configuration were read again.
struct PoliciesChanged {
  mesh::Options options;
};

// ---- between nodes ----

struct DatagramReceived {
  base::Endpoint from;
  base::Bytes datagram;
  base::Duration waited{};  // between its arrival at this machine and now
};
// A peer asks over a link. Its identity is what TLS proved.
struct PeerAsked {
  std::uint64_t question = 0;  // the shell's number, for AnswerPeer
  base::NodeId from;
  base::Endpoint at;  // the other end of the link
  base::Bytes body;
};
// The answer to our AskPeer of that number.
struct PeerAnswered {
  std::uint64_t request = 0;
  base::NodeId peer;
  base::Bytes body;
};
enum class PeerFailure : std::uint8_t { unreachable, wrong_identity, timed_out, lost, refused };
struct PeerFailed {
  std::uint64_t request = 0;
  PeerFailure failure = PeerFailure::unreachable;
};
// An established link to this peer ended without our asking: a hint to look, never a proof.
struct LinkLost {
  base::NodeId peer;
};
struct SignaturesChecked {
  std::uint64_t batch = 0;
  std::vector<crypto::Verdict> verdicts;  // in the order of the checks
};

// ---- agreement ----

// A frame of agreement over a link. Its sender's identity is what TLS proved.
struct AgreementReceived {
  base::NodeId from;
  base::Bytes frame;
};
// Every record up to there survives a loss of power; `took`: how long the disk had.
struct LogSynced {
  std::uint64_t position = 0;
  base::Duration took{};
};
struct DecisionsStored {
  std::uint64_t height = 0;
};
struct DecisionsRead {
  std::uint64_t request = 0;
  std::vector<StoredDecision> decisions;
};
// An op of this node's own user.
struct OpProposed {
  ledger::Op draft;  // by Agreement::draft()
};
// The same, where attestations of a new committee have to be asked for first. Answered by one
// ProposalSettled.
struct CommitteeProposed {
  std::uint64_t request = 0;
  ledger::Payload payload;
};

// ---- calls ----

struct CallArrived {
  mesh::ExchangeId exchange;
  mesh::Origin origin;
  mesh::CallRequest request;
};
struct AttemptAnswered {
  mesh::ExchangeId exchange;
  std::uint32_t attempt = 0;
  mesh::AnswerHead head;
};
// The answer to InspectAnswer: the body, or nothing if it is larger than was asked for.
struct AnswerInspected {
  mesh::ExchangeId exchange;
  std::uint32_t attempt = 0;
  std::optional<std::string> body;
};
// The answer was passed on whole.
struct AttemptCompleted {
  mesh::ExchangeId exchange;
  std::uint32_t attempt = 0;
};
struct AttemptFailed {
  mesh::ExchangeId exchange;
  std::uint32_t attempt = 0;
  mesh::AttemptFailure failure = mesh::AttemptFailure::unreachable;
};
// The request's body outgrew what is kept: no further attempt can repeat it.
struct BodyUnrepeatable {
  mesh::ExchangeId exchange;
};
// The first byte of an answer that was to be held went out to the caller, and the rest follows
// later: no further attempt is allowed.
struct AnswerStarted {
  mesh::ExchangeId exchange;
};
struct CallerGone {
  mesh::ExchangeId exchange;
};
// What a caller says of the output of a call that it made a short while ago.
struct CallJudged {
  std::string call;    // Parley-Call
  double quality = 0;  // 0 to 1
};
// The answer to DeferCall: the bytes of the request that are on disk now; nothing: it could not be
// kept, for this reason.
struct CallKept {
  mesh::ExchangeId exchange;
  mesh::CallId id;
  std::optional<std::uint64_t> bytes;
  std::string why;
};
// DeliverCall came to nothing: the request is not there or cannot be read.
struct KeptUnreadable {
  mesh::CallId id;
  bool gone = false;
};
// Whoever deferred it does not want it delivered any more, or has its answer.
struct DeferralCancelled {
  mesh::CallId id;
};
struct ProbeAnswered {
  std::uint64_t probe = 0;
  std::optional<int> status;  // nothing: no answer in time
};

using Input =
    std::variant<Started, TimePassed, ClockRead, JoinRequested, SeedResolved, DrainRequested,
                 ResumeRequested, AgentConfigured, PoliciesChanged, DatagramReceived, PeerAsked,
                 PeerAnswered, PeerFailed, LinkLost, SignaturesChecked, CallArrived,
                 AttemptAnswered, AnswerInspected, AttemptCompleted, AttemptFailed,
                 BodyUnrepeatable, AnswerStarted, CallerGone, CallJudged, CallKept, KeptUnreadable,
                 DeferralCancelled, ProbeAnswered, AgreementReceived, LogSynced, DecisionsStored,
                 DecisionsRead, OpProposed, CommitteeProposed>;

}  // namespace kernel
