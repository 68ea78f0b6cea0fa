// A member that lies. It has a real identity and an honest half, the kernel of its node, which
// keeps it in the mesh; the adversary sees what that half sees and says besides what it likes. One
// file each.
#pragma once

#include "base/bytes.h"
#include "base/endpoint.h"
#include "base/rng.h"
#include "base/time.h"
#include "crypto/identity.h"
#include "gossip/membership.h"
#include "gossip/packet.h"
#include "sim/scenario.h"

#include <memory>
#include <optional>
#include <variant>
#include <vector>

namespace sim {

// A packet under its own seal.
struct SayPacket {
  base::NodeId to;
  base::Endpoint at;
  gossip::Packet packet;
};
// Any bytes as a datagram.
struct SayBytes {
  base::Endpoint at;
  base::Bytes datagram;
};
using Act = std::variant<SayPacket, SayBytes>;
using Acts = std::vector<Act>;

class Adversary {
 public:
  // What it knows: its own half's view, and its friends.
  struct Position {
    const gossip::Membership& membership;
    const crypto::Identity& identity;
    const base::MeshId& mesh;
    const std::vector<base::NodeId>& friends;  // itself included
    base::Instant now;
  };

  explicit Adversary(base::Rng rng) : rng_(rng) {}
  Adversary(const Adversary&) = delete;
  Adversary& operator=(const Adversary&) = delete;
  virtual ~Adversary() = default;

  // Several times a second.
  virtual void on_turn(const Position& position, Acts& acts) = 0;
  // A datagram that its half received.
  virtual void on_datagram(const base::Endpoint& /*from*/, const base::Bytes& /*datagram*/) {}
  // May change what its half answers to a question over a link.
  virtual void on_answer(const Position& /*position*/, gossip::Reply& /*reply*/) {}

  static constexpr base::Duration turn = std::chrono::milliseconds(200);

 protected:
  base::Rng& rng() { return rng_; }

 private:
  base::Rng rng_;
};

[[nodiscard]] std::unique_ptr<Adversary> make_adversary(AdversaryKind kind, base::Rng rng);

// All other members that its half takes for alive, in the order of their ids.
[[nodiscard]] std::vector<const gossip::Member*> others(const Adversary::Position& position);

}  // namespace sim
