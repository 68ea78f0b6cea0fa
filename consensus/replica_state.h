// What a Replica is made of, and its steps by theme: replica.cc composes and commits,
// replica_receive.cc looks at messages before and after their signatures are checked,
// replica_answer.cc answers questions, replica_snapshot.cc hands over and takes in whole states,
// replica_recovery.cc replays the log.
#pragma once

#include "consensus/block_tree.h"
#include "consensus/core.h"
#include "consensus/epochs.h"
#include "consensus/epochs_ahead.h"
#include "consensus/intake.h"
#include "consensus/mempool.h"
#include "consensus/outbox.h"
#include "consensus/pacer.h"
#include "consensus/recent_ops.h"
#include "consensus/relay.h"
#include "consensus/repair.h"
#include "consensus/replica.h"
#include "consensus/silence.h"
#include "consensus/snapshot_fetch.h"
#include "consensus/timing.h"
#include "consensus/vote_guard.h"

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <vector>

namespace consensus {

struct Replica::State {
  State(Options options_in, Self self, Application& application_in, base::Rng rng);

  // ---- replica.cc ----
  [[nodiscard]] Moment moment(base::Instant now) const;
  // After each input: evaluates and commits until nothing moves, then repairs and flushes.
  void settle(base::Instant now, Effects& effects);
  // True if something was committed or an epoch began.
  bool commit(Moment at, Effects& effects);
  [[nodiscard]] std::optional<base::Digest> commit_target(Moment at);
  void commit_block(const BlockPtr& block, const base::Digest& target, base::Instant now,
                    Effects& effects);
  void start_epoch(EpochProof proof, base::Instant now, Effects& effects);
  void make_core(const Epoch& epoch, base::Instant now);
  void tell_newcomers(base::Instant now, Effects& effects);
  void gossip_ops(base::Instant now, Effects& effects);
  void rewrite_log(Effects& effects);
  [[nodiscard]] Repair::Peers peers() const;
  [[nodiscard]] base::Duration delay() const;

  // ---- replica_receive.cc: before the checks, then after them ----
  void receive(const base::NodeId& from, Vote& vote, base::Instant now, Effects& effects);
  void receive(const base::NodeId& from, Certificate& certificate, base::Instant now,
               Effects& effects);
  void receive(const base::NodeId& from, Proposal& proposal, base::Instant now, Effects& effects);
  void receive(const base::NodeId& from, Status& status, base::Instant now, Effects& effects);
  void receive(const base::NodeId& from, Blocks& blocks, base::Instant now, Effects& effects);
  void receive(const base::NodeId& from, Range& range, base::Instant now, Effects& effects);
  void receive(const base::NodeId& from, Certificates& answer, base::Instant now, Effects& effects);
  void receive(const base::NodeId& from, EpochProofs& proofs, base::Instant now, Effects& effects);
  void receive(const base::NodeId& from, OpGossip& gossip, base::Instant now, Effects& effects);
  void receive(const base::NodeId& from, Evidence& evidence, base::Instant now, Effects& effects);
  void admit(const Incoming& incoming, std::span<const crypto::Verdict> verdicts, base::Instant now,
             Effects& effects);
  void take_status(const base::NodeId& from, const Status& status, base::Instant now,
                   Effects& effects);
  void take_range(const Range& range, Moment at, Effects& effects);
  void take_proofs(const EpochProofs& page, Moment at, Effects& effects);
  [[nodiscard]] bool decided_lately(base::ByteView op) const;
  void take_ops(const base::NodeId& from, const std::vector<base::Bytes>& ops, base::Instant now,
                Effects& effects);
  // False: it is not taken, since too much of that peer is being checked already.
  bool check(const base::NodeId& from, EpochNumber epoch, Message message,
             std::vector<crypto::SignatureCheck> checks, bool paced, base::Instant now,
             Effects& effects);
  // Checks the vote that was set aside and that this one contradicts: both make evidence.
  void check_contradicted(const Vote& vote, base::Instant now, Effects& effects);
  // The signatures of a certificate that were not checked as votes.
  void append_unknown(const Certificate& certificate,
                      std::vector<crypto::SignatureCheck>& checks) const;
  void hear_echo(const base::NodeId& from, const Status& status, Effects& effects);
  [[nodiscard]] bool unknown_own_vote(const Vote& vote) const;
  // True if it is of another epoch, and was answered as such.
  bool other_epoch(const base::NodeId& from, EpochNumber number, bool answer, base::Instant now,
                   Effects& effects);

  // ---- replica_answer.cc ----
  void receive(const base::NodeId& from, GetBlocks& question, base::Instant now, Effects& effects);
  void receive(const base::NodeId& from, GetRange& question, base::Instant now, Effects& effects);
  void receive(const base::NodeId& from, GetCertificates& question, base::Instant now,
               Effects& effects);
  void receive(const base::NodeId& from, GetEpochs& question, base::Instant now, Effects& effects);
  void receive(const base::NodeId& from, GetReady& question, base::Instant now, Effects& effects);
  void receive(const base::NodeId& from, Readiness& answer, base::Instant now, Effects& effects);
  [[nodiscard]] Readiness readiness(const GetReady& question) const;
  void answer_range(std::uint64_t request, std::vector<Decision> decisions, base::Instant now,
                    Effects& effects);

  void receive(const base::NodeId& from, GetPieces& question, base::Instant now, Effects& effects);

  // ---- replica_snapshot.cc ----
  void renew_image(base::Instant now);
  // Without one a range has to do, for there may be no next block in a mesh that is idle.
  [[nodiscard]] bool has_image_for(const GetRange& question, Height far, base::Instant now);
  void offer_snapshot(const base::NodeId& to, EpochNumber from_epoch, base::Instant now,
                      Effects& effects);
  void receive_page(const base::NodeId& from, EpochProofs& page, base::Instant now,
                    Effects& effects);
  void receive(const base::NodeId& from, SnapshotOffer& offer, base::Instant now, Effects& effects);
  void receive(const base::NodeId& from, Pieces& pieces, base::Instant now, Effects& effects);
  [[nodiscard]] bool far_ahead(const SnapshotOffer& offer) const;
  // Or nobody has the blocks: as many say so that one of them is correct.
  [[nodiscard]] bool has_to_do(const base::NodeId& from, const SnapshotOffer& offer);
  void take_offer(const base::NodeId& from, const SnapshotOffer& offer, Effects& effects);
  void tend_snapshot(base::Instant now, Effects& effects);
  void install_snapshot(base::Instant now, Effects& effects);

  // ---- replica_recovery.cc ----
  void recover(Recovery recovery, base::Instant now, Effects& effects);
  void start_listening(base::Instant now);

  // A range whose end a quorum finalized: may be committed although F is further on.
  struct Proven {
    base::Digest hash;
    Certificate finalization;
    std::vector<BlockHeader> tail;
  };
  struct Asked {
    base::NodeId by;
    Height from = 0;
    EpochNumber epoch = 0;
  };
  // A snapshot that others fetch from us.
  struct Serving {
    BlockPtr block;
    Certificate finalization;
    std::unique_ptr<StateImage> image;
    base::Instant made;
    base::Instant used;
    std::optional<base::Instant> fetched;  // a piece of it, last
  };

  const Options options;
  const base::NodeId self;
  Application& application;
  Epochs epochs;
  EpochsAhead ahead;  // on the newest of them
  Outbox outbox;
  VoteGuard guard;
  Mempool mempool;
  Repair repair;
  Timing timing;
  Silence silence;
  Relay relay;  // of the epoch before, too: others may lack what ended it
  Intake intake;
  Pacer pacer;
  std::optional<BlockTree> tree;  // from on_start on
  std::optional<Core> core;       // from on_start on; replaced with each epoch

  base::WallTime wall;  // at wall_at
  base::Instant wall_at;
  std::optional<Proven> proven;
  std::map<base::NodeId, base::Instant> heard;   // who spoke lately, members or not; bounded
  std::optional<base::Instant> listening_until;  // echo check
  std::set<base::NodeId> echoed;
  base::Instant ask_again;  // while listening
  base::Instant next_op_gossip;
  EpochNumber ops_told_in = 0;  // whose members were told of the ops that wait
  RecentOps decided_ops;
  SnapshotFetch fetch;
  std::set<base::NodeId> without_blocks;  // offered a state that is hardly ahead, since the last
                                          // range came; bounded
  std::optional<Serving> serving;
  std::map<std::uint64_t, Asked> ranges_asked;  // ReadRange requests of peers; bounded
  std::uint64_t next_range = 1;
  base::Instant settled_at;
  Height stored = 0;
  LogPosition rewritten_at = 0;
};

}  // namespace consensus
