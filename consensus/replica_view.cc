// What a Replica shows of itself.
#include "consensus/replica.h"
#include "consensus/replica_state.h"

namespace consensus {

Replica::Standing Replica::standing() const {
  Standing standing;
  standing.epoch = state_->core->epoch().number();
  standing.view = state_->core->view();
  standing.finalized_view = state_->core->finalized().view;
  standing.finalized_hash = state_->core->finalized().hash;
  standing.height = state_->tree->root().height;
  standing.block = state_->tree->root().hash;
  standing.validator = state_->guard.signer().has_value();
  standing.abstains = state_->guard.abstains() || state_->core->stopped();
  standing.listening = state_->guard.listening();
  standing.busy = state_->core->armed();
  standing.pending_ops = state_->mempool.size();
  return standing;
}

std::size_t Replica::pending_ops_of(const base::NodeId& author) const {
  return state_->mempool.size_of(author);
}

const Epoch& Replica::epoch() const {
  return state_->core->epoch();
}

const Epoch* Replica::find_epoch(EpochNumber number) const {
  return state_->epochs.find(number);
}

const Epoch* Replica::find_epoch(const base::Digest& id) const {
  return state_->epochs.find(id);
}

const EpochProof* Replica::end_of(EpochNumber number) const {
  return state_->epochs.end_of(number);
}

std::array<Replica::Fill, Replica::fills_max> Replica::fills() const {
  const State& state = *state_;
  const Options& options = state.options;
  const Mempool::Share share = state.mempool.largest_share();
  const auto& views = state.core->views();
  const std::size_t ahead =
      views.empty() || views.rbegin()->first <= state.core->view()
          ? 0
          : static_cast<std::size_t>(views.rbegin()->first - state.core->view());
  const std::size_t members = state.core->epoch().committee().size();
  return {
      {{"ops", state.mempool.size(), options.mempool_ops_max},
       {"bytes of ops", state.mempool.bytes(), options.mempool_bytes_max},
       {"ops of one author", share.ops, options.author_ops_max},
       {"bytes of one author", share.bytes, options.author_bytes_max},
       {"checks for one peer", state.intake.pending_max(), options.pending_checks_per_peer_max},
       {"wants", state.repair.size(), 2 * options.wants_max},
       {"questions", state.repair.asking(), options.repair_parallel_max},
       {"tallied views", state.core->tallied_views(), options.tallied_views_max + options.window},
       {"views ahead", ahead, options.window},
       {"peers heard", state.heard.size(), options.heard_max},
       {"reports", state.core->reports(), 3 * members}}};
}

std::vector<Vote> Replica::own_votes() const {
  std::vector<Vote> votes;
  for (const auto& [key, own] : state_->guard.votes()) votes.push_back(own.vote);
  return votes;
}

Readiness Replica::readiness(const GetReady& question) const {
  return state_->readiness(question);
}

}  // namespace consensus
