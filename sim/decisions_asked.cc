// What the nodes of a simulated mesh want to have decided.
#include "ledger/view.h"
#include "node/kernel/decided_state.h"
#include "sim/decisions.h"

#include <algorithm>
#include <utility>

namespace sim {

namespace {

constexpr std::int64_t pursue_every = 2;    // seconds
constexpr std::int64_t resubmit_every = 3;  // seconds

// Operators set policies too.
ledger::Payload draw_payload(base::Rng rng, bool is_operator) {
  const std::uint64_t which = rng.below(8);
  const std::string number = std::to_string(which);
  if (is_operator && rng.chance(200'000)) {
    return ledger::SetPolicy{.name = "p" + number,
                             .scope = "cap.*",
                             .local_may_override = rng.chance(500'000),
                             .yaml = "retry: { attempts: " + number + " }",
                             .expected = ledger::Expected::any};
  }
  base::Bytes value(8 + rng.below(300));
  for (std::byte& byte : value) byte = static_cast<std::byte>(rng.below(256));
  return ledger::PutDocument{
      .key = "k" + number, .expected = ledger::Expected::any, .value = std::move(value)};
}

}  // namespace

bool Decisions::founded(NodeIndex node) const {
  const std::vector<NodeIndex>& founders = scenario_.deciding.validators;
  return std::binary_search(founders.begin(), founders.end(), node);
}

bool Decisions::is_member(const ledger::State& state, NodeIndex node) const {
  const auto member = ledger::find_member(state, world_.id_of(node));
  return member && member->admitted();
}

// The founders are operators as long as they are members.
std::optional<NodeIndex> Decisions::an_operator() const {
  std::optional<NodeIndex> best;
  for (const NodeIndex node : scenario_.deciding.validators) {
    const kernel::Agreement* own = agreement(node);
    if (own == nullptr || outside_[node] || lies(node)) continue;
    const auto height = own->replica().standing().height;
    if (!best || height > agreement(*best)->replica().standing().height) best = node;
  }
  return best;
}

void Decisions::submit(NodeIndex node, ledger::Payload payload, bool wanted) {
  if (!agreement(node)->has_room()) return;
  ledger::Op draft = agreement(node)->draft(std::move(payload));
  see_made(draft.id());
  if (wanted && !lies(node)) wishes_.push_back({.by = node, .op = draft});
  world_.feed(node, kernel::OpProposed{std::move(draft)});
}

void Decisions::see_made(const base::Digest& op) {
  observer_.tell(&Checker::on_proposed, OpMade{world_.scheduler().now() - base::Instant(), op});
}

void Decisions::propose(std::uint32_t number) {
  base::Rng rng = rng_.fork("proposal", number);
  const auto node = static_cast<NodeIndex>(rng.below(scenario_.nodes));
  const kernel::Agreement* own = agreement(node);
  if (own == nullptr || outside_[node] || !is_member(own->state(), node)) return;
  submit(node, draw_payload(rng.fork("payload"), founded(node)), true);
}

void Decisions::calm() {
  calm_ = true;
  liars_.calm();
  for (NodeIndex node = 0; node < outside_.size(); ++node) {
    const kernel::Agreement* own = agreement(node);
    if (own == nullptr || outside_[node] || !is_member(own->state(), node)) continue;
    submit(node, draw_payload(rng_.fork("last word", node), founded(node)), true);
  }
}

void Decisions::begin(const Fault& fault) {
  goals_.push_back({.kind = fault.kind, .nodes = fault.nodes});
  pursue();
}

void Decisions::second() {
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(world_.scheduler().now() - base::Instant())
          .count();
  std::erase_if(wishes_, [&](const Wish& wish) { return no_longer_due(wish); });
  if (seconds % resubmit_every == 0) resubmit();
  if (!calm_ && seconds % pursue_every == 0) {
    join_missing();
    pursue();
  }
  for (NodeIndex node = 0; node < outside_.size(); ++node) {
    see_doors(node);
    const kernel::Agreement* own = agreement(node);
    // That its log is gone is one.
    const std::uint64_t expected = disks_[node].forgot(voting_keys_[node].id()) ? 1 : 0;
    if (own == nullptr || lies(node) || own->alarms() <= expected ||
        weakness_ != consensus::Weakness::none)
      continue;
    observer_.violate("decisions", world_.scheduler().now() - base::Instant(),
                      "n" + std::to_string(node) + " raises an alarm of agreement");
  }
}

// M5: whoever wants a decision asks its node until there is one; the same op is no second one.
void Decisions::resubmit() {
  for (const Wish& wish : wishes_) {
    const kernel::Agreement* own = agreement(wish.by);
    if (own != nullptr && own->has_room()) world_.feed(wish.by, kernel::OpProposed{wish.op});
  }
}

// Decided, or beaten by a later op of its author, or nobody is there any more to ask again.
bool Decisions::no_longer_due(const Wish& wish) const {
  if (decided_.contains(wish.op.id()) || outside_[wish.by]) return true;
  if (calm_ && agreement(wish.by) == nullptr) return true;
  const kernel::Agreement* best = newest();
  return best != nullptr &&
         ledger::last_sequence(best->state(), world_.id_of(wish.by)) >= wish.op.sequence();
}

// In an open mesh everybody says itself that it joins; in another an operator lets it in.
void Decisions::join_missing() {
  const std::optional<NodeIndex> by = an_operator();
  for (NodeIndex node = 0; node < scenario_.nodes; ++node) {
    const kernel::Agreement* own = agreement(node);
    if (own == nullptr) continue;
    if (!scenario_.deciding.by_invitation) {
      if (!outside_[node] && !is_member(own->state(), node)) submit(node, ledger::Join{}, false);
    } else if (by) {
      const auto known = ledger::find_member(agreement(*by)->state(), world_.id_of(node));
      if (!known) submit(*by, ledger::Admit{.node = world_.id_of(node), .roles = {}}, false);
    }
  }
}

void Decisions::pursue() {
  std::erase_if(goals_, [&](const Goal& goal) { return pursue(goal); });
}

bool Decisions::pursue(const Goal& goal) {
  const std::optional<NodeIndex> by = an_operator();
  if (!by) return false;
  if (goal.kind == FaultKind::reconfigure) return pursue_committee(*by, goal.nodes);
  bool reached = true;
  for (const NodeIndex target : goal.nodes) reached = pursue_eviction(*by, target) && reached;
  return reached;
}

bool Decisions::pursue_eviction(NodeIndex by, NodeIndex target) {
  const ledger::State& state = agreement(by)->state();
  const auto member = ledger::find_member(state, world_.id_of(target));
  if (member && !member->admitted()) return true;
  if (member) {
    submit(by, ledger::Evict{.node = world_.id_of(target), .reason = "sim", .evidence = {}}, false);
  }
  return false;
}

bool Decisions::pursue_committee(NodeIndex by, const std::vector<NodeIndex>& nodes) {
  const kernel::Agreement& own = *agreement(by);
  ledger::Reconfigure op;
  for (const NodeIndex node : nodes) {
    if (!is_member(own.state(), node)) return false;
    op.seats.push_back({.node = world_.id_of(node),
                        .vote_key = *base::VoteKey::from_view(voting_keys_[node].id().view())});
  }
  std::sort(op.seats.begin(), op.seats.end());
  const ledger::Committee now = ledger::committee_of(own.state());
  if (now.seats == op.seats) return true;
  const consensus::Epoch& epoch = own.replica().epoch();
  op.epoch_id = epoch.id();
  op.parameters = now.parameters;
  const kernel::StatementsOfAgreement statements;
  const std::uint64_t until = own.replica().standing().height + 1'000;
  for (std::uint16_t seat = 0; seat < op.seats.size(); ++seat) {
    const auto node = world_.node_with(op.seats[seat].node);
    const auto statement = statements.ready(op.epoch_id, op.seats, op.parameters, until);
    op.ready.push_back({.seat = seat,
                        .not_after_height = until,
                        .signature = voting_keys_[*node].sign(statement)});
  }
  submit(by, std::move(op), false);
  return false;
}

}  // namespace sim
