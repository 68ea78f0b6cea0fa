#include "api/proposal.h"

#include "api/ballot_rows.h"
#include "base/bytes.h"
#include "base/strings.h"
#include "ledger/authority.h"
#include "ledger/view.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
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

// Members of the object, with the first that is wrong.
class Members {
 public:
  explicit Members(const json& object) : object_(object) {}

  std::string text(const char* name, bool required = true) {
    const auto found = object_.find(name);
    if (found == object_.end() || found->is_null()) {
      if (required) complain(name, "is missing");
      return {};
    }
    if (found->is_string()) return found->get<std::string>();
    complain(name, "must be a text");
    return {};
  }
  std::uint64_t number(const char* name, std::uint64_t otherwise) {
    const auto found = object_.find(name);
    if (found == object_.end() || found->is_null()) return otherwise;
    if (found->is_number_unsigned()) return found->get<std::uint64_t>();
    complain(name, "must be a whole number from 0 up");
    return otherwise;
  }
  bool flag(const char* name) {
    const auto found = object_.find(name);
    if (found == object_.end() || found->is_null()) return false;
    if (!found->is_boolean()) complain(name, "must be true or false");
    return found->is_boolean() && found->get<bool>();
  }
  std::vector<std::string> texts(const char* name) {
    std::vector<std::string> out;
    const auto found = object_.find(name);
    if (found == object_.end() || found->is_null()) return out;
    if (!found->is_array()) {
      complain(name, "must be a list of texts");
      return out;
    }
    for (const json& item : *found) {
      if (!item.is_string()) {
        complain(name, "must be a list of texts");
        return {};
      }
      out.push_back(item.get<std::string>());
    }
    return out;
  }
  base::NodeId node(const char* name) {
    const std::string hex = text(name);
    const auto id = base::NodeId::from_hex(hex);
    if (!id) complain(name, "must be a node id, 64 hexadecimal digits (see parley members)");
    return id.value_or(base::NodeId());
  }
  base::Digest digest(const char* name) {
    const auto id = base::Digest::from_hex(text(name));
    if (!id) complain(name, "must be an id, 64 hexadecimal digits");
    return id.value_or(base::Digest());
  }
  [[nodiscard]] const json* find(const char* name) const {
    const auto found = object_.find(name);
    return found == object_.end() ? nullptr : &*found;
  }
  void complain(const char* name, const std::string& what) {
    if (error_.empty()) error_ = std::string(name) + " " + what;
  }
  [[nodiscard]] Read done(Payload payload) const {
    if (!error_.empty()) return base::Unexpected{error_};
    return payload;
  }

 private:
  const json& object_;
  std::string error_;
};

ledger::RoleNames roles_in(Members& in) {
  std::vector<std::string> roles = in.texts("roles");
  std::sort(roles.begin(), roles.end());
  roles.erase(std::unique(roles.begin(), roles.end()), roles.end());
  if (roles.size() > ledger::roles_per_member_max) in.complain("roles", "are too many");
  return roles;
}

Read read_document(Members in) {
  ledger::PutDocument op{.key = in.text("key"), .expected = {}, .value = {}};
  op.expected = in.number("expected", ledger::Expected::any);
  const json* value = in.find("value");
  if (value == nullptr) in.complain("value", "is missing: any JSON");
  if (value != nullptr) op.value = base::to_bytes(value->dump());
  return in.done(std::move(op));
}

Read read_member(Members in) {
  const std::string action = in.text("action");
  if (action == "join") return in.done(ledger::Join{});
  if (action == "leave") return in.done(ledger::Leave{});
  const base::NodeId node = in.node("node");
  if (action == "admit") return in.done(ledger::Admit{.node = node, .roles = roles_in(in)});
  if (action == "roles") return in.done(ledger::AssignRoles{.node = node, .roles = roles_in(in)});
  if (action == "evict") {
    ledger::Evict op{.node = node, .reason = in.text("reason"), .evidence = {}};
    if (in.find("evidence") != nullptr) op.evidence = in.digest("evidence");
    return in.done(std::move(op));
  }
  if (action == "revoke") {
    return in.done(ledger::Revoke{.node = node, .reason = in.text("reason")});
  }
  in.complain("action", "must be join, leave, admit, roles, evict or revoke");
  return in.done(ledger::Leave{});
}

Read read_policy(Members in) {
  if (in.flag("remove")) {
    return in.done(ledger::RemovePolicy{.name = in.text("name"),
                                        .expected = in.number("expected", ledger::Expected::any)});
  }
  return in.done(ledger::SetPolicy{.name = in.text("name"),
                                   .scope = in.text("scope", false),
                                   .local_may_override = in.flag("local_may_override"),
                                   .yaml = in.text("yaml"),
                                   .expected = in.number("expected", ledger::Expected::any)});
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
Read read_committee(Members in, const ProposalContext& at) {
  const ledger::Committee now = ledger::committee_of(at.state);
  ledger::Reconfigure op{
      .epoch_id = at.epoch_id, .seats = now.seats, .parameters = now.parameters, .ready = {}};
  const auto drop = [&op](const base::NodeId& node) {
    return std::erase_if(op.seats, [&](const ledger::Seat& seat) { return seat.node == node; });
  };
  for (const std::string& hex : in.texts("remove")) {
    const auto id = base::NodeId::from_hex(hex);
    if (!id) in.complain("remove", "must be node ids of 64 hexadecimal digits");
    if (id && drop(*id) == 0) in.complain("remove", "names " + hex + ", which has no seat");
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
  const auto bounded = [&in](const char* name, std::uint32_t there) {
    const std::uint64_t number = in.number(name, there);
    return static_cast<std::uint32_t>(
        std::min<std::uint64_t>(number, std::numeric_limits<std::uint32_t>::max()));
  };
  op.parameters.block_bytes_max = bounded("block_bytes_max", now.parameters.block_bytes_max);
  op.parameters.block_ops_max = bounded("block_ops_max", now.parameters.block_ops_max);
  if (op.seats.empty() || op.seats.size() > ledger::seats_max) {
    in.complain("committee", "would have " + std::to_string(op.seats.size()) +
                                 " seats; it has 1 to " + std::to_string(ledger::seats_max));
  } else if (!ledger::is_committee(op.seats)) {
    in.complain("add", "lists a vote key that another seat has");
  }
  return in.done(std::move(op));
}

Read read_proposal_of(const std::string& kind, const json& body, const ProposalContext& at);

Read read_ballot(Members in, const ProposalContext& at) {
  ledger::OpenBallot op;
  op.question = in.text("question");
  op.electorate.role = in.text("role", false);
  for (const std::string& hex : in.texts("voters")) {
    const auto id = base::NodeId::from_hex(hex);
    if (!id) in.complain("voters", "must be node ids of 64 hexadecimal digits");
    if (id) op.electorate.nodes.push_back(*id);
  }
  std::sort(op.electorate.nodes.begin(), op.electorate.nodes.end());
  if (op.electorate.role.empty() == op.electorate.nodes.empty()) {
    in.complain("role", "or voters must say who may vote, and not both");
  }
  op.agree_needed = static_cast<std::uint32_t>(
      std::min<std::uint64_t>(in.number("agree", 1), std::numeric_limits<std::uint32_t>::max()));
  op.until_ms = in.number("until_ms", at.now_ms + ballot_default_ms);
  if (const json* then = in.find("then"); then != nullptr && then->is_object()) {
    const auto kind = then->value("kind", "");
    auto effect = read_proposal_of(kind, *then, at);
    if (!effect) {
      in.complain("then", "is no proposal: " + effect.error());
    } else {
      op.effect = ledger::Effect{.kind = kind_of(*effect), .payload = encode_payload(*effect)};
    }
  }
  return in.done(std::move(op));
}

Read read_vote(Members in) {
  const std::string choice = in.text("choice");
  if (choice != "agree" && choice != "reject") in.complain("choice", "must be agree or reject");
  return in.done(ledger::CastBallot{
      .ballot = in.digest("ballot"),
      .choice = choice == "agree" ? ledger::Choice::agree : ledger::Choice::reject});
}

Read read_proposal_of(const std::string& kind, const json& body, const ProposalContext& at) {
  Members in(body);
  if (kind == "document") return read_document(in);
  if (kind == "delete-document") {
    return in.done(ledger::DeleteDocument{
        .key = in.text("key"), .expected = in.number("expected", ledger::Expected::any)});
  }
  if (kind == "member") return read_member(in);
  if (kind == "policy") return read_policy(in);
  if (kind == "committee") return read_committee(in, at);
  if (kind == "ballot") return read_ballot(in, at);
  if (kind == "vote") return read_vote(in);
  if (kind == "withdraw") return in.done(ledger::WithdrawBallot{.ballot = in.digest("ballot")});
  return base::Unexpected{
      "kind must be document, delete-document, member, policy, committee, ballot, vote or "
      "withdraw, "
      "not \"" +
      kind + "\""};
}

}  // namespace

Read read_proposal(const json& body, const ProposalContext& at) {
  if (!body.is_object()) return base::Unexpected{std::string("the body must be a JSON object")};
  const auto kind = body.find("kind");
  if (kind == body.end() || !kind->is_string()) {
    return base::Unexpected{
        std::string("kind is missing: document, member, policy, committee, ballot, vote")};
  }
  auto payload = read_proposal_of(kind->get<std::string>(), body, at);
  if (!payload) return payload;
  constexpr std::size_t payload_max = std::size_t{60} * 1024;
  const base::Bytes bytes = encode_payload(*payload);
  if (bytes.size() > payload_max) {
    return base::Unexpected{std::string("a proposal may have at most 60 KiB")};
  }
  // What has no encoding within its bounds could not be read back either.
  if (!ledger::parse_payload(kind_of(*payload), bytes)) {
    return base::Unexpected{
        std::string("a text or number is out of its bounds: names have 1 to 64 "
                    "small letters, digits, dots and dashes; keys up to 256 "
                    "bytes; the whole up to 64 KiB")};
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
