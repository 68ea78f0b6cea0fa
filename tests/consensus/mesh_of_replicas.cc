#include "tests/consensus/mesh_of_replicas.h"

#include <algorithm>
#include <utility>

namespace consensus {

void MeshOfReplicas::start(std::size_t index, bool abstain) {
  Node& node = nodes_[index];
  Notebook::State genesis;
  genesis.at.block = origin_of(first_.mesh);
  node.notebook =
      std::make_unique<Notebook>(everybody_, node.states.empty() ? genesis : node.states.back());
  node.replica = std::make_unique<Replica>(
      options_,
      Replica::Self{.node = everybody_[index].node,
                    .first = first_,
                    .voting_key = std::make_unique<StandInVotingKey>(everybody_[index].vote_key)},
      *node.notebook, base::Rng(index + 1));
  Recovery recovery{
      .epochs = node.epochs, .decision = {}, .log = node.log, .position = 0, .pieces = node.pieces};
  if (!node.decisions.empty()) recovery.decision = node.decisions.back();
  recovery.position = node.log.size();
  node.durable = node.log.size();
  Effects effects;
  node.replica->on_start(std::move(recovery), abstain || node.key_spent, base::WallTime{1'000'000},
                         now_, effects);
  carry_out(index, effects);
}

void MeshOfReplicas::run(base::Duration duration) {
  const base::Instant end = now_ + duration;
  while (true) {
    base::Instant next = base::Instant::never();
    for (const Sent& sent : flying_) next = std::min(next, sent.at);
    for (const Node& node : nodes_) {
      if (node.replica) next = std::min(next, node.replica->next_deadline());
    }
    if (next > end) break;
    now_ = std::max(now_, next);
    step();
  }
  now_ = end;
}

void MeshOfReplicas::step() {
  std::vector<Sent> due;
  std::erase_if(flying_, [&](const Sent& sent) {
    if (sent.at > now_) return false;
    due.push_back(sent);
    return true;
  });
  for (Sent& sent : due) deliver(sent.from, sent.to, std::move(sent.message));
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (!nodes_[i].replica || nodes_[i].replica->next_deadline() > now_) continue;
    Effects effects;
    nodes_[i].replica->on_time(now_, effects);
    carry_out(i, effects);
  }
}

void MeshOfReplicas::send(std::size_t from, const base::NodeId& to, const Message& message) {
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (everybody_[i].node != to || i == from) continue;
    ++sent_;
    if (!std::holds_alternative<Status>(message)) ++votes_sent_;
    if (drops && drops(from, i, message)) continue;
    flying_.push_back(
        {.at = now_ + std::chrono::milliseconds(10), .from = from, .to = i, .message = message});
  }
}

void MeshOfReplicas::broadcast(std::size_t from, const Message& message) {
  Node& node = nodes_[from];
  if (const auto* vote = std::get_if<Vote>(&message)) node.released.push_back(*vote);
  if (const auto* proposal = std::get_if<Proposal>(&message)) {
    node.released.push_back({.kind = VoteKind::notarize,
                             .epoch = node.replica->epoch().number(),
                             .view = proposal->block->header().view,
                             .block = proposal->block->hash(),
                             .signer = proposal->block->header().proposer,
                             .signature = proposal->leader_signature});
  }
  for (const Validator& member : node.replica->epoch().committee().members()) {
    send(from, member.node, message);
  }
}

void MeshOfReplicas::carry_out(std::size_t index, Effects& effects) {
  Node& node = nodes_[index];
  for (Effect& effect : effects) {
    Effects more;
    base::match(
        effect, [&](const Append& append) { node.log.push_back(append.record); },
        [&](const Sync& sync) {
          if (node.disk_holds) return;
          node.durable = node.log.size();
          node.replica->on_durable(sync.position, now_, more);
        },
        [&](const RewriteLog&) {}, [&](const Send& out) { send(index, out.to, out.message); },
        [&](const Broadcast& out) { broadcast(index, out.message); },
        [&](const Publish& publish) {
          for (const Validator& one : everybody_) {
            if (!node.replica->epoch().committee().index_of(one.node)) {
              send(index, one.node, publish.finalization);
            }
          }
        },
        [&](const CheckSignatures& question) {
          if (node.checks_wait) return node.waiting.push_back(question);
          std::vector<crypto::Verdict> verdicts;
          for (const auto& check : question.checks) {
            verdicts.push_back(crypto::check_stand_in(check));
          }
          node.replica->on_signatures_checked(question.request, verdicts, now_, more);
        },
        [&](const ReadRange& read) {
          std::vector<Decision> found;
          for (const Decision& decision : node.decisions) {
            if (decision.block->header().height != read.from_height + found.size()) continue;
            if (found.size() >= read.blocks_max) break;
            found.push_back(decision);
          }
          node.replica->on_range_read(read.request, std::move(found), now_, more);
        },
        [&](const Decided& decided) {
          node.decisions.push_back(decided.decision);
          node.states.push_back(node.notebook->state());
        },
        [&](const Installed& installed) {
          node.decisions.push_back(installed.decision);
          node.states.push_back(node.notebook->state());
          node.pieces.clear();
          ++node.installed;
        },
        [&](const KeepPiece& keep) { node.pieces.push_back(keep.piece); },
        [&](const EpochStarted& started) { node.epochs.push_back(started.proof); },
        [&](const SpendKey&) { node.key_spent = true; },
        [&](const EvidenceFound& found) { node.evidence.push_back(found.evidence); },
        [&](const Misbehaved& misbehaved) { ++node.blamed[misbehaved.peer]; },
        [&](const Alarm& alarm) { node.alarms.push_back(alarm); }, [](const auto&) {});
    carry_out(index, more);
  }
}

}  // namespace consensus
