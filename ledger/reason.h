// Why an op is not valid where it stands. Part of no format but a ballot's record, which says why
// its effect did not take place: append only.
#pragma once

#include <cstdint>
#include <string_view>

namespace ledger {

enum class Reason : std::uint8_t {
  expired = 1,    // its "not after" is past
  too_far_ahead,  // its "not after" is too far away
  replayed,       // its author used that number, or a later one
  not_admitted,   // its author is no member
  not_allowed,    // no role of its author may
  needs_ballot,   // a rule wants a ballot
  full,           // a bound is reached
  behind_seal,    // the epoch ends with the op before
  wrong_epoch,    // of another epoch, or of one too old to be judged
  unknown_node,
  already_admitted,
  revoked_identity,
  named_equivocator,
  has_seat,     // of the committee, which has to let it go first
  last_holder,  // nobody would be left who can decide
  unknown_role,
  reserved_role,
  role_in_use,
  other_version,  // not the version that was expected
  unknown_document,
  unknown_policy,
  unknown_ballot,
  ballot_closed,
  no_voter,        // not of the ballot's electorate
  out_of_range,    // a number or a time
  bad_invitation,  // of a member that may not invite, for somebody else, or past
  invitation_used,
  by_vote_only,  // this mesh admits by vote
  too_early,
  too_many_replaced,  // more seats than one change may fill anew
  not_ready,          // too few attestations of the new committee
  already_known,
};
[[nodiscard]] std::string_view name_of(Reason reason);

}  // namespace ledger
