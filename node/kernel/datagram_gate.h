// The door for datagrams: nothing passes that a member did not seal for this node, in this mesh,
// once.
//
// Checks run from cheap to dear, and the first that fails ends it: length, version, mesh tag, a
// known sender (or an introduction), the replay window, the seal, the sender's token bucket; only
// then is anything remembered. Garbage, forgeries and replays therefore cost little, change nothing
// and get no answer. An introduction by somebody unknown is opened, within one bucket for all of
// them, and leaves no trace either: the caller allows its sender once the sender's record was
// verified.
//
// Only what a member sealed is charged to it: the first bytes of its id are public, so what anybody
// writes under them must not use up its rate. Seals that do not open are charged to the address
// that they came from, except the sender's own: whoever can write that as well costs us the seal's
// microseconds, and silences nobody.
#pragma once

#include "base/bytes.h"
#include "base/endpoint.h"
#include "base/ids.h"
#include "base/permit_rate.h"
#include "base/recent_table.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/identity.h"
#include "crypto/replay_window.h"
#include "crypto/sealed.h"
#include "wire/envelope.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <optional>
#include <string_view>

namespace kernel {

enum class GateError : std::uint8_t {
  wrong_size,
  unknown_version,
  foreign_mesh,
  unknown_sender,
  rate_limited,           // this member sends more than one may, or this address too many bad seals
  introductions_limited,  // all unknown ones together
  replayed,
  not_authentic,  // the seal does not open
  unusable_key,   // the peer's id is no key that a pair can share
};
[[nodiscard]] std::string_view to_string(GateError error);

struct GateOptions {
  std::size_t datagram_max = 1'400;  // bytes, envelope and seal included
  std::size_t peers_max = 20'000;
  std::size_t keys_max = 4'096;  // derived keys that are kept; the others are derived when needed
  std::uint32_t peer_datagrams_per_second = 500;
  std::uint32_t peer_burst = 1'000;
  // Of seals that do not open, from one address.
  std::uint32_t failures_per_second = 100;
  std::uint32_t failures_burst = 500;
  std::size_t failing_addresses_max = 1'024;
  // Of all unknown senders together. In a join storm every newcomer is unknown to everybody, and
  // what is dropped here looks like silence to its monitors. At the bound a flood costs 4 % of a
  // core.
  std::uint32_t introductions_per_second = 500;
  std::uint32_t introductions_burst = 1'000;
  // Anything else only in a simulated world of many nodes, which saves the curve there.
  std::function<std::optional<crypto::PairKeys>(const crypto::Identity& own,
                                                const base::NodeId& peer, const base::MeshId& mesh)>
      derive_keys = crypto::PairKeys::derive;
};

class DatagramGate {
 public:
  struct Opened {
    base::NodeId sender;
    bool introduced = false;  // the sender gave its whole id: it is not sure that we know it
    base::Bytes plaintext;
  };

  // `epoch` is on disk already, and no other run of this identity used it or will.
  DatagramGate(crypto::Identity identity, const base::MeshId& mesh, std::uint64_t epoch,
               GateOptions options = {});
  DatagramGate(DatagramGate&&) = default;
  DatagramGate& operator=(DatagramGate&&) = default;
  DatagramGate(const DatagramGate&) = delete;  // its tables point into each other
  DatagramGate& operator=(const DatagramGate&) = delete;

  // From now on under a higher epoch (it is on disk before anything sealed leaves); a lower or
  // equal one changes nothing. False if it is beyond the last: then the present one stays, which is
  // safe for as long as this run lasts.
  bool claim(std::uint64_t epoch);

  // `record` says where the peer is and in which epoch: what it sealed in older ones is not taken
  // any more, so that recordings of its past tell nothing to whoever just started or forgot it.
  // False when the table is full or it is this node itself. Allowing again brings both up to date.
  struct Known {
    std::uint64_t epoch = 0;
    base::Endpoint at;
  };
  bool allow(const base::NodeId& peer, const Known& record);
  void forget(const base::NodeId& peer);
  [[nodiscard]] bool knows(const base::NodeId& peer) const { return peers_.contains(peer); }

  // The bytes to send. `introduces` is for peers that may not know this node yet. The peer need not
  // be allowed. Fails with wrong_size or unusable_key.
  [[nodiscard]] base::Result<base::Bytes, GateError> seal(const base::NodeId& peer, bool introduces,
                                                          base::ByteView plaintext);
  [[nodiscard]] base::Result<Opened, GateError> open(const base::Endpoint& from,
                                                     base::ByteView datagram, base::Instant now);

  // How much plaintext fits into one datagram.
  [[nodiscard]] std::size_t plaintext_max(bool introduces) const;

  [[nodiscard]] std::uint64_t opened() const { return opened_; }
  [[nodiscard]] std::uint64_t refused(GateError error) const;
  [[nodiscard]] std::size_t keys_kept() const { return newest_first_.size(); }

 private:
  struct Peer {
    base::PermitRate rate;
    crypto::ReplayWindow window;
    base::Endpoint at;  // of its record, or of the last that it sealed
    std::optional<crypto::PairKeys> keys;
    std::list<base::NodeId>::iterator used;  // in newest_first_, while `keys` is set
  };
  using Peers = std::map<base::NodeId, Peer>;
  using Address = decltype(base::Endpoint::ip);

  [[nodiscard]] base::Result<Opened, GateError> examine(const base::Endpoint& from,
                                                        base::ByteView datagram, base::Instant now);
  [[nodiscard]] base::Result<Opened, GateError> open_known(Peers::iterator peer,
                                                           const base::Endpoint& from,
                                                           const wire::OpenedEnvelope& envelope,
                                                           base::Instant now);
  // Of seals that do not open.
  [[nodiscard]] base::PermitRate& failures_of(const base::Endpoint& from);
  [[nodiscard]] base::Result<Opened, GateError> open_introduction(
      const wire::OpenedEnvelope& envelope, base::Instant now);
  [[nodiscard]] const crypto::PairKeys* keys_of(Peers::iterator peer);

  crypto::Identity identity_;
  base::MeshId mesh_;
  GateOptions options_;
  std::uint32_t epoch_;
  std::uint64_t counter_ = 0;  // of the last datagram sealed, to whomever
  Peers peers_;                // ordered, so that a short id finds its whole ids by prefix
  std::list<base::NodeId> newest_first_;  // peers whose keys are kept, at most keys_max
  base::PermitRate introductions_;
  base::RecentTable<Address, std::optional<base::PermitRate>> failures_;
  std::uint64_t opened_ = 0;
  std::array<std::uint64_t, 9> refused_{};  // by GateError
};

}  // namespace kernel
