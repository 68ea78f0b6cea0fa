// A few replicas in virtual time for directed tests: every message takes ten milliseconds unless
// `drops` says otherwise, a log becomes durable at once unless it is held, and a node can lose its
// power. The test holds all keys, so it can say what a liar would.
#pragma once

#include "base/match.h"
#include "consensus/replica.h"
#include "consensus/statements.h"
#include "consensus/tally.h"
#include "consensus/vote_guard.h"
#include "crypto/stand_in.h"
#include "tests/consensus/notebook.h"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace consensus {

class StandInVotingKey final : public VotingKey {
 public:
  explicit StandInVotingKey(const base::NodeId& key) : key_(key) {}
  const base::NodeId& id() const override { return key_; }
  crypto::Signature sign(const crypto::Statement& statement) const override {
    return crypto::sign_as_stand_in(key_, statement);
  }

 private:
  base::NodeId key_;
};

inline std::vector<Validator> test_validators(std::size_t count) {
  std::vector<Validator> out(count);
  for (std::size_t i = 0; i < count; ++i) {
    out[i].node.bytes[0] = static_cast<std::byte>(i + 1);
    out[i].vote_key.bytes[0] = static_cast<std::byte>(i + 1);
    out[i].vote_key.bytes[1] = std::byte{0xff};
  }
  return out;
}

class MeshOfReplicas {
 public:
  struct Node {
    std::unique_ptr<Notebook> notebook;
    std::unique_ptr<Replica> replica;  // null: down
    std::vector<Record> log;
    std::size_t durable = 0;
    bool disk_holds = false;  // nothing becomes durable
    bool key_spent = false;
    bool checks_wait = false;
    std::vector<CheckSignatures> waiting;
    std::vector<Decision> decisions;
    std::vector<Notebook::State> states;  // after each of them
    std::vector<EpochProof> epochs;
    std::vector<KeptPiece> pieces;  // of snapshots
    std::size_t installed = 0;      // snapshots
    std::vector<Evidence> evidence;
    std::vector<Alarm> alarms;
    std::vector<Vote> released;
    std::map<base::NodeId, std::size_t> blamed;
  };
  struct Sent {
    base::Instant at;
    std::size_t from = 0;
    std::size_t to = 0;
    Message message;
  };
  using Drops = std::function<bool(std::size_t from, std::size_t to, const Message& message)>;

  // `observers` come after the members.
  explicit MeshOfReplicas(std::size_t members, std::size_t observers = 0, Options options = {})
      : options_(options), everybody_(test_validators(members + observers)) {
    base::MeshId mesh;
    mesh.bytes[5] = std::byte{7};
    std::vector<Validator> first(everybody_.begin(),
                                 everybody_.begin() + static_cast<std::ptrdiff_t>(members));
    first_ = EpochDescriptor::first(mesh, *Committee::of(std::move(first)), {});
    nodes_.resize(everybody_.size());
    for (std::size_t i = 0; i < nodes_.size(); ++i) start(i);
  }

  void start(std::size_t index, bool abstain = false);
  // For the starts from now on.
  void use(const Options& options) { options_ = options; }
  // Forgets what was not durable, and the newest `decisions_lost` decisions.
  void lose_power(std::size_t index, std::size_t decisions_lost = 0) {
    Node& node = nodes_[index];
    node.replica.reset();
    node.log.resize(node.durable);
    for (std::size_t i = 0; i < decisions_lost && !node.decisions.empty(); ++i) {
      node.decisions.pop_back();
      node.states.pop_back();
    }
  }
  void submit(std::size_t index, const std::string& line) {
    Effects effects;
    static_cast<void>(nodes_[index].replica->on_op(base::to_bytes(line), now_, effects));
    carry_out(index, effects);
  }
  void deliver(std::size_t from, std::size_t to, Message message) {
    if (!nodes_[to].replica) return;
    Effects effects;
    nodes_[to].replica->on_message(everybody_[from].node, std::move(message), now_, effects);
    carry_out(to, effects);
  }
  void disk_catches_up(std::size_t index) {
    nodes_[index].disk_holds = false;
    Effects effects;
    nodes_[index].durable = nodes_[index].log.size();
    nodes_[index].replica->on_durable(nodes_[index].log.size(), now_, effects);
    carry_out(index, effects);
  }
  void checks_go_on(std::size_t index) {
    nodes_[index].checks_wait = false;
    Effects effects;
    for (CheckSignatures& question : std::exchange(nodes_[index].waiting, {})) {
      effects.emplace_back(std::move(question));
    }
    carry_out(index, effects);
  }
  void hint(std::size_t index, std::size_t about, bool alive) {
    Effects effects;
    nodes_[index].replica->on_liveness(everybody_[about].node, alive, now_, effects);
    carry_out(index, effects);
  }

  void run(base::Duration duration);
  // Until it holds, or so long.
  bool run_until(const std::function<bool()>& holds,
                 base::Duration most = std::chrono::seconds(60)) {
    const base::Instant end = now_ + most;
    while (now_ < end && !holds()) run(std::chrono::milliseconds(10));
    return holds();
  }
  bool all_hold(const std::string& line) const {
    return std::all_of(nodes_.begin(), nodes_.end(), [&](const Node& node) {
      return !node.replica || node.notebook->holds(line);
    });
  }
  // Past the echo check.
  void settle_start() { run(std::chrono::milliseconds(200)); }

  // ---- what a liar could say ----
  Vote vote(std::size_t index, VoteKind kind, View view, const base::Digest& block,
            const Epoch& epoch) const {
    return {.kind = kind,
            .epoch = epoch.number(),
            .view = view,
            .block = block,
            .signer = *epoch.committee().index_of(everybody_[index].node),
            .signature = crypto::sign_as_stand_in(everybody_[index].vote_key,
                                                  vote_statement(kind, epoch.id(), view, block))};
  }
  Certificate certificate(const std::vector<std::size_t>& signers, VoteKind kind, View view,
                          const base::Digest& block, const Epoch& epoch) const {
    Tally tally;
    for (const std::size_t signer : signers) {
      tally.add(crypto::Verified<Vote>::own(vote(signer, kind, view, block, epoch)),
                epoch.committee().size());
    }
    return *tally.certificate(block, epoch);
  }
  // An empty block on genesis, by the leader of that view.
  Proposal proposal(View view, const Epoch& epoch, std::uint64_t timestamp_ms = 1'000'001,
                    std::vector<Certificate> justification = {}) const {
    BlockHeader header;
    header.proposer = epoch.leader(view);
    header.epoch_id = epoch.id();
    header.view = view;
    header.height = 1;
    header.parent_hash = epoch.descriptor().anchor_hash;
    header.timestamp_ms = timestamp_ms;
    const BlockPtr block = make_block(header, {});
    return {.block = block,
            .justification = std::move(justification),
            .leader_signature =
                vote(header.proposer, VoteKind::notarize, view, block->hash(), epoch).signature};
  }

  Node& node(std::size_t index) { return nodes_[index]; }
  Replica::Standing standing(std::size_t index) const { return nodes_[index].replica->standing(); }
  const Epoch& epoch(std::size_t index = 0) const { return nodes_[index].replica->epoch(); }
  std::size_t size() const { return nodes_.size(); }
  base::Instant now() const { return now_; }
  std::size_t sent() const { return sent_; }
  std::size_t votes_sent() const { return votes_sent_; }
  Drops drops;

 private:
  void step();
  void send(std::size_t from, const base::NodeId& to, const Message& message);
  void broadcast(std::size_t from, const Message& message);
  void carry_out(std::size_t index, Effects& effects);

  Options options_;
  std::vector<Validator> everybody_;
  EpochDescriptor first_;
  std::vector<Node> nodes_;
  std::vector<Sent> flying_;
  base::Instant now_;
  std::size_t sent_ = 0;
  std::size_t votes_sent_ = 0;
};

}  // namespace consensus
