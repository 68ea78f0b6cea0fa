// Membership: who is in the mesh, in what state, with what record. Composes the detector, the
// suspicion, the dissemination and the anti-entropy of this folder. Sans-IO: messages come in
// decoded and with an authenticated sender, effects go out in order, time is an argument.
//
// SWIM (Das, Gupta, Motivala; DSN 2002) with Lifeguard (Dadgar, Phillips, Currey; arXiv
// 1707.00788); docs/internals/membership.md says what was added and why.
#pragma once

#include "base/endpoint.h"
#include "base/ids.h"
#include "base/rng.h"
#include "base/time.h"
#include "base/transition.h"
#include "crypto/identity.h"
#include "crypto/verified.h"
#include "gossip/packet.h"
#include "gossip/record.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace gossip {

// As the view of this node has it: the member's own word, unless its monitors say that it does not
// answer. The names are SPEC's.
enum class MemberState : std::uint8_t {
  joining,
  serving,
  at_capacity,
  draining,
  left,
  suspect,
  dead
};
[[nodiscard]] std::string_view to_string(MemberState state);

struct Member {
  SignedRecord record;
  MemberState state = MemberState::joining;
  base::Instant since;          // when this state was entered
  bool degraded = false;        // some of its monitors reach it and some do not: avoid, do not bury
  base::Duration round_trip{};  // moving average of answered probes; 0 = never probed
};

// ---- effects ----

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
// A member was forgotten: its row can go.
struct MemberForgotten {
  base::NodeId id;
};
// A descriptor that was asked for by want_descriptor() came; its digest was checked.
struct DescriptorArrived {
  base::Digest digest;
  base::Bytes descriptor;
};
// This run may use that epoch; a barrier (kernel::Persist).
struct ClaimEpoch {
  std::uint64_t epoch = 0;
};

using Effect =
    std::variant<SendPacket, Ask, Answer, CheckSignatures, MemberChanged, MemberForgotten,
                 DescriptorArrived, ClaimEpoch, base::Transition, base::Notice>;
using Effects = std::vector<Effect>;

// ---- what it is made of ----

struct Self {
  base::MeshId mesh;  // covered by every signature
  std::string name;
  base::Endpoint endpoint;            // advertised
  std::vector<base::Endpoint> seeds;  // retried for ever while any of them leads to nobody we know
  std::uint64_t epoch_before = 0;     // persisted by the previous run; this run claims a higher one
  std::vector<SignedRecord> known;    // of the previous run; used to knock, checked before trusted
};

// What the rest of the node says about itself; published in a new record when it changed enough.
struct LocalStatus {
  Readiness readiness = Readiness::serving;  // joining is decided here, until a first sync
  Load load;
  base::Digest descriptor;
  bool operator==(const LocalStatus&) const = default;
};

class Membership {
 public:
  Membership(Options options, Self self, crypto::Identity identity, base::Rng rng);
  ~Membership();
  Membership(Membership&&) noexcept;

  // First call. The wall clock only aligns probing rounds between nodes; nothing is decided by it.
  void on_start(base::WallTime wall, base::Instant now, Effects& effects);
  void on_wall_clock(base::WallTime wall, base::Instant now, Effects& effects);
  void on_time(base::Instant now, Effects& effects);
  [[nodiscard]] base::Instant next_deadline() const;

  // `from` was authenticated by the seal, `address` is where the datagram came from. An introducing
  // packet from an identity that is not in the view carries its record, or is dropped.
  void on_packet(const base::NodeId& from, const base::Endpoint& address, Packet packet,
                 base::Instant now, Effects& effects);
  // `from` was authenticated by TLS.
  void on_question(std::uint64_t number, const base::NodeId& from, Question question,
                   base::Instant now, Effects& effects);
  void on_reply(std::uint64_t request, const base::NodeId& from, Reply reply, base::Instant now,
                Effects& effects);
  void on_ask_failed(std::uint64_t request, base::Instant now, Effects& effects);
  void on_link_lost(const base::NodeId& peer, base::Instant now, Effects& effects);
  void on_signatures_checked(std::uint64_t batch, std::span<const crypto::Verdict> verdicts,
                             base::Instant now, Effects& effects);

  void on_local_status(const LocalStatus& status, base::Instant now, Effects& effects);
  // The body behind LocalStatus::descriptor or behind a member's digest that we already hold.
  void on_descriptor(const base::Digest& digest, base::Bytes descriptor);
  // Pull this descriptor from its owner, or from whoever else has it.
  void want_descriptor(const base::NodeId& owner, const base::Digest& digest, base::Instant now,
                       Effects& effects);
  void on_join(const base::Endpoint& seed, base::Instant now, Effects& effects);
  // Publish `left` and push it out; departed() turns true when enough others have it, or in 2 s.
  void on_leave(base::Instant now, Effects& effects);
  [[nodiscard]] bool departed() const;

  // ---- views ----
  [[nodiscard]] const base::NodeId& self() const;
  [[nodiscard]] const Member* find(const base::NodeId& id) const;  // ourselves included
  [[nodiscard]] const std::map<base::NodeId, Member>& members() const;
  [[nodiscard]] Counters counters() const;
  // Hash of the whole table: two nodes with the same digest have the same view of all records.
  [[nodiscard]] std::uint64_t table_digest() const;

 private:
  struct State;
  std::unique_ptr<State> state_;  // sole owner
};

}  // namespace gossip
