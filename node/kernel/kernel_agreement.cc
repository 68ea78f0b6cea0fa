// What concerns agreement goes to it, and what it knows of members comes from membership.
#include "node/kernel/kernel.h"

#include <algorithm>
#include <utility>

namespace kernel {

namespace {

constexpr base::Duration tend_every = std::chrono::seconds(1);
constexpr std::size_t ring_successors = 2;

}  // namespace

void Kernel::start_agreement(base::WallTime wall) {
  if (!agreement_) return;
  agreement_->choose_observers([this](std::size_t max) { return some_observers(max); });
  membership_.guard([this](const base::NodeId& id) { return welcomes(id); });
  if (auto started = agreement_->on_start(wall, now_, agreement_effects_); !started) {
    agreement_effects_.emplace_back(base::Notice{
        base::Severity::error, started.error() +
                                   ": this node decides and follows nothing; move decisions.db and "
                                   "agreement.log away to fetch all of it from the other nodes"});
    agreement_.reset();
  }
}

// Round trips are membership's to measure; they set the pace at which leaders are given up.
void Kernel::tend_agreement() {
  if (now_ >= agreement_tended_ + tend_every) {
    agreement_tended_ = now_;
    for (const consensus::Validator& validator :
         agreement_->replica().epoch().committee().members()) {
      const gossip::Member* member = membership_.find(validator.node);
      if (member != nullptr && member->round_trip > base::Duration::zero()) {
        agreement_->on_round_trip(validator.node, member->round_trip);
      }
    }
  }
  if (now_ >= agreement_->next_deadline()) agreement_->on_time(now_, agreement_effects_);
  knock();
}

// Those next in the ring of ids, so that whoever is there hears from who is before it, and others
// by chance, so that it goes fast (RingCast, Voulgaris and van Steen 2007). By chance alone one of
// 150 is missed with a fan-out of five, and learns of it only when it next asks.
std::vector<base::NodeId> Kernel::some_observers(std::size_t max) {
  std::vector<base::NodeId> ring;  // from the one behind us on
  const consensus::Committee& committee = agreement_->replica().epoch().committee();
  std::size_t before = 0;
  for (const auto& [id, member] : membership_.members()) {
    const bool gone =
        member.state == gossip::MemberState::dead || member.state == gossip::MemberState::left;
    if (gone || id == self_ || committee.index_of(id) || !welcomes(id)) continue;
    if (id < self_) ++before;
    ring.push_back(id);
  }
  std::rotate(ring.begin(), ring.begin() + static_cast<std::ptrdiff_t>(before), ring.end());
  const std::size_t next = std::min({ring_successors, max, ring.size()});
  for (std::size_t i = next; i < std::min(max, ring.size()); ++i) {
    std::swap(ring[i], ring[i + observer_rng_.below(ring.size() - i)]);
  }
  ring.resize(std::min(max, ring.size()));
  return ring;
}

// An answer to who may not take part stays here.
void Kernel::take_agreement(Effects& effects) {
  for (Effect& effect : agreement_effects_) {
    const auto* frame = std::get_if<SendAgreement>(&effect);
    if (frame == nullptr || welcomes(frame->to)) effects.push_back(std::move(effect));
  }
  agreement_effects_.clear();
}

// The batches of both are told apart by their numbers.
void Kernel::on(SignaturesChecked&& input) {
  if ((input.batch & agreement_batch) != 0) {
    if (!agreement_) return;
    agreement_->on_signatures_checked(input.batch & ~agreement_batch, input.verdicts, now_,
                                      agreement_effects_);
    return;
  }
  membership_.on_signatures_checked(input.batch, input.verdicts, now_, gossip_effects_);
}

void Kernel::on(AgreementReceived&& input) {
  if (!agreement_ || !welcomes(input.from)) return;
  if (!agreement_->on_message(input.from, input.frame, now_, agreement_effects_)) {
    count_undecodable();
  }
}
void Kernel::on(LogSynced&& input) {
  if (agreement_) agreement_->on_log_synced(input.position, input.took, now_, agreement_effects_);
}
void Kernel::on(DecisionsStored&& input) {
  if (agreement_) agreement_->on_decisions_stored(input.height);
}
void Kernel::on(DecisionsRead&& input) {
  if (agreement_) {
    agreement_->on_decisions_read(input.request, input.decisions, now_, agreement_effects_);
  }
}
void Kernel::on(CommitteeProposed&& input) {
  if (agreement_) {
    agreement_->on_committee_proposed(input.request, std::move(input.payload), now_,
                                      agreement_effects_);
  }
}
void Kernel::on(OpProposed&& input) {
  if (agreement_) agreement_->on_proposed(std::move(input.draft), now_, agreement_effects_);
}

}  // namespace kernel
