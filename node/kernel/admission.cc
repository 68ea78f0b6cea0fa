#include "node/kernel/admission.h"

#include "ledger/view.h"

#include <algorithm>
#include <cstddef>

namespace kernel {

std::string why_not_admitted(const Agreement& agreement, const base::NodeId& self,
                             const Doorsteps& doorsteps) {
  const auto member = ledger::find_member(agreement.state(), self);
  if (member && member->standing == ledger::Standing::revoked) {
    return "this node was revoked (" + member->reason + "): it needs a new identity";
  }
  if (member && member->standing == ledger::Standing::evicted) {
    return "this node was evicted (" + member->reason +
           "): a member may admit it again, parley propose member --action admit --node " +
           self.hex();
  }
  const consensus::Committee& committee = agreement.replica().epoch().committee();
  const auto refusing = static_cast<std::size_t>(std::ranges::count_if(
      committee.members(), [&](const auto& seat) { return doorsteps.refused(seat.node); }));
  const bool alone = refusing > 0 && !doorsteps.linked;
  if (refusing <= std::max<std::size_t>(committee.faults(), 1) && !alone) return {};
  return std::to_string(refusing) + " of the " + std::to_string(committee.size()) +
         " validators that this node knows turn it away: it was evicted, was never admitted, or "
         "its clock is far off; ask a member of the mesh";
}

}  // namespace kernel
