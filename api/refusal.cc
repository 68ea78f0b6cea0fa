#include "api/refusal.h"

#include "ledger/view.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>

namespace api {

namespace {

using ledger::Reason;

struct Advice {
  Reason reason;
  std::string_view text;
};
constexpr std::array<Advice, 32> advices{{
    {Reason::expired, "the clock of this node is not that of the validators; set it"},
    {Reason::too_far_ahead, "the clock of this node is not that of the validators; set it"},
    {Reason::replayed, "this node's ops overtook each other; propose it again"},
    {Reason::not_admitted, "this node is no member of the mesh; have it admitted first"},
    {Reason::not_allowed,
     "no role of this node may do that; ask an operator (GET /v1/agreement lists the "
     "validators)"},
    {Reason::needs_ballot,
     "this mesh decides that by ballot: propose a ballot with this as what follows"},
    {Reason::full, "the mesh keeps no more of these; remove some"},
    {Reason::behind_seal,
     "the committee changes just now, or what was given is of an older epoch; propose it "
     "again"},
    {Reason::wrong_epoch,
     "the committee changes just now, or what was given is of an older epoch; propose it "
     "again"},
    {Reason::unknown_node,
     "that node is no admitted member; `parley propose member --action admit` makes it "
     "one, and `--action revoke` shuts out an identity that never was"},
    {Reason::already_admitted, "that node is a member already"},
    {Reason::revoked_identity, "that identity was revoked, for good; the node needs a new one"},
    {Reason::named_equivocator, "that node lied to the committee, and evidence of it was decided"},
    {Reason::has_seat,
     "that node has a seat in the committee; take it first with `parley propose committee "
     "--remove`"},
    {Reason::last_holder, "nobody would be left who can decide such things"},
    {Reason::not_ready, "too few of the new committee attest that they are ready"},
    {Reason::too_many_replaced, "too many seats change at once; do it in steps"},
    {Reason::by_vote_only, "this mesh admits by vote: a member has to propose it"},
    {Reason::already_known, "that was decided already"},
    {Reason::other_version, "what is there has another version than was expected; look again"},
    {Reason::no_voter, "this node may not vote in that ballot"},
    {Reason::ballot_closed, "that ballot is closed"},
    {Reason::too_early, "what it left behind is needed for two hours more"},
    {Reason::unknown_role,
     "this mesh has no such role; every mesh has operator, validator, voter and member"},
    {Reason::reserved_role,
     "the role validator comes with a seat in the committee, and goes with it"},
    {Reason::unknown_document,
     "there is no document with that key; GET /v1/documents lists those that there are"},
    {Reason::unknown_policy, "no policy of that name was decided, or it was removed since"},
    {Reason::unknown_ballot,
     "the mesh knows no such ballot (any more); GET /v1/ballots lists those that it knows"},
    {Reason::out_of_range,
     "a ballot ends within 30 days from now, and asks for no more votes than there may be"},
    {Reason::role_in_use,
     "members have that role, so first give them others (`parley propose member --action roles`), "
     "or a rule of this mesh lets its holders vote, and then it stays"},
    {Reason::bad_invitation,
     "that invitation is out of date, made out to another node, or of a node that may not "
     "invite (any more); have a member print a new one with `parley invite`"},
    {Reason::invitation_used,
     "somebody came in by that invitation already; have a member print a new one with "
     "`parley invite --node ID`, which nobody else can use up"},
}};

std::string_view advice(Reason reason) {
  const auto* found = std::ranges::find(advices, reason, &Advice::reason);
  return found == advices.end() ? "" : found->text;
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
