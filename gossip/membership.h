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
#include "gossip/effect.h"
#include "gossip/member.h"
#include "gossip/own_record.h"
#include "gossip/packet.h"
#include "gossip/record.h"
#include "gossip/reports.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace gossip {

// ---- what it is made of ----

struct Self {
  base::MeshId mesh;  // covered by every signature
  std::string name;
  base::Endpoint endpoint;            // advertised
  std::vector<base::Endpoint> seeds;  // retried for ever while any of them leads to nobody we know
  std::uint64_t epoch_before = 0;     // persisted by the previous run; this run claims a higher one
  std::vector<SignedRecord> known;    // of the previous run; used to knock, checked before trusted
};

class Membership {
 public:
  Membership(Options options, Self self, const crypto::Identity& identity, base::Rng rng);
  ~Membership();
  Membership(Membership&&) noexcept;

  // Before the first call, if at all: whom this does not welcome may not take part. Such a member
  // has left, whatever it and others say: it is not probed, asks nobody, and counts for nothing.
  void guard(std::function<bool(const base::NodeId& id)> welcomes);
  // Of these the welcome may have changed; of everybody, if there are none.
  void on_doors_changed(std::span<const base::NodeId> whom, base::Instant now, Effects& effects);

  // First call. The wall clock only aligns probing rounds between nodes; nothing is decided by it.
  void on_start(base::WallTime wall, base::Instant now, Effects& effects);
  void on_wall_clock(base::WallTime wall, base::Instant now, Effects& effects);
  void on_time(base::Instant now, Effects& effects);
  [[nodiscard]] base::Instant next_deadline() const;

  // The next packet, or what should have been one, lay so long in the queue of this node.
  void on_waited(base::Duration waited, base::Instant now);
  // `from` was authenticated by the seal, `address` is where the datagram came from. An introducing
  // packet from an identity that is not in the view carries its record, or is dropped.
  void on_packet(const base::NodeId& from, const base::Endpoint& address, Packet packet,
                 base::Instant now, Effects& effects);
  // `from` was authenticated by TLS, `address` is the other end of that link.
  void on_question(std::uint64_t number, const base::NodeId& from, const base::Endpoint& address,
                   Question question, base::Instant now, Effects& effects);
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
  // What calls showed, once ObservationsDue asked for it: all capabilities called lately.
  void on_observed(std::vector<Observed> observed, base::Instant now, Effects& effects);
  // The operator wants to join there: it is asked at once.
  void on_join(const base::Endpoint& seed, base::Instant now, Effects& effects);
  // A seed given by name has this address: it is asked if it is new.
  void on_seed(const base::Endpoint& seed, base::Instant now, Effects& effects);
  // Publish `left` and push it out; departed() turns true when enough others have it, or in 2 s.
  void on_leave(base::Instant now, Effects& effects);
  [[nodiscard]] bool departed() const;

  // ---- views ----
  [[nodiscard]] const base::NodeId& self() const;
  [[nodiscard]] const Member* find(const base::NodeId& id) const;  // ourselves included
  [[nodiscard]] const std::map<base::NodeId, Member>& members() const;
  [[nodiscard]] bool heard(const base::NodeId& id) const;  // itself, in its present epoch
  [[nodiscard]] const Reports& reports() const;
  [[nodiscard]] Counters counters() const;
  // Hash of the whole table: two nodes with the same digest have the same view of all records.
  [[nodiscard]] std::uint64_t table_digest() const;

 private:
  struct State;
  std::unique_ptr<State> state_;  // sole owner
};

}  // namespace gossip
