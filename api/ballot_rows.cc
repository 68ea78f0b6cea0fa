#include "api/ballot_rows.h"

#include "api/json_body.h"
#include "base/bytes.h"
#include "ledger/view.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <iterator>
#include <string_view>
#include <variant>
#include <vector>

namespace api {

namespace {

using Json = nlohmann::ordered_json;
using Nodes = std::vector<base::NodeId>;

// What a new committee changes in the one that there is.
struct CommitteeStep {
  ledger::Seats added;    // with the new key of a node that has a seat
  ledger::Seats removed;  // with the old one
};

CommitteeStep step_to(const ledger::Reconfigure& next, const ledger::State& state) {
  const ledger::Seats now = ledger::committee_of(state).seats;
  CommitteeStep out;
  std::ranges::set_difference(next.seats, now, std::back_inserter(out.added));
  std::ranges::set_difference(now, next.seats, std::back_inserter(out.removed));
  return out;
}

bool seats_node(const ledger::Seats& seats, const base::NodeId& node) {
  return std::ranges::find(seats, node, &ledger::Seat::node) != seats.end();
}

std::string listed(const Nodes& nodes, bool in_full) {
  std::string out;
  for (const base::NodeId& node : nodes) {
    out += (out.empty() ? " " : ", ") + (in_full ? node.hex() : node.short_hex());
  }
  return out;
}

std::string committee_question(const ledger::Reconfigure& next, const ledger::State& state,
                               bool in_full) {
  const ledger::Committee now = ledger::committee_of(state);
  const CommitteeStep step = step_to(next, state);
  Nodes seated;
  Nodes renewed;
  Nodes unseated;
  for (const ledger::Seat& seat : step.added) {
    (seats_node(step.removed, seat.node) ? renewed : seated).push_back(seat.node);
  }
  for (const ledger::Seat& seat : step.removed) {
    if (!seats_node(step.added, seat.node)) unseated.push_back(seat.node);
  }
  std::string out = "Shall the committee change:";
  const auto say = [&out](const std::string& what) {
    out += (out.back() == ':' ? " " : "; ") + what;
  };
  if (!seated.empty()) say("a seat for" + listed(seated, in_full));
  if (!unseated.empty()) say("no seat any more for" + listed(unseated, in_full));
  if (!renewed.empty()) say("another vote key for" + listed(renewed, in_full));
  if (next.parameters.block_bytes_max != now.parameters.block_bytes_max) {
    say("blocks of up to " + std::to_string(next.parameters.block_bytes_max) + " bytes");
  }
  if (next.parameters.block_ops_max != now.parameters.block_ops_max) {
    say("blocks of up to " + std::to_string(next.parameters.block_ops_max) + " ops");
  }
  return out;
}

std::string seat_text(const ledger::Seat& seat) {
  return "pv1:" + seat.node.hex() + ":" + seat.vote_key.hex();
}

Json seat_texts(const ledger::Seats& seats) {
  Json out = Json::array();
  for (const ledger::Seat& seat : seats) out.push_back(seat_text(seat));
  return out;
}

Json rights_of(const ledger::Rights& rights) {
  Json out = Json::array();
  for (std::size_t i = 0; i < ledger::right_count; ++i) {
    const auto right = static_cast<ledger::Right>(i);
    if (rights.has(right)) out.push_back(ledger::name_of(right));
  }
  return out;
}

void describe(const ledger::Reconfigure& op, Json& out) {
  out["epoch_id"] = op.epoch_id.hex();
  out["seats"] = seat_texts(op.seats);
  out["block_bytes_max"] = op.parameters.block_bytes_max;
  out["block_ops_max"] = op.parameters.block_ops_max;
}
void describe(const ledger::DefineRole& op, Json& out) {
  out["name"] = op.name;
  out["rights"] = rights_of(op.rights);
  out["prefixes"] = op.prefixes;
}
void describe(const ledger::SetRule& op, Json& out) {
  out["right"] = ledger::name_of(op.right);
  out["direct"] = op.rule.direct;
  out["electorate"] = op.rule.electorate;
  out["share_ppm"] = op.rule.share_ppm;
}
// All others have members that mean the same wherever they are.
template <class Op>
void describe(const Op& op, Json& out) {
  if constexpr (requires { op.node; }) out["node"] = op.node.hex();
  if constexpr (requires { op.name; }) out["name"] = op.name;
  if constexpr (requires { op.key; }) out["key"] = op.key;
  if constexpr (requires { op.value; }) out["value"] = json_or_text(base::as_text(op.value));
  if constexpr (requires { op.roles; }) out["roles"] = op.roles;
  if constexpr (requires { op.reason; }) out["reason"] = op.reason;
  if constexpr (requires { op.evidence; }) {
    if (!op.evidence.is_zero()) out["evidence"] = op.evidence.hex();
  }
  if constexpr (requires { op.yaml; }) {
    out["scope"] = op.scope;
    out["local_may_override"] = op.local_may_override;
    out["yaml"] = op.yaml;
  }
  if constexpr (requires { op.expected; }) {
    if (op.expected != ledger::Expected::any) out["expected"] = op.expected;
  }
}

Json effect_row(const ledger::Effect& effect, bool open, const ledger::State& state) {
  const auto payload = parse_payload(effect.kind, effect.payload);
  if (!payload) return Json{{"kind", ledger::name_of(effect.kind)}};
  Json out = described(*payload);
  const auto* next = std::get_if<ledger::Reconfigure>(&*payload);
  if (next == nullptr || !open) return out;
  const CommitteeStep step = step_to(*next, state);
  out["add"] = seat_texts(step.added);
  out["remove"] = Json::array();
  for (const ledger::Seat& seat : step.removed) {
    if (!seats_node(step.added, seat.node)) out["remove"].push_back(seat.node.hex());
  }
  return out;
}

}  // namespace

std::string question_about(const ledger::Payload& proposal, const ledger::State& state) {
  if (const auto* next = std::get_if<ledger::Reconfigure>(&proposal)) {
    std::string question = committee_question(*next, state, true);
    if (question.size() <= ledger::question_max) return question;
    return committee_question(*next, state, false);
  }
  std::string out = "Shall this take place: " + std::string(ledger::name_of(kind_of(proposal)));
  std::visit(
      [&out](const auto& op) {
        if constexpr (requires { op.node; }) out += " " + op.node.hex();
        if constexpr (requires { op.name; }) out += " " + op.name;
        if constexpr (requires { op.key; }) out += " " + op.key;
      },
      proposal);
  return out;
}

Json described(const ledger::Payload& op) {
  Json out{{"kind", ledger::name_of(kind_of(op))}};
  std::visit([&out](const auto& each) { describe(each, out); }, op);
  return out;
}

Json ballot_row(const base::Digest& id, const ledger::Ballot& ballot, const ledger::State& state) {
  Json voters = Json::array();
  for (const base::NodeId& node : ballot.ask.electorate.nodes) voters.push_back(node.hex());
  Json votes = Json::array();
  if (const auto tally = ledger::find_tally(state, id)) {
    for (const auto& vote : tally->votes) {
      votes.push_back({{"voter", vote.voter.hex()},
                       {"choice", vote.choice == ledger::Choice::agree ? "agree" : "reject"}});
    }
  }
  const bool open = ballot.result == ledger::BallotResult::open;
  const auto refusal = static_cast<ledger::Reason>(ballot.effect_refusal);
  return {{"id", id.hex()},
          {"question", ballot.ask.question},
          {"result", ledger::name_of(ballot.result)},
          {"opener", ballot.opener.hex()},
          {"role", ballot.ask.electorate.role},
          {"voters", std::move(voters)},
          {"agree_needed", ballot.ask.agree_needed},
          {"then", ballot.ask.effect ? effect_row(*ballot.ask.effect, open, state) : Json()},
          {"agreed", ballot.agreed},
          {"rejected", ballot.rejected},
          {"refusal", ballot.effect_refusal == 0 ? "" : ledger::name_of(refusal)},
          {"until_ms", ballot.ask.until_ms},
          {"votes", std::move(votes)}};
}

}  // namespace api
