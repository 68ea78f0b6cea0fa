// One epoch's agreement: Simplex (Chan and Pass, eprint 2023/463) with notarize, nullify and
// finalize votes. There is no lock. A view ends with a notarization or a nullification; a block is
// final by its own second round of votes.
//
//            proposal, valid, in order (R2)              notarization (R4)
//   enter v ------------------------------> notarize v ------------------> finalize v, enter v+1
//      \                                        |                            |  (R3: never after
//       \ timer, bad proposal (R5)              | nullification (R6)         |   our nullify)
//        `----------> nullify v ----------------+--> enter v+1               v
//                                                             finalization (R7): F = v, commit
//
// The rule numbers are those of CONSENSUS 3.5. The caller (Replica) commits what F names, starts
// the next epoch and drops this Core then: nothing calls a Core of an epoch that is over.
#pragma once

#include "base/time.h"
#include "consensus/application.h"
#include "consensus/block_tree.h"
#include "consensus/certificate.h"
#include "consensus/effect.h"
#include "consensus/epoch.h"
#include "consensus/mempool.h"
#include "consensus/message.h"
#include "consensus/options.h"
#include "consensus/outbox.h"
#include "consensus/relay.h"
#include "consensus/repair.h"
#include "consensus/silence.h"
#include "consensus/timing.h"
#include "consensus/view_state.h"
#include "consensus/vote_guard.h"
#include "crypto/verified.h"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace consensus {

// Both clocks: deadlines go by the first, blocks carry the second.
struct Moment {
  base::Instant now;
  std::uint64_t wall_ms = 0;
};

// The highest known finalization. At the start of an epoch: view 0, the anchor, no certificate.
struct Finalized {
  View view = 0;
  base::Digest hash;
  std::optional<Certificate> certificate;
};

class Core {
 public:
  // All outlive it.
  struct Parts {
    Application& application;
    BlockTree& tree;
    VoteGuard& guard;
    Mempool& mempool;
    Repair& repair;
    Outbox& outbox;
    Timing& timing;
    Silence& silence;
    Relay& relay;
    const Options& options;
  };

  Core(const Epoch& epoch, const Parts& parts, base::Instant now);

  // ---- inputs; the signer of a vote was held against its link ----
  void on_vote(const crypto::Verified<Vote>& vote, Moment at, Effects& effects);
  void on_certificate(const crypto::Verified<Certificate>& certificate, Moment at,
                      Effects& effects);
  void on_proposal(const crypto::Verified<Proposal>& proposal, Moment at, Effects& effects);
  // Of a status, whose certificate came in separately: what it lacks, if anything.
  void on_peer_behind(const base::NodeId& peer, const Status& status, Effects& effects);
  // Everything that follows from state and time: R1, R2, R3, R5. After each input.
  void evaluate(Moment at, Effects& effects);
  // R11.
  void retransmit(Moment at, Effects& effects);
  // A vote of ours, or a proposal with one, that has become durable: now it counts here, too.
  void on_released(const Message& message, Moment at, Effects& effects);
  // F is committed locally, or is not.
  void on_committed() { uncommitted_since_.reset(); }
  // A block with ops is decided, before they leave the mempool.
  void note_crowd();
  void on_uncommitted(base::Instant now);
  // Emits evidence once per signer and type.
  void report(const Evidence& evidence, Effects& effects);
  // Our software disagrees with a quorum: vote no more in this epoch (3.8).
  void stop(const std::string& why, Effects& effects);

  // ---- replay ----
  void restore(const Certificate& certificate, Effects& effects);
  void restore(const Vote& vote);

  // ---- views ----
  [[nodiscard]] const Epoch& epoch() const { return epoch_; }
  [[nodiscard]] View view() const { return view_; }
  [[nodiscard]] const Finalized& finalized() const { return finalized_; }
  [[nodiscard]] bool busy(Moment at);
  [[nodiscard]] base::Instant next_deadline() const;
  [[nodiscard]] Status status_for(const base::NodeId& peer) const;
  // What we hold of those views, the finalization for those that are over.
  [[nodiscard]] std::vector<Certificate> certificates(const std::vector<View>& views) const;
  [[nodiscard]] const ViewState* find(View view) const;
  [[nodiscard]] const std::map<View, ViewState>& views() const { return views_; }
  // That certificate would change nothing here: do not check its signatures.
  [[nodiscard]] bool knows(const Certificate& certificate) const;
  // That vote would, if its signature holds.
  [[nodiscard]] bool wants(const Vote& vote) const;
  // True if a certificate says it already: it is kept, but need not be checked.
  bool set_aside(const Vote& vote);
  // One that was set aside and that this one contradicts; it stays there until it is dropped.
  [[nodiscard]] std::optional<Vote> contradicted(const Vote& vote) const;
  void drop_set_aside(const Vote& vote);
  // The same signature was checked as a vote.
  [[nodiscard]] bool knows(const Vote& vote) const;
  // The records that stand for everything that this Core promised and knows.
  [[nodiscard]] std::vector<Record> snapshot() const;
  // Views that have votes and not only certificates.
  [[nodiscard]] std::size_t tallied_views() const;
  [[nodiscard]] std::size_t reports() const { return reported_.size(); }
  [[nodiscard]] bool stopped() const { return stopped_; }
  [[nodiscard]] bool armed() const { return armed_.has_value(); }
  [[nodiscard]] bool reported(const Evidence& evidence) const;
  // That peer lacks something that we have.
  [[nodiscard]] bool ahead_of(const Status& status) const;
  [[nodiscard]] base::Instant final_since() const { return final_since_; }
  [[nodiscard]] std::optional<base::Instant> uncommitted_since() const {
    return uncommitted_since_;
  }

 private:
  struct ParentChoice {
    View view = 0;
    base::Digest hash;
    std::vector<Certificate> justification;
  };
  enum class Ancestry : std::uint8_t { good, wait, bad };

  // core.cc: certificates and votes
  void enter(View view, base::Instant now);
  void on_finalization(const Certificate& certificate, Moment at, Effects& effects);
  void count(const crypto::Verified<Vote>& vote, Moment at, Effects& effects);
  void look_for_evidence(const Vote& vote, const ViewState& state, Effects& effects);
  void keep_newest(const Vote& vote);
  void forget_old_tallies();

  // core_voting.cc: proposals and own votes
  void propose(Moment at, Effects& effects);
  [[nodiscard]] std::optional<ParentChoice> choose_parent(Effects& effects);
  [[nodiscard]] base::Instant gather_until(const ParentBlock& parent, Moment at);
  void propose_on(const ParentChoice& choice, const ParentBlock& parent, Moment at,
                  Effects& effects);
  [[nodiscard]] BlockContext context_on(const ParentBlock& parent, Moment at) const;
  [[nodiscard]] bool op_pending(Moment at);
  void notarize(Moment at, Effects& effects);
  [[nodiscard]] Ancestry ancestry(const BlockHeader& header);
  void finalize(Moment at, Effects& effects);
  void nullify(Moment at, Effects& effects);
  [[nodiscard]] bool nullify_due(Moment at);
  void arm(Moment at);
  [[nodiscard]] bool cast(VoteKind kind, View view, const base::Digest& block, Effects& effects,
                          Vote& vote);
  // core_retransmit.cc
  void resend_own(Moment at, Effects& effects);
  [[nodiscard]] bool resend_proposal(const Vote& vote, Effects& effects);

  [[nodiscard]] bool may_vote() const { return !stopped_ && parts_.guard.may_vote(); }
  [[nodiscard]] bool tallied(View view) const {
    return view + parts_.options.tallied_views_max > view_;
  }
  [[nodiscard]] Timing::Progress progress() const;
  [[nodiscard]] SignerIndex leader() const { return epoch_.leader(view_); }

  const Epoch& epoch_;
  const Parts parts_;
  Finalized finalized_;
  View view_ = 1;
  std::map<View, ViewState> views_;                 // above finalized_.view
  std::optional<Certificate> entry_;                // by which we entered view_
  std::vector<std::vector<Vote>> last_votes_;       // by signer: the newest that we hold, at most 3
  std::set<std::pair<SignerIndex, int>> reported_;  // evidence: once per signer and type
  bool stopped_ = false;                            // our software disagrees with a quorum

  base::Instant entered_;
  std::optional<base::Instant> armed_;          // since when the view's timers run
  std::optional<base::Instant> busy_since_;     // across views
  std::optional<base::Instant> could_propose_;  // in this view: since then there is something
  base::Duration decision_took_{};              // the last, from its proposal on
  std::size_t crowd_ = 0;        // ops under way together at a decision; halved where it is fewer
  bool op_was_pending_ = false;  // when the timers were looked at last
  std::size_t asked_next_ = 0;   // an observer's
  base::Instant final_since_;    // the last finalization: for the heartbeat
  std::optional<base::Instant> uncommitted_since_;
  bool leader_nullified_ = false;  // R5: its own nullify is here
  bool contradicted_ = false;      // R5: the proposal of this view can never be voted for
  base::Instant look_again_;       // something waits for the clock
  base::Instant next_retransmit_;
};

}  // namespace consensus
