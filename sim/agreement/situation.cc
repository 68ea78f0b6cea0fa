#include "sim/agreement/situation.h"

#include <algorithm>

namespace sim::agreement {

std::uint32_t situation_of(const consensus::Replica& replica, const consensus::Message& message) {
  const consensus::Replica::Standing standing = replica.standing();
  consensus::View view = standing.view;
  std::uint32_t kind = 0;
  if (const auto* vote = std::get_if<consensus::Vote>(&message)) {
    view = vote->view;
    kind = static_cast<std::uint32_t>(vote->kind);
  } else if (const auto* certificate = std::get_if<consensus::Certificate>(&message)) {
    view = certificate->view;
    kind = static_cast<std::uint32_t>(certificate->kind);
  } else if (const auto* proposal = std::get_if<consensus::Proposal>(&message)) {
    view = proposal->block->header().view;
    kind = view > proposal->block->header().parent_view + 1 ? 1 : 0;
  }
  std::uint32_t voted = 0;
  for (const consensus::Vote& own : replica.own_votes()) {
    if (own.view == view) voted |= 1U << static_cast<std::uint32_t>(own.kind);
  }
  const auto clipped = [](consensus::View value, consensus::View most) {
    return static_cast<std::uint32_t>(std::min(value, most));
  };
  const std::uint32_t distance = view < standing.view ? 4 + clipped(standing.view - view, 3)
                                                      : clipped(view - standing.view, 3);
  std::uint32_t situation = static_cast<std::uint32_t>(message.index());
  situation = situation << 2U | kind;
  situation = situation << 3U | distance;
  situation = situation << 4U | voted;
  situation = situation << 2U | clipped(standing.view - standing.finalized_view, 3);
  return situation;
}

}  // namespace sim::agreement
