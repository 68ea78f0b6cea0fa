// Who gets in. What was decided says who is welcome; in a mesh by invitation, who is not may show
// the invitation that a member signed, and nothing else, until it has been decided about.
#include "crypto/verified.h"
#include "node/kernel/kernel.h"

#include <algorithm>
#include <utility>

namespace kernel {

namespace {

constexpr base::Duration knock_every = std::chrono::seconds(2);
constexpr base::Duration knock_timeout = std::chrono::seconds(5);

}  // namespace

// Who is not in itself, as far as it knows, cannot judge who is: its state may be that of long ago.
bool Kernel::welcomes(const base::NodeId& id) const {
  return !agreement_ || agreement_->welcomes(id) || !agreement_->welcomes(self_);
}

// Membership bars who may not take part, so that nobody who vouches for it brings it back.
void Kernel::heed_doors() {
  if (!agreement_) return;
  if (const auto changed = agreement_->take_doors_changed()) {
    membership_.on_doors_changed(*changed, now_, gossip_effects_);
  }
}

bool Kernel::lets_in(const base::NodeId& id) const {
  return welcomes(id) || agreement_->may_knock(id);
}

void Kernel::on_knock(PeerAsked&& input) {
  if (agreement_->may_knock(input.from) && knocks_.take(input.from, input.at, now_)) {
    agreement_->on_knock(input.from, input.body, now_, agreement_effects_);
  }
  refuse(std::move(input));
}

// Until this node sees itself admitted.
void Kernel::knock() {
  if (!options_.invitation || now_ < knock_at_) return;
  if (agreement_->welcomes(self_)) {
    knock_at_ = base::Instant::never();
    return;
  }
  knock_at_ = now_ + knock_every;
  const base::Bytes op = agreement_->signed_join(*options_.invitation);
  std::vector<base::Endpoint> doors = options_.seeds;
  doors.insert(doors.end(), doors_.begin(), doors_.end());
  for (const base::Endpoint& at : doors) {
    agreement_effects_.emplace_back(AskPeer{knock_request, std::nullopt, at, op, knock_timeout});
  }
}

bool Agreement::may_knock(const base::NodeId& id) const {
  if (ledger::mesh_of(state()).admission != ledger::Admission::invitation) return false;
  const auto member = ledger::find_member(state(), id);
  return !member || member->standing == ledger::Standing::left;
}

// Looked at in full before it counts for anything: nobody has vouched for who brings it.
void Agreement::on_knock(const base::NodeId& from, base::ByteView bytes, base::Instant now,
                         Effects& effects) {
  const auto op = ledger::Op::parse(bytes, options_.genesis.mesh);
  if (!op || op->author() != from || op->kind() != ledger::OpKind::join || refusal(*op)) return;
  std::vector<crypto::SignatureCheck> checks;
  op->append_checks(StatementsOfAgreement(), checks);
  const bool holds = std::all_of(checks.begin(), checks.end(),
                                 [](const auto& check) { return crypto::check(check).holds(); });
  if (!holds) return;
  replica_->on_own_ops({op->bytes()}, now, scratch_);
  take(scratch_, effects);
}

base::Bytes Agreement::signed_join(const ledger::Invitation& invitation) const {
  std::vector<ledger::Op> ops{draft(ledger::Join{invitation})};
  ledger::Op::sign_together(identity_, ops);
  return ops.front().bytes();
}

ledger::Invitation Agreement::invite(const base::NodeId& invitee,
                                     std::uint64_t not_after_ms) const {
  drafted_ = std::max(drafted_ + 1, wall_ms());  // never the same number twice
  ledger::Invitation out{.inviter = identity_.id(),
                         .invitee = invitee,
                         .nonce = drafted_,
                         .not_after_ms = not_after_ms,
                         .signature = {}};
  out.signature = ledger::sign(out, identity_, options_.genesis.mesh);
  return out;
}

}  // namespace kernel
