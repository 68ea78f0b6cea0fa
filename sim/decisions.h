// What agreement needs of a simulated world, and what the world asks of it: genesis, voting keys,
// disks and channels of every node; proposals, joins, evictions and changes of the committee, asked
// for again until they are decided, as clients do; and what is seen of all that, for the checkers.
// A world without validators has none of this.
#pragma once

#include "base/ids.h"
#include "base/rng.h"
#include "consensus/options.h"
#include "crypto/identity.h"
#include "ledger/genesis.h"
#include "ledger/op.h"
#include "node/kernel/kernel.h"
#include "sim/agreement_disk.h"
#include "sim/agreement_frames.h"
#include "sim/disk.h"
#include "sim/lying_validators.h"
#include "sim/observer.h"
#include "sim/surroundings.h"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace sim {

class Decisions {
 public:
  struct Access {
    std::function<Disk&(NodeIndex node)> disk;  // whose faults hold for the log, too
    std::function<const kernel::Kernel*(NodeIndex node)> kernel;  // null while it does not run
    std::function<const crypto::Identity&(NodeIndex node)> identity;
  };

  // All of them outlive this.
  Decisions(const Scenario& scenario, const base::MeshId& mesh, consensus::Weakness weakness,
            Surroundings& world, Access access, Observer& observer);

  // For the next start of this node.
  [[nodiscard]] kernel::AgreementOptions options_for(NodeIndex node);
  void stopped(NodeIndex node, bool crashed);
  // While it does not run.
  void lose_log(NodeIndex node);
  void renew_key(NodeIndex node);
  void copy_disk(NodeIndex node);  // also while it runs
  void put_back_disk(NodeIndex node);

  [[nodiscard]] bool lies(NodeIndex node) const { return liars_.lies(node); }

  // ---- effects ----
  void carry_out(NodeIndex node, kernel::SendAgreement&& effect);
  void carry_out(NodeIndex node, kernel::AppendLog&& effect);
  void carry_out(NodeIndex node, const kernel::SyncLog& effect);
  void carry_out(NodeIndex node, kernel::RewriteLog&& effect);
  void carry_out(NodeIndex node, kernel::StoreDecisions&& effect);
  void carry_out(NodeIndex node, kernel::StoreState&& effect);
  void carry_out(NodeIndex node, kernel::KeepPiece&& effect);
  void carry_out(NodeIndex node, kernel::StoreEpoch&& effect);
  void carry_out(NodeIndex node, const kernel::SpendKey& effect);
  void carry_out(NodeIndex node, const kernel::ReadDecisions& effect);
  void dropped(NodeIndex node, const base::NodeId& peer);

  // ---- what the world sees ----
  // The effects of one input, before they are carried out.
  void look(NodeIndex node, const kernel::Effects& effects);
  // Both would take the other's handshake.
  [[nodiscard]] bool admits(NodeIndex a, NodeIndex b) const;
  // Not let in, or put out, as far as anybody knows.
  [[nodiscard]] bool outside(NodeIndex node) const { return outside_[node]; }

  // It lies about decisions, was cut off for it, and so knows nothing of who was put out or let in
  // since: to it that one lives, or is nobody.
  [[nodiscard]] bool misled(NodeIndex node) const;

  // ---- what is asked of the mesh ----
  void begin(const Fault& fault);  // evict, reconfigure
  void propose(std::uint32_t number);
  void calm();  // chaos is over: everybody who can proposes once more
  void second();
  // What is not as it should be once all is calm; empty if nothing.
  [[nodiscard]] std::string unsettled() const;
  void end();

  [[nodiscard]] std::uint64_t frame_bytes() const { return frames_.bytes(); }
  // Of a run by choices.
  [[nodiscard]] const std::set<std::uint32_t>& situations() const { return situations_; }

 private:
  struct Wish {  // an op that somebody wants decided
    NodeIndex by = 0;
    ledger::Op op;
  };
  struct Goal {  // what ops shall bring about
    FaultKind kind = FaultKind::evict;
    std::vector<NodeIndex> nodes;
  };

  [[nodiscard]] kernel::AgreementOptions options_with(NodeIndex node,
                                                      kernel::StoredAgreement stored) const;
  // False: it is not for the kernel.
  bool overhear(NodeIndex to, NodeIndex from, base::ByteView frame);
  [[nodiscard]] const kernel::Agreement* agreement(NodeIndex node) const;
  [[nodiscard]] bool founded(NodeIndex node) const;
  [[nodiscard]] bool is_member(const ledger::State& state, NodeIndex node) const;
  [[nodiscard]] std::string why_not_admitted(const kernel::Agreement& own, NodeIndex node) const;
  [[nodiscard]] std::optional<NodeIndex> an_operator() const;
  [[nodiscard]] const kernel::Agreement* newest() const;
  void submit(NodeIndex node, ledger::Payload payload, bool wanted);
  void join_missing();
  void pursue();
  // True once it is reached, or never can be.
  bool pursue(const Goal& goal);
  bool pursue_eviction(NodeIndex by, NodeIndex target);
  bool pursue_committee(NodeIndex by, const std::vector<NodeIndex>& nodes);
  void resubmit();
  [[nodiscard]] std::string text_of(const Wish& wish, const kernel::Agreement* best) const;
  [[nodiscard]] bool no_longer_due(const Wish& wish) const;
  void see_made(const base::Digest& op);
  void see_decided(NodeIndex node, const kernel::StoredDecision& decision,
                   const ledger::State* state);
  void check_listed(NodeIndex node, const kernel::StoredDecision& decision,
                    const consensus::Block& block);
  void see_evidence(const consensus::Block& block);
  void see_welcome(const kernel::Agreement& seen);
  void see_doors(NodeIndex node);
  void see_votes(NodeIndex node, const base::Bytes& frame);
  void sync_log(NodeIndex node, std::uint32_t life, std::uint64_t position, base::Instant since);
  template <class Effect>
  void archive(NodeIndex node, Effect&& effect);
  void sync_archive(NodeIndex node, std::uint32_t life);

  const Scenario& scenario_;
  const consensus::Weakness weakness_;
  Surroundings& world_;
  const Access access_;
  Observer& observer_;
  const base::Rng rng_;
  ledger::Genesis genesis_;
  std::vector<crypto::Identity> voting_keys_;
  std::vector<std::uint32_t> keys_made_;  // for each node, besides the first
  std::vector<base::Bytes> said_;         // by each node, last
  std::vector<AgreementDisk> disks_;
  std::map<NodeIndex, AgreementDisk> copies_;
  std::vector<bool> archiving_;
  AgreementFrames frames_;
  LyingValidators liars_;
  std::vector<bool> outside_;
  std::vector<Goal> goals_;
  std::vector<Wish> wishes_;
  std::set<base::Digest> decided_;                // ids of ops
  std::uint64_t height_ = 0;                      // that anybody has decided
  std::map<std::uint64_t, std::uint64_t> views_;  // the highest of each epoch
  std::set<std::uint32_t> situations_;
  bool calm_ = false;
  bool state_came_whole_ = false;  // of the decision that is looked at
};

}  // namespace sim
