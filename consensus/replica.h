// One node's part in agreement: the Core of the current epoch, the vote guard, mempool, repair,
// epochs and the way to the log, composed. Sans-IO: messages come in decoded and with an
// authenticated sender, effects go out in order, time is an argument. The same for validators and
// for observers, who only follow. CONSENSUS 3; docs/internals/agreement.md says what differs.
#pragma once

#include "base/ids.h"
#include "base/rng.h"
#include "base/time.h"
#include "consensus/application.h"
#include "consensus/effect.h"
#include "consensus/epoch.h"
#include "consensus/mempool.h"
#include "consensus/message.h"
#include "consensus/options.h"
#include "consensus/record.h"
#include "consensus/voting_key.h"
#include "crypto/verified.h"

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace consensus {

class Replica {
 public:
  struct Self {
    base::NodeId node;
    EpochDescriptor first;                  // epoch 0, as genesis says
    std::unique_ptr<VotingKey> voting_key;  // null: never votes
  };

  // The application holds the state of `recovery.decision`, or of genesis.
  Replica(Options options, Self self, Application& application, base::Rng rng);
  ~Replica();
  Replica(Replica&&) noexcept;

  // First call: replays the log. `abstain`: the key is spent (key_fate.h), so no vote with it.
  void on_start(Recovery recovery, bool abstain, base::WallTime wall, base::Instant now,
                Effects& effects);
  void on_wall_clock(base::WallTime wall, base::Instant now);
  void on_time(base::Instant now, Effects& effects);
  [[nodiscard]] base::Instant next_deadline() const;

  // `from` was authenticated by its link.
  void on_message(const base::NodeId& from, Message message, base::Instant now, Effects& effects);
  void on_signatures_checked(std::uint64_t request, std::span<const crypto::Verdict> verdicts,
                             base::Instant now, Effects& effects);
  // Every record up to there survives a loss of power.
  void on_durable(LogPosition position, base::Instant now, Effects& effects);
  // Decisions up to there, and the state they led to, survive it too.
  void on_stored(Height height);
  void on_range_read(std::uint64_t request, std::vector<Decision> decisions, base::Instant now,
                     Effects& effects);
  // From this node's own user. What comes of it is seen in decisions only.
  Admission on_op(base::Bytes op, base::Instant now, Effects& effects);
  // As on_op(), of ops that this node signed itself a moment ago.
  void on_own_ops(std::vector<base::Bytes> ops, base::Instant now, Effects& effects);

  // Hints: what probes and membership show.
  void on_round_trip(const base::NodeId& peer, base::Duration srtt, base::Duration variance);
  void on_sync_time(base::Duration p99);
  void on_liveness(const base::NodeId& peer, bool alive, base::Instant now, Effects& effects);

  // ---- views ----
  struct Standing {
    EpochNumber epoch = 0;
    View view = 0;
    View finalized_view = 0;
    base::Digest finalized_hash;
    Height height = 0;   // committed here
    base::Digest block;  // committed here
    bool validator = false;
    bool abstains = false;
    bool listening = false;  // echo check
    bool busy = false;
    std::size_t pending_ops = 0;
  };
  [[nodiscard]] Standing standing() const;
  [[nodiscard]] std::size_t pending_ops_of(const base::NodeId& author) const;
  [[nodiscard]] const Epoch& epoch() const;
  // Whether this node could take its seat in that committee.
  [[nodiscard]] Readiness readiness(const GetReady& question) const;
  // One that was accepted here, or null.
  [[nodiscard]] const Epoch* find_epoch(EpochNumber number) const;
  [[nodiscard]] const Epoch* find_epoch(const base::Digest& id) const;
  // How an epoch ended; null if we do not know that.
  [[nodiscard]] const EpochProof* end_of(EpochNumber number) const;
  // What is kept for others' sake, and how much of it may be (3.12).
  struct Fill {
    std::string_view what;
    std::size_t size = 0;
    std::size_t limit = 0;
  };
  static constexpr std::size_t fills_max = 11;
  [[nodiscard]] std::array<Fill, fills_max> fills() const;
  // Of the current epoch, as the guard remembers them.
  [[nodiscard]] std::vector<Vote> own_votes() const;

 private:
  struct State;
  std::unique_ptr<State> state_;  // sole owner
};

}  // namespace consensus
