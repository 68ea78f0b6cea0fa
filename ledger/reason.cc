#include "ledger/reason.h"

#include <array>

namespace ledger {

std::string_view name_of(Reason reason) {
  constexpr std::array<std::string_view, 33> names{"none",
                                                   "expired",
                                                   "too_far_ahead",
                                                   "replayed",
                                                   "not_admitted",
                                                   "not_allowed",
                                                   "needs_ballot",
                                                   "full",
                                                   "behind_seal",
                                                   "wrong_epoch",
                                                   "unknown_node",
                                                   "already_admitted",
                                                   "revoked_identity",
                                                   "named_equivocator",
                                                   "has_seat",
                                                   "last_holder",
                                                   "unknown_role",
                                                   "reserved_role",
                                                   "role_in_use",
                                                   "other_version",
                                                   "unknown_document",
                                                   "unknown_policy",
                                                   "unknown_ballot",
                                                   "ballot_closed",
                                                   "no_voter",
                                                   "out_of_range",
                                                   "bad_invitation",
                                                   "invitation_used",
                                                   "by_vote_only",
                                                   "too_early",
                                                   "too_many_replaced",
                                                   "not_ready",
                                                   "already_known"};
  static_assert(names.size() == static_cast<std::size_t>(Reason::already_known) + 1);
  return names.at(static_cast<std::size_t>(reason));
}

}  // namespace ledger
