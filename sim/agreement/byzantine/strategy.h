// How a Byzantine validator lies. It runs a whole honest replica inside; a strategy stands between
// that and the network: it drops, changes, delays or adds messages, and signs whatever it likes
// with its own key. A liar has one strategy or several. CONSENSUS 4.3.
#pragma once

#include "base/rng.h"
#include "base/time.h"
#include "consensus/epoch.h"
#include "consensus/message.h"
#include "consensus/vote.h"
#include "crypto/identity.h"
#include "crypto/statement.h"

#include <cstdint>
#include <memory>
#include <optional>

namespace sim::agreement {

// The world as a liar sees it.
class Villain {
 public:
  Villain() = default;
  Villain(const Villain&) = delete;
  Villain& operator=(const Villain&) = delete;
  virtual ~Villain() = default;

  virtual base::Rng& rng() = 0;
  [[nodiscard]] virtual base::Duration now() const = 0;
  [[nodiscard]] virtual std::uint32_t identity() const = 0;
  [[nodiscard]] virtual std::uint32_t identities() const = 0;
  // One of them, itself included.
  [[nodiscard]] std::uint32_t anybody() {
    return static_cast<std::uint32_t>(rng().below(identities()));
  }
  [[nodiscard]] virtual const consensus::Epoch& epoch() const = 0;
  [[nodiscard]] virtual consensus::View view() const = 0;
  [[nodiscard]] virtual base::NodeId node() const = 0;
  // By its own voting key.
  [[nodiscard]] virtual crypto::Signature sign(const crypto::Statement& statement) const = 0;
  // Its place in the committee of the epoch.
  [[nodiscard]] std::optional<consensus::SignerIndex> signer() const;
  // Signed, if it is a member.
  [[nodiscard]] std::optional<consensus::Vote> vote(consensus::VoteKind kind, consensus::View view,
                                                    const base::Digest& block) const;
  // The same in an epoch of its choice.
  [[nodiscard]] std::optional<consensus::Vote> vote_in(const consensus::Epoch& epoch,
                                                       consensus::VoteKind kind,
                                                       consensus::View view,
                                                       const base::Digest& block) const;
  virtual void send(std::uint32_t to, const consensus::Message& message,
                    base::Duration after = {}) = 0;
  // An op of an author that the liar is; nothing where it has no such author.
  [[nodiscard]] virtual std::optional<base::Bytes> make_op(std::uint64_t sequence, bool hopeless,
                                                           std::size_t size) = 0;
  // What somebody's probes show: a round trip to the liar, and whether somebody seems alive.
  virtual void mislead(std::uint32_t whom, base::Duration round_trip) = 0;
  virtual void accuse(std::uint32_t before, std::uint32_t whom) = 0;
  // The other liars: they share what they know.
  [[nodiscard]] virtual bool lies(std::uint32_t identity) const = 0;
  // The mesh lost its power, or chaos is over: what waits for that has come.
  [[nodiscard]] virtual bool blackout() const = 0;
};

class Strategy {
 public:
  Strategy() = default;
  Strategy(const Strategy&) = delete;
  Strategy& operator=(const Strategy&) = delete;
  virtual ~Strategy() = default;

  // What the replica inside says to one peer; false: it does not leave. May change it.
  virtual bool on_send(Villain& villain, std::uint32_t to, consensus::Message& message);
  // The same, once for all peers, before it goes to each.
  virtual void on_broadcast(Villain& villain, const consensus::Message& message);
  virtual void on_receive(Villain& villain, std::uint32_t from, const consensus::Message& message);
};

}  // namespace sim::agreement
