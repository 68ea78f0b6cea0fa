#include "api/decision_rows.h"

#include "ledger/event_codec.h"
#include "ledger/op.h"
#include "wire/agreement_codec.h"

#include <nlohmann/json.hpp>

#include <array>
#include <string_view>
#include <variant>

namespace api {

namespace {

using Json = nlohmann::ordered_json;

std::string_view name_of(const ledger::Event& event) {
  constexpr std::array<std::string_view, std::variant_size_v<ledger::Event>> names{
      "member_admitted",   "member_left",      "member_evicted", "identity_revoked",
      "member_forgotten",  "roles_assigned",   "role_changed",   "role_removed",
      "rule_changed",      "policy_changed",   "policy_removed", "document_changed",
      "document_deleted",  "ballot_opened",    "ballot_cast",    "ballot_closed",
      "equivocator_named", "committee_changed"};
  return names.at(event.index());
}

Json event_row(const ledger::Event& event) {
  Json out{{"event", name_of(event)}};
  std::visit(
      [&out](const auto& e) {
        if constexpr (requires { e.node; }) out["node"] = e.node.hex();
        if constexpr (requires { e.name; }) out["name"] = e.name;
        if constexpr (requires { e.key; }) out["key"] = e.key;
        if constexpr (requires { e.id; }) out["ballot"] = e.id.hex();
        if constexpr (requires { e.version; }) out["version"] = e.version;
        if constexpr (requires { e.voter; }) out["voter"] = e.voter.hex();
        if constexpr (requires { e.result; }) out["result"] = ledger::name_of(e.result);
        if constexpr (requires { e.epoch; }) out["epoch"] = e.epoch;
        if constexpr (requires { e.view; }) out["view"] = e.view;
        if constexpr (requires { e.proven; }) out["proven"] = ledger::name_of(e.proven);
      },
      event);
  return out;
}

// "member_evicted" -> "member evicted".
std::string spoken(std::string_view name) {
  std::string out(name);
  for (char& c : out) {
    if (c == '_') c = ' ';
  }
  return out;
}

std::string summary_of(const ledger::Event& event) {
  std::string out = spoken(name_of(event));
  std::visit(
      [&out](const auto& e) {
        if constexpr (requires { e.node; }) out += " " + e.node.short_hex();
        if constexpr (requires { e.name; }) out += " " + e.name;
        if constexpr (requires { e.key; }) out += " " + e.key;
        if constexpr (requires { e.id; }) out += " " + e.id.short_hex();
        if constexpr (requires { e.result; }) out += " " + std::string(ledger::name_of(e.result));
        if constexpr (requires { e.proven; }) {
          out += ": " + spoken(ledger::name_of(e.proven)) + " in view " + std::to_string(e.view);
        }
      },
      event);
  return out;
}

}  // namespace

std::string summary_of(const kernel::DecisionView& decision) {
  std::string out;
  for (const ledger::Event& event : decision.events) {
    if (!out.empty()) out += "; ";
    out += summary_of(event);
  }
  return out.empty() ? spoken(ledger::name_of(decision.kind)) : out;
}

Json described(const kernel::DecisionView& decision) {
  Json events = Json::array();
  for (const ledger::Event& event : decision.events) events.push_back(event_row(event));
  return Json{{"id", decision.op.hex()},
              {"kind", ledger::name_of(decision.kind)},
              {"author", decision.author.hex()},
              {"height", decision.height},
              {"place", decision.place},
              {"epoch", decision.epoch},
              {"timestamp_ms", decision.timestamp_ms},
              {"summary", summary_of(decision)},
              {"events", std::move(events)}};
}

std::vector<kernel::DecisionView> decisions_in(const kernel::StoredDecision& stored,
                                               const base::MeshId& mesh) {
  std::vector<kernel::DecisionView> out;
  const auto block = wire::decode_block(stored.block);
  if (!block) return out;
  auto events = ledger::decode_events(stored.events);
  if (events) events->resize((*block)->ops().size());
  std::uint32_t place = 0;
  for (const base::Bytes& bytes : (*block)->ops()) {
    const auto op = ledger::Op::parse(bytes, mesh);
    if (!op) {  // of a later version than ours
      ++place;
      continue;
    }
    out.push_back({.op = op->id(),
                   .author = op->author(),
                   .kind = op->kind(),
                   .height = stored.height,
                   .epoch = stored.epoch,
                   .timestamp_ms = (*block)->header().timestamp_ms,
                   .place = place,
                   .block = (*block)->hash(),
                   .events = {}});
    if (events) out.back().events = std::move((*events)[place]);
    ++place;
  }
  return out;
}

}  // namespace api
