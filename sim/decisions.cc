#include "sim/decisions.h"

#include "crypto/digest.h"
#include "node/kernel/admission.h"
#include "sim/agreement/situation.h"
#include "wire/agreement_codec.h"

#include <algorithm>
#include <utility>

namespace sim {

namespace {

constexpr std::size_t log_rewrite_after = 300;  // records: so that it happens in a run
constexpr base::Duration full_disk_retry = std::chrono::milliseconds(200);

crypto::Identity voting_key_of(std::uint64_t seed, NodeIndex node, std::uint32_t number = 0) {
  std::string text = "sim vote " + std::to_string(seed) + " " + std::to_string(node);
  if (number > 0) text += " again " + std::to_string(number);
  const base::Digest digest = crypto::digest(base::as_bytes(text));
  return crypto::Identity::from_seed(*crypto::Seed::from_view(digest.view()));
}

}  // namespace

Decisions::Decisions(const Scenario& scenario, const base::MeshId& mesh,
                     consensus::Weakness weakness, Surroundings& world, Access access,
                     Observer& observer)
    : scenario_(scenario),
      weakness_(weakness),
      world_(world),
      access_(std::move(access)),
      observer_(observer),
      rng_(base::Rng(scenario.seed).fork("decisions")),
      archiving_(scenario.nodes, false),
      frames_(world, [this](NodeIndex to, NodeIndex from,
                            base::ByteView frame) { return overhear(to, from, frame); }),
      liars_(scenario, mesh, world,
             {.agreement = [this](NodeIndex node) { return agreement(node); },
              .identity = access_.identity,
              .voting_key = [this](NodeIndex node) -> const crypto::Identity& {
                return voting_keys_[node];
              },
              .options = [this](NodeIndex node) { return options_with(node, {}); },
              .op_made = [this](const base::Digest& op) { see_made(op); },
              .send = [this](NodeIndex from, NodeIndex to,
                             base::Bytes frame) { frames_.send(from, to, std::move(frame)); }},
             rng_.fork("liars")),
      outside_(scenario.nodes, scenario.deciding.by_invitation) {
  genesis_.mesh = mesh;
  genesis_.name = "sim";
  if (scenario.deciding.by_invitation) genesis_.admission = ledger::Admission::invitation;
  for (NodeIndex node = 0; node < scenario.nodes; ++node) {
    voting_keys_.push_back(voting_key_of(scenario.seed, node));
    disks_.emplace_back(rng_.fork("disk", node));
  }
  keys_made_.resize(scenario.nodes);
  said_.resize(scenario.nodes);
  for (const NodeIndex node : scenario.deciding.validators) {
    outside_[node] = false;
    genesis_.seats.push_back(
        {.node = world.id_of(node),
         .vote_key = *base::VoteKey::from_view(voting_keys_[node].id().view())});
  }
  std::sort(genesis_.seats.begin(), genesis_.seats.end());
  for (NodeIndex node = 0; node < scenario.nodes; ++node) {
    if (outside_[node]) observer_.truth().disturb(node);
  }
}

kernel::AgreementOptions Decisions::options_for(NodeIndex node) {
  return options_with(node, disks_[node].start(voting_keys_[node].id()));
}

kernel::AgreementOptions Decisions::options_with(NodeIndex node,
                                                 kernel::StoredAgreement stored) const {
  kernel::AgreementOptions options{.genesis = genesis_,
                                   .consensus = {},
                                   .voting_key = voting_keys_[node],
                                   .stored = std::move(stored)};
  options.consensus.log_rewrite_after = log_rewrite_after;
  options.consensus.weakness = weakness_;
  // A liar that is two does not care what its halves remember.
  if (liars_.is_twin(node)) options.consensus.weakness = consensus::Weakness::no_echo_check;
  if (scenario_.deciding.snapshot_after > 0) {
    // All that a way to a snapshot has bounds for is small as well.
    options.consensus.snapshot_after = scenario_.deciding.snapshot_after;
    options.consensus.recent_blocks_max = 2;  // else all are fetched by their hashes
    options.consensus.snapshot_epochs_max = 1;
    options.consensus.epochs_page_max = 2;
    options.consensus.pieces_asked_max = 16;
  }
  return options;
}

void Decisions::lose_log(NodeIndex node) {
  disks_[node].lose_log();
}

void Decisions::copy_disk(NodeIndex node) {
  copies_.insert_or_assign(node, disks_[node]);
}

void Decisions::put_back_disk(NodeIndex node) {
  const auto copy = copies_.extract(node);
  if (!copy.empty()) disks_[node].put_back(copy.mapped());
}

void Decisions::renew_key(NodeIndex node) {
  voting_keys_[node] = voting_key_of(scenario_.seed, node, ++keys_made_[node]);
}

void Decisions::stopped(NodeIndex node, bool crashed) {
  frames_.stopped(node);
  liars_.stopped(node);
  archiving_[node] = false;
  if (crashed) {
    disks_[node].crash();
  } else {
    disks_[node].archive_synced(disks_[node].unsynced());
  }
}

const kernel::Agreement* Decisions::agreement(NodeIndex node) const {
  const kernel::Kernel* kernel = access_.kernel(node);
  // A process that got no processor yet has not looked at its disk.
  if (kernel == nullptr || kernel->phase() == kernel::Phase::created) return nullptr;
  return kernel->agreement();
}

bool Decisions::admits(NodeIndex a, NodeIndex b) const {
  const kernel::Kernel* one = access_.kernel(a);
  const kernel::Kernel* other = access_.kernel(b);
  return (one == nullptr || one->welcomes(world_.id_of(b))) &&
         (other == nullptr || other->welcomes(world_.id_of(a)));
}

// ---- effects ----

void Decisions::carry_out(NodeIndex node, kernel::SendAgreement&& effect) {
  observer_.digest().add(effect.frame);
  see_votes(node, effect.frame);
  // As the daemon: an address of a member, whoever answers there.
  const gossip::Member* member = access_.kernel(node)->membership().find(effect.to);
  if (member == nullptr) return;
  const auto to = world_.node_at(member->record.record.endpoint);
  if (!to || world_.id_of(*to) != effect.to) return;
  if (liars_.lies(node)) return liars_.say(node, *to, std::move(effect.frame));
  frames_.send(node, *to, std::move(effect.frame));
}

bool Decisions::overhear(NodeIndex to, NodeIndex from, base::ByteView frame) {
  if (liars_.lies(to)) return liars_.hear(to, from, frame);
  const kernel::Agreement* own = agreement(to);
  if (scenario_.choices.empty() || own == nullptr) return true;
  if (const auto message = wire::decode_agreement(frame)) {
    situations_.insert(agreement::situation_of(own->replica(), *message));
  }
  return true;
}

void Decisions::dropped(NodeIndex node, const base::NodeId& peer) {
  if (const auto other = world_.node_with(peer)) frames_.drop(node, *other);
}

void Decisions::carry_out(NodeIndex node, kernel::AppendLog&& effect) {
  disks_[node].append(std::move(effect));
}

void Decisions::carry_out(NodeIndex node, const kernel::SyncLog& effect) {
  sync_log(node, world_.life(node), effect.position, world_.scheduler().now());
}

void Decisions::carry_out(NodeIndex node, kernel::RewriteLog&& effect) {
  const std::uint64_t position = effect.position;
  disks_[node].rewrite(std::move(effect));
  sync_log(node, world_.life(node), position, world_.scheduler().now());
}

void Decisions::sync_log(NodeIndex node, std::uint32_t life, std::uint64_t position,
                         base::Instant since) {
  if (world_.life(node) != life) return;
  Scheduler& scheduler = world_.scheduler();
  const auto time = access_.disk(node).sync_time();
  if (!time) {
    scheduler.after(full_disk_retry, [=, this] { sync_log(node, life, position, since); });
    return;
  }
  scheduler.after(*time, [=, this] {
    if (world_.life(node) != life) return;
    disks_[node].log_synced(position);
    world_.feed(node, kernel::LogSynced{position, world_.scheduler().now() - since});
  });
}

template <class Effect>
void Decisions::archive(NodeIndex node, Effect&& effect) {
  disks_[node].store(std::forward<Effect>(effect));
  if (archiving_[node]) return;
  archiving_[node] = true;
  sync_archive(node, world_.life(node));
}

void Decisions::carry_out(NodeIndex node, kernel::StoreDecisions&& effect) {
  archive(node, std::move(effect));
}

void Decisions::carry_out(NodeIndex node, kernel::StoreState&& effect) {
  archive(node, std::move(effect));
}

void Decisions::carry_out(NodeIndex node, kernel::KeepPiece&& effect) {
  archive(node, std::move(effect));
}

void Decisions::carry_out(NodeIndex node, kernel::StoreEpoch&& effect) {
  archive(node, std::move(effect));
}

// One writer: what came meanwhile is the next transaction.
void Decisions::sync_archive(NodeIndex node, std::uint32_t life) {
  if (world_.life(node) != life) return;
  Scheduler& scheduler = world_.scheduler();
  const auto time = access_.disk(node).sync_time();
  if (!time) {
    scheduler.after(full_disk_retry, [=, this] { sync_archive(node, life); });
    return;
  }
  const std::size_t transactions = disks_[node].unsynced();
  scheduler.after(*time, [=, this] {
    if (world_.life(node) != life) return;
    AgreementDisk& disk = disks_[node];
    disk.archive_synced(transactions);
    archiving_[node] = disk.unsynced() > 0;
    if (archiving_[node]) sync_archive(node, life);
    world_.feed(node, kernel::DecisionsStored{disk.height_synced()});
  });
}

void Decisions::carry_out(NodeIndex node, const kernel::SpendKey& effect) {
  disks_[node].spend(effect.vote_key);
  observer_.coverage().saw("milestone", "", "key_spent");
}

void Decisions::carry_out(NodeIndex node, const kernel::ReadDecisions& effect) {
  kernel::DecisionsRead answer{effect.request, disks_[node].read(effect)};
  world_.scheduler().after(std::chrono::microseconds(200),
                           [this, node, life = world_.life(node), answer]() {
                             if (world_.life(node) == life) world_.feed(node, answer);
                           });
}

// ---- what is seen ----

void Decisions::look(NodeIndex node, const kernel::Effects& effects) {
  const kernel::Agreement* own = agreement(node);
  if (own == nullptr) return;
  const kernel::StoreDecisions* last = nullptr;
  for (const kernel::Effect& effect : effects) {
    const auto* store = std::get_if<kernel::StoreDecisions>(&effect);
    if (const auto* whole = std::get_if<kernel::StoreState>(&effect)) {
      observer_.coverage().saw("milestone", "", "state_installed");
      state_came_whole_ = true;
      see_decided(node, whole->decision, nullptr);
    }
    if (store == nullptr) continue;
    if (last != nullptr) {
      for (const auto& decision : last->decisions) see_decided(node, decision, nullptr);
    }
    last = store;
  }
  if (last == nullptr) return;
  for (const kernel::StoredDecision& decision : last->decisions) {
    const bool newest = &decision == &last->decisions.back();
    see_decided(node, decision, newest ? &own->state() : nullptr);
  }
  if (last->decisions.back().height <= height_) return;
  height_ = last->decisions.back().height;
  see_welcome(*own);
}

// What its kernel says, also where a liar says something else. A broadcast is looked at once, and
// votes of others, as they are told to who starts, are not its own.
void Decisions::see_votes(NodeIndex node, const base::Bytes& frame) {
  if (said_[node] == frame) return;
  said_[node] = frame;
  const auto message = wire::decode_agreement(frame);
  const kernel::Agreement* own = agreement(node);
  if (!message || own == nullptr) return;
  const consensus::Epoch& epoch = own->replica().epoch();
  const auto& members = epoch.committee().members();
  VoteLeft left{.at = world_.scheduler().now() - base::Instant(), .node = node, .key = {}};
  left.epoch = epoch.number();
  std::size_t signer = members.size();
  if (const auto* vote = std::get_if<consensus::Vote>(&*message)) {
    if (vote->epoch == epoch.number()) signer = vote->signer;
    left.view = vote->view;
    left.kind = vote->kind;
    left.block = vote->block;
  } else if (const auto* proposal = std::get_if<consensus::Proposal>(&*message)) {
    const consensus::BlockHeader& header = proposal->block->header();
    if (header.epoch_id == epoch.id()) signer = header.proposer;
    left.view = header.view;
    left.block = proposal->block->hash();
  }
  if (signer >= members.size() || members[signer].node != world_.id_of(node)) return;
  left.key = members[signer].vote_key;
  left.forgotten = disks_[node].forgot(left.key);
  observer_.tell(&Checker::on_vote, left);
}

void Decisions::see_decided(NodeIndex node, const kernel::StoredDecision& decision,
                            const ledger::State* state) {
  const auto block = wire::decode_block(decision.block);
  if (!block)
    return observer_.violate("decisions", world_.scheduler().now() - base::Instant(),
                             "a decided block cannot be read");
  const consensus::BlockHeader& header = (*block)->header();
  if (liars_.any()) see_evidence(**block);
  if (state_came_whole_) {
    state_came_whole_ = false;  // then nothing is listed
  } else {
    check_listed(node, decision, **block);
  }
  observer_.tell(&Checker::on_decided,
                 BlockDecided{.at = world_.scheduler().now() - base::Instant(),
                              .node = node,
                              .height = header.height,
                              .block = (*block)->hash(),
                              .claimed_root = header.state_root,
                              .state_root = state ? std::optional(state->root()) : std::nullopt,
                              .ops = &decision.ops});
  decided_.insert(decision.ops.begin(), decision.ops.end());
  observer_.coverage().saw("milestone", "", "decided");
  if (header.seal()) observer_.coverage().saw("milestone", "", "committee_changed");
  std::uint64_t& view = views_[decision.epoch];
  observer_.figures().views += header.view > view ? header.view - view : 0;
  view = std::max(view, header.view);
  observer_.figures().decisions = decided_.size();
}

// By that list the archive finds the block of an op.
void Decisions::check_listed(NodeIndex node, const kernel::StoredDecision& decision,
                             const consensus::Block& block) {
  std::vector<base::Digest> listed;
  for (const base::Bytes& bytes : block.ops()) {
    if (const auto op = ledger::Op::parse(bytes, genesis_.mesh)) listed.push_back(op->id());
  }
  if (listed == decision.ops) return;
  observer_.violate("decisions", world_.scheduler().now() - base::Instant(),
                    "n" + std::to_string(node) + " stores height " +
                        std::to_string(decision.height) + " with other ops than its block has");
}

// What nodes report of liars by themselves is an op like others; the ledger has checked the votes.
void Decisions::see_evidence(const consensus::Block& block) {
  for (const base::Bytes& bytes : block.ops()) {
    const auto op = ledger::Op::parse(bytes, genesis_.mesh);
    if (!op || !std::holds_alternative<ledger::ReportEvidence>(op->payload())) continue;
    observer_.coverage().saw("milestone", "", "equivocator_named");
    observer_.tell(&Checker::on_proposed,
                   OpMade{world_.scheduler().now() - base::Instant(), op->id()});
  }
}

// Whom the newest state lets in. It explains a death to the others to be left out.
void Decisions::see_welcome(const kernel::Agreement& seen) {
  const base::Duration at = world_.scheduler().now() - base::Instant();
  for (NodeIndex node = 0; node < outside_.size(); ++node) {
    const bool out = !seen.welcomes(world_.id_of(node));
    if (out == outside_[node]) continue;
    outside_[node] = out;
    observer_.trace().add(at, node, out ? "is put out" : "is let in");
    observer_.coverage().saw("milestone", "", out ? "put_out" : "let_in");
    if (out) {
      observer_.truth().disturb(node);
    } else {
      observer_.truth().calm(node, at);
    }
  }
}

bool Decisions::misled(NodeIndex node) const {
  const kernel::Kernel* kernel = access_.kernel(node);
  if (!lies(node) || kernel == nullptr) return false;
  for (NodeIndex other = 0; other < outside_.size(); ++other) {
    if (outside_[other] == kernel->welcomes(world_.id_of(other))) return true;
  }
  return false;
}

void Decisions::see_doors(NodeIndex node) {
  if (agreement(node) == nullptr) return;
  for (NodeIndex other = 0; other < outside_.size(); ++other) {
    if (access_.kernel(node)->welcomes(world_.id_of(other))) continue;
    observer_.tell(&Checker::on_door_shut,
                   DoorShut{world_.scheduler().now() - base::Instant(), node, other});
  }
}

std::string Decisions::text_of(const Wish& wish, const kernel::Agreement* best) const {
  std::string text = "an op of n" + std::to_string(wish.by) + " is not decided";
  if (best == nullptr) return text + ": nobody is there";
  if (const auto reason = best->refusal(wish.op))
    text += ": " + std::string(ledger::name_of(*reason));
  return text;
}

std::string Decisions::unsettled() const {
  const kernel::Agreement* first = newest();
  if (!wishes_.empty()) return text_of(wishes_.front(), first);
  for (NodeIndex node = 0; node < outside_.size(); ++node) {
    if (access_.kernel(node) == nullptr || outside_[node] || lies(node)) continue;
    const kernel::Agreement* own = agreement(node);
    if (own == nullptr) return "n" + std::to_string(node) + " takes no part in agreement";
    const auto standing = own->replica().standing();
    const auto best = first->replica().standing();
    if (standing.block == best.block && standing.epoch == best.epoch) continue;
    return "n" + std::to_string(node) + " decided up to height " + std::to_string(standing.height) +
           " of " + std::to_string(best.height) + ", epoch " + std::to_string(standing.epoch) +
           " of " + std::to_string(best.epoch) + ", view " + std::to_string(standing.view) +
           ", finalized " + std::to_string(standing.finalized_view) +
           (standing.listening ? ", listening" : "") + (standing.abstains ? ", abstaining" : "");
  }
  for (NodeIndex node = 0; node < outside_.size(); ++node) {
    const kernel::Agreement* own = agreement(node);
    if (own == nullptr || lies(node)) continue;
    const std::string why_not = why_not_admitted(*own, node);
    if (why_not.empty() != outside_[node]) continue;
    return "n" + std::to_string(node) +
           (outside_[node] ? " was put out and does not know"
                           : " is let in and says that " + why_not);
  }
  return {};
}

// By what its links would have seen: who runs answers a handshake, with no if it does not let it
// in.
std::string Decisions::why_not_admitted(const kernel::Agreement& own, NodeIndex node) const {
  const auto runs = [this](NodeIndex other) { return agreement(other) != nullptr; };
  const auto refused = [&](const base::NodeId& peer) {
    const auto other = world_.node_with(peer);
    return other && runs(*other) && !access_.kernel(*other)->welcomes(world_.id_of(node));
  };
  bool linked = false;
  for (NodeIndex other = 0; other < outside_.size(); ++other) {
    linked = linked || (other != node && runs(other) && admits(node, other));
  }
  return kernel::why_not_admitted(own, world_.id_of(node), {.refused = refused, .linked = linked});
}

const kernel::Agreement* Decisions::newest() const {
  const kernel::Agreement* best = nullptr;
  for (NodeIndex node = 0; node < outside_.size(); ++node) {
    const kernel::Agreement* own = agreement(node);
    if (own == nullptr || outside_[node] || lies(node)) continue;
    const auto standing = own->replica().standing();
    if (best == nullptr || standing.height > best->replica().standing().height) best = own;
  }
  return best;
}

void Decisions::end() {
  for (NodeIndex node = 0; node < outside_.size(); ++node) {
    const kernel::Agreement* own = agreement(node);
    if (own == nullptr || outside_[node] || lies(node)) continue;
    const std::uint64_t top = own->replica().standing().height;
    const std::uint64_t first = std::max<std::uint64_t>(1, disks_[node].height_installed());
    for (std::uint64_t height = first; height <= top; ++height) {
      BlockArchived archived{.at = world_.scheduler().now() - base::Instant(),
                             .node = node,
                             .height = height,
                             .block = std::nullopt};
      const kernel::StoredDecision* stored = disks_[node].find(height);
      const auto block = stored ? wire::decode_block(stored->block) : wire::decode_block({});
      if (block) archived.block = (*block)->hash();
      observer_.tell(&Checker::on_archived, archived);
    }
  }
}

}  // namespace sim
