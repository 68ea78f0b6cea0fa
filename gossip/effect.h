// What membership wants done, in order.
#pragma once

#include "base/endpoint.h"
#include "base/ids.h"
#include "base/time.h"
#include "base/transition.h"
#include "crypto/verified.h"
#include "gossip/member.h"
#include "gossip/packet.h"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace gossip {

// Seal and send one datagram. While `packet.introduces`, the receiver may not know us yet.
struct SendPacket {
  base::NodeId to;
  base::Endpoint at;
  Packet packet;
};
// Ask over a link; answered by exactly one on_reply() or on_ask_failed() with that request number.
struct Ask {
  std::uint64_t request = 0;
  std::optional<base::NodeId> node;  // nothing: whoever answers there (a seed)
  base::Endpoint at;
  Question question;
  base::Duration timeout{};
};
struct Answer {
  std::uint64_t question = 0;  // the number that on_question() was given
  Reply reply;
};
struct CheckSignatures {
  std::uint64_t batch = 0;
  std::vector<crypto::SignatureCheck> checks;
};
// The view changed: a member came, changed its state or its record. Once per change, in order.
struct MemberChanged {
  base::NodeId id;
  std::optional<MemberState> before;  // nothing: new to this view
  MemberState after = MemberState::joining;
  bool record_changed = false;
};
// The first authentic word of it came since its newest epoch began.
struct MemberHeard {
  base::NodeId id;
};
// A member was forgotten, or a candidate did not answer: its row can go.
struct MemberForgotten {
  base::NodeId id;
};
// It is no member yet; a ping goes to it, and its answer should be let in. Its record is verified.
struct CandidateCalled {
  base::NodeId id;
  base::Endpoint at;
  std::uint64_t epoch = 0;
};
// A descriptor that was asked for by want_descriptor() came; its digest was checked.
struct DescriptorArrived {
  base::Digest digest;
  base::Bytes descriptor;
};
// It is time to look at what this node's calls showed; on_observed() should follow.
struct ObservationsDue {};
// A report of another member counts from now on, instead of its last one about that capability.
struct ReportArrived {
  crypto::Verified<SignedReport> report;
};
// It counts no more: too old, or its author is gone.
struct ReportGone {
  base::NodeId author;
  std::string capability;
};
// This run may use that epoch; a barrier (kernel::Persist).
struct ClaimEpoch {
  std::uint64_t epoch = 0;
};

using Effect = std::variant<SendPacket, Ask, Answer, CheckSignatures, MemberChanged, MemberHeard,
                            CandidateCalled, MemberForgotten, DescriptorArrived, ObservationsDue,
                            ReportArrived, ReportGone, ClaimEpoch, base::Transition, base::Notice>;
using Effects = std::vector<Effect>;

}  // namespace gossip
