#include "ledger/ops/members.h"

#include "ledger/ops/handlers.h"

#include <algorithm>
#include <utility>

namespace ledger {

namespace {

// A seat is given up by a change of the committee only: a member that is out of the mesh could not
// vote, and its seat would still count.
bool has_seat(const Scene& scene, const base::NodeId& node) {
  return scene.get<Committee>(key::committee).seats_node(node);
}

void stand(const Scene& scene, Member& member, Standing standing, const base::NodeId& by) {
  member.standing = standing;
  member.since_height = scene.block().height;
  member.since_ms = scene.block().timestamp_ms;
  member.by = by;
  member.reason.clear();
  member.evidence = {};
}

bool reserved(const RoleNames& roles) {
  return std::find(roles.begin(), roles.end(), validator_role) != roles.end();
}

// Uses up an invitation that names nobody.
Refusal use_up(Scene& scene, const Invitation& invitation, Member inviter) {
  auto& used = inviter.used_invitations;
  std::erase_if(used, [&](const Member::UsedInvitation& old) {
    return old.not_after_ms < scene.block().timestamp_ms;
  });
  const bool known = std::any_of(used.begin(), used.end(), [&](const Member::UsedInvitation& old) {
    return old.nonce == invitation.nonce;
  });
  if (known) return Reason::invitation_used;
  if (used.size() >= scene.limits().invitations_used_max) return Reason::full;
  used.push_back({.nonce = invitation.nonce, .not_after_ms = invitation.not_after_ms});
  scene.write(key::member(invitation.inviter), inviter);
  return std::nullopt;
}

Refusal accept(Scene& scene, const Invitation& invitation, const base::NodeId& node) {
  const std::uint64_t now = scene.block().timestamp_ms;
  if (invitation.not_after_ms < now ||
      invitation.not_after_ms - now > scene.limits().invitation_ms_max) {
    return Reason::bad_invitation;
  }
  const Actor inviter{.node = invitation.inviter, .approval = std::nullopt};
  if (authorise(scene, inviter, Right::invite)) return Reason::bad_invitation;
  if (invitation.invitee == node) return std::nullopt;
  if (!invitation.invitee.is_zero()) return Reason::bad_invitation;
  return use_up(scene, invitation, scene.get<Member>(key::member(invitation.inviter)));
}

}  // namespace

Refusal admit_member(Scene& scene, const base::NodeId& node, const base::NodeId& by) {
  std::optional<Member> member = scene.read<Member>(key::member(node));
  if (!member) {
    Totals totals = scene.get<Totals>(key::totals);
    if (totals.members >= scene.limits().members_max) return Reason::full;
    ++totals.members;
    scene.write(key::totals, totals);
    member.emplace();
    member->standing = Standing::left;
  }
  if (member->admitted()) return Reason::already_admitted;
  if (member->standing == Standing::revoked) return Reason::revoked_identity;
  if (member->equivocator) return Reason::named_equivocator;
  stand(scene, *member, Standing::admitted, by);
  if (const Refusal refusal =
          change_roles(scene, node, *std::move(member), {std::string(member_role)})) {
    return refusal;
  }
  scene.tell(MemberAdmitted{.node = node});
  return std::nullopt;
}

Refusal apply(Scene& scene, const Actor& actor, const Join& op) {
  const std::optional<Member> member = scene.read<Member>(key::member(actor.node));
  if (member && member->admitted()) return Reason::already_admitted;
  if (member && member->standing == Standing::evicted) return Reason::not_admitted;
  switch (scene.get<MeshRecord>(key::mesh).admission) {
    case Admission::open:
      return admit_member(scene, actor.node, actor.node);
    case Admission::vote:
      return Reason::by_vote_only;
    case Admission::invitation:
      break;
  }
  if (!op.invitation) return Reason::not_admitted;
  if (const Refusal refusal = accept(scene, *op.invitation, actor.node)) return refusal;
  return admit_member(scene, actor.node, op.invitation->inviter);
}

Refusal apply(Scene& scene, const Actor& actor, const Admit& op) {
  if (const Refusal refusal = authorise(scene, actor, Right::admit)) return refusal;
  if (const Refusal refusal = admit_member(scene, op.node, actor.node)) return refusal;
  if (op.roles.empty()) return std::nullopt;
  return apply(scene, actor, AssignRoles{.node = op.node, .roles = op.roles});
}

Refusal apply(Scene& scene, const Actor& actor, const Leave& /*op*/) {
  if (has_seat(scene, actor.node)) return Reason::has_seat;
  Member member = scene.get<Member>(key::member(actor.node));
  stand(scene, member, Standing::left, actor.node);
  if (const Refusal refusal = change_roles(scene, actor.node, std::move(member), {})) {
    return refusal;
  }
  scene.tell(MemberLeft{.node = actor.node});
  return std::nullopt;
}

Refusal apply(Scene& scene, const Actor& actor, const Evict& op) {
  if (const Refusal refusal = authorise(scene, actor, Right::evict)) return refusal;
  std::optional<Member> member = scene.read<Member>(key::member(op.node));
  if (!member || !member->admitted()) return Reason::unknown_node;
  if (has_seat(scene, op.node)) return Reason::has_seat;
  stand(scene, *member, Standing::evicted, actor.node);
  member->reason = op.reason;
  member->evidence = op.evidence;
  if (const Refusal refusal = change_roles(scene, op.node, *std::move(member), {})) return refusal;
  scene.tell(MemberEvicted{.node = op.node, .reason = op.reason});
  return std::nullopt;
}

Refusal apply(Scene& scene, const Actor& actor, const Revoke& op) {
  // Whoever notices that its own key was stolen need not ask.
  if (actor.node != op.node) {
    if (const Refusal refusal = authorise(scene, actor, Right::revoke)) return refusal;
  }
  if (has_seat(scene, op.node)) return Reason::has_seat;
  std::optional<Member> member = scene.read<Member>(key::member(op.node));
  if (!member) {
    Totals totals = scene.get<Totals>(key::totals);
    if (totals.members >= scene.limits().members_max) return Reason::full;
    ++totals.members;
    scene.write(key::totals, totals);
    member.emplace();
  }
  if (member->standing == Standing::revoked) return Reason::already_known;
  stand(scene, *member, Standing::revoked, actor.node);
  member->reason = op.reason;
  if (const Refusal refusal = change_roles(scene, op.node, *std::move(member), {})) return refusal;
  scene.tell(IdentityRevoked{.node = op.node, .reason = op.reason});
  return std::nullopt;
}

Refusal apply(Scene& scene, const Actor& actor, const AssignRoles& op) {
  if (const Refusal refusal = authorise(scene, actor, Right::assign_roles)) return refusal;
  std::optional<Member> member = scene.read<Member>(key::member(op.node));
  if (!member || !member->admitted()) return Reason::unknown_node;
  if (reserved(op.roles)) return Reason::reserved_role;
  RoleNames roles = op.roles;
  add_role(roles, member_role);
  if (member->has_role(validator_role)) add_role(roles, validator_role);
  if (roles.size() > roles_per_member_max) return Reason::full;
  if (const Refusal refusal = change_roles(scene, op.node, *std::move(member), roles)) {
    return refusal;
  }
  scene.tell(RolesAssigned{.node = op.node, .roles = std::move(roles)});
  return std::nullopt;
}

Refusal apply(Scene& scene, const Actor& actor, const Forget& op) {
  if (const Refusal refusal = authorise(scene, actor, Right::admit)) return refusal;
  const std::optional<Member> member = scene.read<Member>(key::member(op.node));
  if (!member || member->admitted()) return Reason::unknown_node;
  // What was learnt of these stays: an identity that was stolen, or that lied to the committee.
  if (member->standing == Standing::revoked) return Reason::revoked_identity;
  if (member->equivocator) return Reason::named_equivocator;
  // With its last sequence number gone, ops of it that are not past their time could come again.
  const std::uint64_t now = scene.block().timestamp_ms;
  if (now < member->since_ms || now - member->since_ms < scene.limits().forget_after_ms) {
    return Reason::too_early;
  }
  scene.erase(key::member(op.node));
  scene.erase(key::sequence(op.node));
  Totals totals = scene.get<Totals>(key::totals);
  --totals.members;
  scene.write(key::totals, totals);
  scene.tell(MemberForgotten{.node = op.node});
  return std::nullopt;
}

}  // namespace ledger
