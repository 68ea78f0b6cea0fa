// This node's part in what the mesh decides: consensus over the ledger, with its bytes in and out.
// Sans-IO like the rest of the kernel, and the same for validators and observers. A mesh without
// validators has none.
#pragma once

#include "base/bytes.h"
#include "base/ids.h"
#include "base/rng.h"
#include "base/time.h"
#include "consensus/replica.h"
#include "crypto/identity.h"
#include "ledger/genesis.h"
#include "ledger/op.h"
#include "ledger/view.h"
#include "node/kernel/committee_change.h"
#include "node/kernel/decided_state.h"
#include "node/kernel/effect.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kernel {

// What the last run left of agreement; empty on the first.
struct StoredAgreement {
  std::vector<base::Bytes> epochs;       // wire forms of how they ended
  std::optional<StoredDecision> newest;  // with its proof
  std::vector<std::pair<std::string, base::Bytes>> state;
  std::vector<std::pair<std::uint32_t, base::Bytes>> pieces;  // of a snapshot, not complete
  std::vector<PassedOver> passed_over;                        // ascending
  std::vector<base::Bytes> log;
  std::uint64_t log_position = 0;
  bool key_spent = false;  // not all that it promised is in the log: no vote with this key
};

// Marks the batches of signatures that are agreement's; the others are membership's.
inline constexpr std::uint64_t agreement_batch = std::uint64_t{1} << 63U;

struct AgreementOptions {
  ledger::Genesis genesis;
  consensus::Options consensus;
  std::optional<crypto::Identity> voting_key;  // of a validator
  StoredAgreement stored;
  base::Duration gather = std::chrono::milliseconds(1);  // proposals that are signed together
  std::size_t fanout = 5;              // observers told of a decision by each that learned of it
  std::size_t decisions_kept = 1'024;  // that can be asked for without the disk
};

// A decided op, as it is shown.
struct DecisionView {
  base::Digest op;
  base::NodeId author;
  ledger::OpKind kind = ledger::OpKind::leave;
  std::uint64_t height = 0;
  std::uint64_t epoch = 0;
  std::uint64_t timestamp_ms = 0;
  std::uint32_t place = 0;  // among the ops of its block
  base::Digest block;
  std::vector<ledger::Event> events;
};

class Agreement {
 public:
  Agreement(AgreementOptions options, const crypto::Identity& identity, base::Rng rng);
  // The error says what of the stored things does not fit together; nothing is used then.
  [[nodiscard]] base::Result<void, std::string> on_start(base::WallTime wall, base::Instant now,
                                                         Effects& effects);

  void on_wall_clock(base::WallTime wall, base::Instant now);
  void on_time(base::Instant now, Effects& effects);
  [[nodiscard]] base::Instant next_deadline() const;
  // False: no message of agreement.
  bool on_message(const base::NodeId& from, base::ByteView bytes, base::Instant now,
                  Effects& effects);
  void on_signatures_checked(std::uint64_t batch, std::span<const crypto::Verdict> verdicts,
                             base::Instant now, Effects& effects);
  void on_log_synced(std::uint64_t position, base::Duration took, base::Instant now,
                     Effects& effects);
  void on_decisions_stored(std::uint64_t height) { replica_->on_stored(height); }
  void on_decisions_read(std::uint64_t request, const std::vector<StoredDecision>& decisions,
                         base::Instant now, Effects& effects);
  // Of this node's own user. What comes up within a moment is signed together, if others of ours
  // are under way already.
  void on_proposed(ledger::Op draft, base::Instant now, Effects& effects);
  // A proposal with a change of the committee, whose attestations it still lacks: they are asked
  // for, and then it is proposed. Answered by one ProposalSettled.
  void on_committee_proposed(std::uint64_t request, ledger::Payload payload, base::Instant now,
                             Effects& effects);
  void on_liveness(const base::NodeId& peer, bool alive, base::Instant now, Effects& effects);
  void on_round_trip(const base::NodeId& peer, base::Duration round_trip);

  // An op of this node's own, for on_proposed(): numbered above all its others, good for as long as
  // the ledger lets it be.
  [[nodiscard]] ledger::Op draft(ledger::Payload payload) const;

  // Whether one more op of ours has a place among those that wait.
  [[nodiscard]] bool has_room() const;
  // An invitation into this mesh, signed by this node; of a zero id: for whoever shows it first.
  [[nodiscard]] ledger::Invitation invite(const base::NodeId& invitee,
                                          std::uint64_t not_after_ms) const;
  // A Join that shows it, signed by this node.
  [[nodiscard]] base::Bytes signed_join(const ledger::Invitation& invitation) const;
  // Somebody who is no member may bring a Join with an invitation.
  [[nodiscard]] bool may_knock(const base::NodeId& id) const;
  void on_knock(const base::NodeId& from, base::ByteView op, base::Instant now, Effects& effects);

  // Why the op could not be decided if it came next, as far as this node knows.
  [[nodiscard]] std::optional<ledger::Reason> refusal(const ledger::Op& op) const;

  // Who may take part now and might not before, or the other way round, since this was asked last;
  // an empty list: perhaps everybody.
  [[nodiscard]] std::optional<std::vector<base::NodeId>> take_doors_changed() {
    return std::exchange(doors_changed_, std::nullopt);
  }

  // ---- views ----
  [[nodiscard]] std::uint64_t wall_ms() const;
  [[nodiscard]] bool welcomes(const base::NodeId& id) const {
    return ledger::is_welcome(state(), id);
  }
  [[nodiscard]] const ledger::State& state() const { return state_->state(); }
  [[nodiscard]] const consensus::Replica& replica() const { return *replica_; }
  [[nodiscard]] const std::deque<DecisionView>& decisions() const { return decisions_; }
  // Decided and not here, ascending.
  [[nodiscard]] const std::vector<PassedOver>& passed_over() const { return passed_over_; }
  [[nodiscard]] std::uint64_t decided() const { return decided_; }  // ops, in this run
  [[nodiscard]] std::uint64_t alarms() const { return alarms_; }
  [[nodiscard]] const std::string& last_alarm() const { return last_alarm_; }  // "" = none
  // Nothing was heard for so long that what is shown may be out of date (CONSENSUS 3.10).
  [[nodiscard]] bool stale(base::Instant now) const;

  // Whom a decision is told; chosen by the kernel among the members.
  using Observers = std::function<std::vector<base::NodeId>(std::size_t max)>;
  void choose_observers(Observers observers) { observers_ = std::move(observers); }

 private:
  void sign_drafts(base::Instant now, Effects& effects);
  void take(consensus::Effects& from, Effects& effects);
  void take(consensus::Effect&& effect, Effects& effects);
  void take(consensus::Decided&& effect, Effects& effects);
  void take(consensus::Installed&& effect, Effects& effects);
  void take(const consensus::Alarm& alarm, Effects& effects);
  void publish(const consensus::Certificate& finalization, Effects& effects);
  void heed_doors(const ledger::Event& event, Effects& effects);
  void flush_decisions(Effects& effects);
  void tell_policies(Effects& effects) const;
  void show(const Applied& applied, std::uint64_t epoch);
  // agreement_changes.cc
  void accuse(const consensus::Evidence& evidence, Effects& effects);
  void tend_accusations(base::Instant now, Effects& effects);
  void hear_readiness(base::Instant now, Effects& effects);
  void tend_changes(base::Instant now, Effects& effects);
  void settle_change(std::uint64_t request, const CommitteeChange& change, base::Instant now,
                     Effects& effects);

  AgreementOptions options_;
  const crypto::Identity identity_;
  base::Rng rng_;
  std::unique_ptr<DecidedState> state_;  // sole owner, as the next one, which refers to it
  std::unique_ptr<consensus::Replica> replica_;
  Observers observers_;
  consensus::Effects scratch_;  // empty between inputs, as the next three
  std::vector<consensus::ReadinessHeard> readiness_heard_;
  std::vector<StoredDecision> deciding_;
  ledger::Changes changes_;                                 // of decisions that are not stored yet
  std::map<std::uint64_t, CommitteeChange> changes_asked_;  // by request; bounded
  // Evidence that is not decided yet, by where it will stand in the state; bounded.
  std::map<std::string, ledger::ReportEvidence> accusations_;
  base::Instant accuse_at_;
  std::vector<ledger::Op> drafts_;  // not signed yet, in order; fewer than op_set_max
  base::Instant sign_at_ = base::Instant::never();
  std::deque<DecisionView> decisions_;  // the newest last
  std::optional<std::vector<base::NodeId>> doors_changed_;
  std::vector<PassedOver> passed_over_;
  std::uint64_t decided_ = 0;
  std::uint64_t alarms_ = 0;
  std::string last_alarm_;
  base::Instant heard_;  // a finalization, last
  base::WallTime wall_;
  base::Instant wall_read_;
  mutable std::uint64_t drafted_ = 0;  // the highest number that was given to an op
};

}  // namespace kernel
