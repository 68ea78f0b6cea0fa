#include "ledger/ops/committee.h"

#include "ledger/ops/handlers.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace ledger {

namespace {

// How many seats of `a` are not in `b`; one whose key changed counts.
std::size_t missing_in(const Seats& a, const Seats& b) {
  Seats rest;
  std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(rest));
  return rest.size();
}

// Who sat there already stays what it was; who is new has to be a member in good standing.
Refusal may_sit(const Scene& scene, const Committee& now, const Seat& seat) {
  if (std::binary_search(now.seats.begin(), now.seats.end(), seat)) return std::nullopt;
  const std::optional<Member> member = scene.read<Member>(key::member(seat.node));
  if (!member || !member->admitted()) return Reason::unknown_node;
  if (member->equivocator) return Reason::named_equivocator;
  return std::nullopt;
}

std::size_t ready_at(const Reconfigure& op, std::uint64_t height) {
  return static_cast<std::size_t>(
      std::count_if(op.ready.begin(), op.ready.end(),
                    [&](const Ready& ready) { return ready.not_after_height >= height; }));
}

// The role `validator` says who has a seat.
Refusal move_role(Scene& scene, const Committee& from, const Committee& to) {
  for (const Seat& seat : to.seats) {
    if (from.seats_node(seat.node)) continue;
    Member member = scene.get<Member>(key::member(seat.node));
    RoleNames roles = member.roles;
    add_role(roles, validator_role);
    if (roles.size() > roles_per_member_max) return Reason::full;
    if (const Refusal refusal = change_roles(scene, seat.node, std::move(member), roles)) {
      return refusal;
    }
  }
  for (const Seat& seat : from.seats) {
    if (to.seats_node(seat.node)) continue;
    Member member = scene.get<Member>(key::member(seat.node));
    RoleNames roles = member.roles;
    remove_role(roles, validator_role);
    if (const Refusal refusal = change_roles(scene, seat.node, std::move(member), roles)) {
      return refusal;
    }
  }
  return std::nullopt;
}

}  // namespace

Refusal apply(Scene& scene, const Actor& actor, const Reconfigure& op) {
  if (const Refusal refusal = authorise(scene, actor, Right::set_committee)) return refusal;
  if (scene.next()) return Reason::behind_seal;
  if (op.epoch_id != scene.block().epoch_id) return Reason::wrong_epoch;
  const Committee now = scene.get<Committee>(key::committee);
  const std::size_t replaced =
      std::max(missing_in(now.seats, op.seats), missing_in(op.seats, now.seats));
  if (replaced > std::max<std::size_t>(1, faults_of(now.seats.size()))) {
    return Reason::too_many_replaced;
  }
  for (const Seat& seat : op.seats) {
    if (const Refusal refusal = may_sit(scene, now, seat)) return refusal;
  }
  if (ready_at(op, scene.block().height) < quorum_of(op.seats.size())) return Reason::not_ready;

  Committee next{
      .epoch = now.epoch + 1, .epoch_id = {}, .seats = op.seats, .parameters = op.parameters};
  if (const Refusal refusal = move_role(scene, now, next)) return refusal;
  scene.write(key::committee, next);
  scene.tell(CommitteeChanged{.epoch = next.epoch});
  scene.seal(std::move(next));
  return std::nullopt;
}

Refusal apply(Scene& scene, const Actor& actor, const ReportEvidence& op) {
  const std::optional<Committee> then = scene.read<Committee>(key::epoch(op.epoch));
  if (!then || then->epoch_id != op.epoch_id) return Reason::wrong_epoch;
  if (!std::binary_search(then->seats.begin(), then->seats.end(), op.signer)) {
    return Reason::unknown_node;
  }
  const std::string under = key::evidence(op);
  if (scene.draft().find(under)) return Reason::already_known;
  Totals totals = scene.get<Totals>(key::totals);
  if (totals.evidences >= scene.limits().evidences_max) return Reason::full;
  ++totals.evidences;
  scene.write(key::totals, totals);
  scene.write(under,
              Evidence{.report = op, .height = scene.block().height, .reporter = actor.node});
  if (std::optional<Member> member = scene.read<Member>(key::member(op.signer.node))) {
    member->equivocator = true;
    scene.write(key::member(op.signer.node), *member);
  }
  scene.tell(EquivocatorNamed{
      .node = op.signer.node, .epoch = op.epoch, .view = op.view, .proven = *op.proves()});
  return std::nullopt;
}

}  // namespace ledger
