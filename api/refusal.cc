#include "api/refusal.h"

#include "ledger/view.h"

#include <algorithm>
#include <iterator>
#include <string_view>

namespace api {

namespace {

std::string_view advice(ledger::Reason reason) {
  using ledger::Reason;
  switch (reason) {
    case Reason::expired:
    case Reason::too_far_ahead:
      return "the clock of this node is not that of the validators; set it";
    case Reason::replayed:
      return "this node's ops overtook each other; propose it again";
    case Reason::not_admitted:
      return "this node is no member of the mesh; have it admitted first";
    case Reason::not_allowed:
      return "no role of this node may do that; ask an operator (GET /v1/agreement lists the "
             "validators)";
    case Reason::needs_ballot:
      return "this mesh decides that by ballot: propose a ballot with this as what follows";
    case Reason::full:
      return "the mesh keeps no more of these; remove some";
    case Reason::behind_seal:
    case Reason::wrong_epoch:
      return "the committee changes just now, or what was given is of an older epoch; propose it "
             "again";
    case Reason::unknown_node:
      return "that node is no admitted member; `parley propose member --action admit` makes it "
             "one, and `--action revoke` shuts out an identity that never was";
    case Reason::already_admitted:
      return "that node is a member already";
    case Reason::revoked_identity:
      return "that identity was revoked, for good; the node needs a new one";
    case Reason::named_equivocator:
      return "that node lied to the committee, and evidence of it was decided";
    case Reason::has_seat:
      return "that node has a seat in the committee; take it first with `parley propose committee "
             "--remove`";
    case Reason::last_holder:
      return "nobody would be left who can decide such things";
    case Reason::not_ready:
      return "too few of the new committee attest that they are ready";
    case Reason::too_many_replaced:
      return "too many seats change at once; do it in steps";
    case Reason::by_vote_only:
      return "this mesh admits by vote: a member has to propose it";
    case Reason::already_known:
      return "that was decided already";
    case Reason::other_version:
      return "what is there has another version than was expected; look again";
    case Reason::no_voter:
      return "this node may not vote in that ballot";
    case Reason::ballot_closed:
      return "that ballot is closed";
    case Reason::too_early:
      return "what it left behind is needed for two hours more";
    case Reason::unknown_role:
      return "this mesh has no such role; every mesh has operator, validator, voter and member";
    case Reason::reserved_role:
      return "the role validator comes with a seat in the committee, and goes with it";
    case Reason::unknown_document:
      return "there is no document with that key; GET /v1/documents lists those that there are";
    case Reason::unknown_policy:
      return "no policy of that name was decided, or it was removed since";
    case Reason::unknown_ballot:
      return "the mesh knows no such ballot (any more); GET /v1/ballots lists those that it knows";
    case Reason::out_of_range:
      return "a ballot ends within 30 days from now, and asks for no more votes than there may be";
    case Reason::role_in_use:
      return "members have that role, or a rule lets its holders vote; first give them other roles "
             "(`parley propose member --action roles`), and the rule another electorate";
    case Reason::bad_invitation:
      return "that invitation is out of date, made out to another node, or of a node that may not "
             "invite (any more); have a member print a new one with `parley invite`";
    case Reason::invitation_used:
      return "somebody came in by that invitation already; have a member print a new one with "
             "`parley invite --node ID`, which nobody else can use up";
  }
  return "";
}

std::size_t missing_in(const ledger::Seats& a, const ledger::Seats& b) {
  ledger::Seats rest;
  std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(rest));
  return rest.size();
}

}  // namespace

std::string explain(ledger::Reason reason) {
  std::string text(ledger::name_of(reason));
  if (const std::string_view more = advice(reason); !more.empty()) {
    text.append(": ").append(more);
  }
  return text;
}

std::optional<std::string> fault_of(const ledger::Reconfigure& change, const ledger::State& state) {
  const ledger::Committee now = ledger::committee_of(state);
  if (change.seats == now.seats && change.parameters == now.parameters) {
    return "that is the committee that there is; name a node to add or to remove";
  }
  const std::size_t replaced =
      std::max(missing_in(now.seats, change.seats), missing_in(change.seats, now.seats));
  const std::size_t most = std::max<std::size_t>(1, ledger::faults_of(now.seats.size()));
  if (replaced > most) {
    return "too_many_replaced: " + std::to_string(replaced) + " seats would change, and of " +
           std::to_string(now.seats.size()) + " at most " + std::to_string(most) +
           " may at once; do it in steps";
  }
  for (const ledger::Seat& seat : change.seats) {
    if (std::binary_search(now.seats.begin(), now.seats.end(), seat)) continue;
    const auto member = ledger::find_member(state, seat.node);
    const std::string id = seat.node.hex();
    if (!member || !member->admitted()) {
      return "unknown_node: " + id +
             " is no member of the mesh yet; first: parley propose member --action admit --node " +
             id;
    }
    if (member->equivocator) {
      return "named_equivocator: " + id + " lied to the committee and gets no seat again";
    }
  }
  return std::nullopt;
}

}  // namespace api
