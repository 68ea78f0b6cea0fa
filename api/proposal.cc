#include "api/proposal.h"

#include "api/ballot_rows.h"
#include "api/proposal_members.h"
#include "base/bytes.h"
#include "base/strings.h"
#include "ledger/authority.h"
#include "ledger/limits.h"
#include "ledger/view.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace api {

namespace {

using ledger::Payload;
using nlohmann::json;
using Read = base::Result<Payload, std::string>;

constexpr std::uint64_t ballot_default_ms = std::uint64_t{24} * 60 * 60 * 1000;

constexpr std::string_view kinds =
    "document, delete-document, member, policy, committee, ballot, vote or withdraw";
constexpr std::size_t bytes_max = std::size_t{60} * 1024;

std::uint64_t expected_in(ProposalMembers& in) {
  return in.number("expected", ledger::Expected::any, {.max = ledger::Expected::any - 1});
}

std::string key_in(ProposalMembers& in) {
  return in.text("key", {.bytes_min = 1, .bytes_max = ledger::document_key_max});
}

ledger::RoleNames roles_in(ProposalMembers& in) {
  std::vector<std::string> roles = in.texts("roles");
  std::sort(roles.begin(), roles.end());
  roles.erase(std::unique(roles.begin(), roles.end()), roles.end());
  if (roles.size() > ledger::roles_per_member_max) in.complain("roles", "are too many");
  if (!std::ranges::all_of(roles, ledger::is_name)) in.complain("roles", "must be names of roles");
  return roles;
}

Read read_document(ProposalMembers in) {
  ledger::PutDocument op{.key = key_in(in), .expected = expected_in(in), .value = {}};
  const json* value = in.find("value");
  if (value == nullptr) in.complain("value", "is missing: any JSON");
  if (value != nullptr) op.value = base::to_bytes(value->dump());
  return in.done(std::move(op));
}

Read read_deletion(ProposalMembers in) {
  return in.done(ledger::DeleteDocument{.key = key_in(in), .expected = expected_in(in)});
}

// In the name of the node that takes the proposal, and of no other.
Read read_own_step(ProposalMembers in, const ProposalContext& at, ledger::Payload step) {
  if (in.has("node") && in.node("node") != at.self) {
    in.complain("node", "is another one than is asked: who joins or leaves proposes it itself");
  }
  return in.done(std::move(step));
}

Read read_member(ProposalMembers in, const ProposalContext& at) {
  const std::string action = in.text("action", {.bytes_max = bytes_max, .required = false});
  if (action == "join") return read_own_step(std::move(in), at, ledger::Join{});
  if (action == "leave") return read_own_step(std::move(in), at, ledger::Leave{});
  const auto reason = [&in] { return in.text("reason", {.bytes_max = ledger::reason_max}); };
  if (action == "admit") {
    return in.done(ledger::Admit{.node = in.node("node"), .roles = roles_in(in)});
  }
  if (action == "roles") {
    return in.done(ledger::AssignRoles{.node = in.node("node"), .roles = roles_in(in)});
  }
  if (action == "evict") {
    ledger::Evict op{.node = in.node("node"), .reason = reason(), .evidence = {}};
    if (in.has("evidence")) op.evidence = in.digest("evidence");
    return in.done(std::move(op));
  }
  if (action == "revoke") {
    return in.done(ledger::Revoke{.node = in.node("node"), .reason = reason()});
  }
  return base::Unexpected{std::string("action must be join, leave, admit, roles, evict or revoke")};
}

Read read_policy(ProposalMembers in, const ProposalContext& at) {
  if (in.flag("remove")) {
    for (const char* other : {"yaml", "scope", "local_may_override"}) {
      if (in.has(other)) in.complain(other, "has no place beside remove");
    }
    return in.done(ledger::RemovePolicy{.name = in.name("name"), .expected = expected_in(in)});
  }
  ledger::SetPolicy op{
      .name = in.name("name"),
      .scope = in.text("scope", {.bytes_max = ledger::scope_max, .required = false}),
      .local_may_override = in.flag("local_may_override"),
      .yaml = in.text("yaml", {.bytes_max = bytes_max, .lines = true}),
      .expected = expected_in(in)};
  auto read = in.done(op);
  if (!read) return read;
  // What is decided and no node can read would have no effect.
  if (const auto good = at.read_policy(op.name, op.scope, op.yaml); !good) {
    return base::Unexpected{"yaml is no policy: " + good.error()};
  }
  return read;
}

// "pv1:<node>:<vote key>", as parley keygen prints it.
std::optional<ledger::Seat> seat_named(std::string_view text) {
  const auto parts = base::split(text, ':');
  if (parts.size() != 3 || parts[0] != "pv1") return std::nullopt;
  const auto node = base::NodeId::from_hex(parts[1]);
  const auto key = base::VoteKey::from_hex(parts[2]);
  if (!node || !key) return std::nullopt;
  return ledger::Seat{.node = *node, .vote_key = *key};
}

// The seats that there are without those of `remove`, and with those of `add`: one that lists
// another key for a node that has a seat replaces its key.
Read read_committee(ProposalMembers in, const ProposalContext& at) {
  const ledger::Committee now = ledger::committee_of(at.state);
  ledger::Reconfigure op{
      .epoch_id = at.epoch_id, .seats = now.seats, .parameters = now.parameters, .ready = {}};
  const auto drop = [&op](const base::NodeId& node) {
    return std::erase_if(op.seats, [&](const ledger::Seat& seat) { return seat.node == node; });
  };
  for (const base::NodeId& node : in.nodes("remove")) {
    if (drop(node) == 0) in.complain("remove", "names " + node.hex() + ", which has no seat");
  }
  for (const std::string& text : in.texts("add")) {
    const auto seat = seat_named(text);
    if (!seat) {
      in.complain("add", "must be what parley keygen calls validator, pv1:...");
      continue;
    }
    drop(seat->node);
    op.seats.push_back(*seat);
  }
  std::sort(op.seats.begin(), op.seats.end());
  using Bounds = ledger::Parameters;
  ledger::Parameters& next = op.parameters;
  next.block_bytes_max = static_cast<std::uint32_t>(
      in.number("block_bytes_max", next.block_bytes_max,
                {.min = Bounds::block_bytes_least, .max = Bounds::block_bytes_most}));
  next.block_ops_max = static_cast<std::uint32_t>(
      in.number("block_ops_max", next.block_ops_max, {.min = 1, .max = Bounds::block_ops_most}));
  if (op.seats.empty() || op.seats.size() > ledger::seats_max) {
    in.complain("committee", "would have " + std::to_string(op.seats.size()) +
                                 " seats; it has 1 to " + std::to_string(ledger::seats_max));
  } else if (!ledger::is_committee(op.seats)) {
    in.complain("add", "lists a vote key that another seat has");
  }
  return in.done(std::move(op));
}

Read read_any(const json& object, const ProposalContext& at);

// What takes place if enough agree.
std::optional<ledger::Effect> effect_in(ProposalMembers& in, const ProposalContext& at) {
  if (!in.has("then")) return std::nullopt;
  const json& then = *in.find("then");
  if (!then.is_object()) {
    in.complain("then", "must be a proposal: {\"kind\": ..., and what that needs}");
    return std::nullopt;
  }
  const auto effect = read_any(then, at);
  if (!effect) {
    in.complain("then", "is no proposal: " + effect.error());
    return std::nullopt;
  }
  const ledger::OpKind kind = kind_of(*effect);
  if (!ledger::may_be_effect(kind)) {
    in.complain("then", "cannot be that (" + std::string(ledger::name_of(kind)) +
                            "): a node does it in its own name alone");
  }
  return ledger::Effect{.kind = kind, .payload = encode_payload(*effect)};
}

ledger::Electorate electorate_in(ProposalMembers& in) {
  ledger::Electorate out{.role = in.name("role", false), .nodes = in.nodes("voters")};
  std::sort(out.nodes.begin(), out.nodes.end());
  if (out.role.empty() == out.nodes.empty()) {
    in.complain("role", "or voters must say who may vote, and not both");
  }
  if (out.nodes.size() > ledger::voters_listed_max) {
    in.complain("voters", "are more than " + std::to_string(ledger::voters_listed_max));
  }
  if (std::ranges::adjacent_find(out.nodes) != out.nodes.end()) {
    in.complain("voters", "names a node twice");
  }
  return out;
}

Read read_ballot(ProposalMembers in, const ProposalContext& at) {
  ledger::OpenBallot op;
  op.question = in.text("question", {.bytes_min = 1, .bytes_max = ledger::question_max});
  op.electorate = electorate_in(in);
  const std::size_t voters =
      op.electorate.nodes.empty() ? ledger::Limits{}.votes_max : op.electorate.nodes.size();
  op.agree_needed = static_cast<std::uint32_t>(in.number("agree", 1, {.min = 1, .max = voters}));
  op.until_ms = in.number("until_ms", at.now_ms + ballot_default_ms, {});
  op.effect = effect_in(in, at);
  return in.done(std::move(op));
}

Read read_vote(ProposalMembers in) {
  const std::string choice = in.text("choice", {.bytes_max = bytes_max});
  if (choice != "agree" && choice != "reject") in.complain("choice", "must be agree or reject");
  return in.done(ledger::CastBallot{
      .ballot = in.digest("ballot"),
      .choice = choice == "agree" ? ledger::Choice::agree : ledger::Choice::reject});
}

Read read_any(const json& object, const ProposalContext& at) {
  const auto member = object.find("kind");
  if (member == object.end()) return base::Unexpected{"kind is missing: " + std::string(kinds)};
  if (!member->is_string()) return base::Unexpected{"kind must be " + std::string(kinds)};
  const auto& kind = member->get_ref<const std::string&>();
  ProposalMembers in(object);
  if (kind == "document") return read_document(std::move(in));
  if (kind == "delete-document") return read_deletion(std::move(in));
  if (kind == "member") return read_member(std::move(in), at);
  if (kind == "policy") return read_policy(std::move(in), at);
  if (kind == "committee") return read_committee(std::move(in), at);
  if (kind == "ballot") return read_ballot(std::move(in), at);
  if (kind == "vote") return read_vote(std::move(in));
  if (kind == "withdraw") return in.done(ledger::WithdrawBallot{.ballot = in.digest("ballot")});
  return base::Unexpected{"kind must be " + std::string(kinds) + ", not " + in_quotes(kind)};
}

}  // namespace

Read read_proposal(const json& body, const ProposalContext& at) {
  if (!body.is_object()) return base::Unexpected{std::string("the body must be a JSON object")};
  auto payload = read_any(body, at);
  if (!payload) return payload;
  const base::Bytes bytes = encode_payload(*payload);
  if (bytes.size() > bytes_max) {
    return base::Unexpected{std::string("a proposal may have at most 60 KiB")};
  }
  // What has no encoding within its bounds could not be read back either.
  if (!ledger::parse_payload(kind_of(*payload), bytes)) {
    return base::Unexpected{std::string("a member is out of its bounds")};
  }
  return payload;
}

ledger::OpenBallot ballot_about(const ledger::Payload& proposal, const ledger::State& state,
                                std::uint64_t now_ms) {
  const ledger::OpKind kind = kind_of(proposal);
  const ledger::Rule rule = ledger::rule_of(state, ledger::right_for(kind));
  const auto electorate = ledger::find_role(state, rule.electorate);
  ledger::OpenBallot out;
  out.question = question_about(proposal, state);
  out.electorate.role = rule.electorate;
  out.agree_needed = std::max<std::uint32_t>(1, rule.needed(electorate ? electorate->holders : 1));
  out.until_ms = now_ms + ballot_default_ms;
  out.effect = ledger::Effect{.kind = kind, .payload = encode_payload(proposal)};
  return out;
}

}  // namespace api
