#include "api/decisions_resource.h"

#include "api/ballot_rows.h"
#include "api/decision_feed.h"
#include "api/decision_rows.h"
#include "api/health.h"
#include "api/invitations_resource.h"
#include "api/json_body.h"
#include "api/json_response.h"
#include "api/problem.h"
#include "api/proof_file.h"
#include "api/proposal.h"
#include "api/refusal.h"
#include "api/row_page.h"
#include "api/target.h"
#include "base/bytes.h"
#include "base/match.h"
#include "base/strings.h"
#include "consensus/decision_proof.h"
#include "ledger/view.h"
#include "node/kernel/kernel.h"
#include "wire/agreement_codec.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

namespace api {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t proposal_bytes_max = std::size_t{60} * 1024;
constexpr base::Duration wait_max = std::chrono::minutes(1);

Response no_validators() {
  return problem(404, "not_found",
                 "this mesh has no validators, so nothing is decided in it; make one with "
                 "parley init and start its nodes with --genesis");
}

// Of what it passed over a node cannot say whether it ever was.
Response no_such_decision(const kernel::Agreement& agreement) {
  const auto& gaps = agreement.passed_over();
  if (gaps.empty()) return problem(404, "not_found", "this node knows no such decision (yet)");
  std::string heights;
  for (const kernel::PassedOver& gap : gaps) {
    heights += (heights.empty() ? "" : ", ") + std::to_string(gap.first) + " to " +
               std::to_string(gap.last);
  }
  return problem(410, "passed_over",
                 "this node has no such decision, but it took in the state as a whole and passed "
                 "over the decisions of the heights " +
                     heights + "; ask a node that has them");
}

// From the newest on: that is what is asked for most.
const kernel::DecisionView* find(const kernel::Agreement& agreement, const base::Digest& id) {
  const auto& all = agreement.decisions();
  const auto found = std::find_if(all.rbegin(), all.rend(),
                                  [&](const kernel::DecisionView& each) { return each.op == id; });
  return found == all.rend() ? nullptr : &*found;
}

// Alone: one that opened a ballot has with it what there is to vote on, as long as the mesh knows.
Response shown(const kernel::DecisionView& decision, const kernel::Agreement& agreement) {
  Json body = described(decision);
  if (decision.kind == ledger::OpKind::open_ballot) {
    const auto ballot = ledger::find_ballot(agreement.state(), decision.op);
    if (ballot) body["ballot"] = ballot_row(decision.op, *ballot, agreement.state());
  }
  return json_response(body);
}

Response proposed(const base::Digest& op) {
  Response response = json_response({{"id", op.hex()}, {"state", "proposed"}}, 202);
  response.headers.push_back({"location", "/v1/decisions/" + op.hex()});
  return response;
}

Response refused(const std::string& why) {
  return problem(409, "refused", "it cannot be decided: " + why);
}

bool wants_events(const Request& request) {
  return std::ranges::any_of(request.headers, [](const mesh::Header& field) {
    return field.name == "accept" && field.value.find("text/event-stream") != std::string::npos;
  });
}

// Behind the event that the client has seen, from a height on, or from now on.
Response feed_decisions(const kernel::Agreement& agreement, const Request& request) {
  Response response;
  response.decision_feed =
      DecisionFeed{.height = agreement.replica().standing().height + 1, .place = 0};
  if (const auto from = query_value(request.query, "from")) {
    const auto height = base::parse_unsigned(*from);
    if (!height) return problem(400, "bad_request", "from must be a height");
    response.decision_feed =
        DecisionFeed{.height = std::max<std::uint64_t>(*height, 1), .place = 0};
  }
  const auto seen = std::ranges::find(request.headers, "last-event-id", &mesh::Header::name);
  if (seen != request.headers.end()) {
    response.decision_feed = feed_behind(seen->value);
    if (!response.decision_feed) {
      return problem(400, "bad_request", "Last-Event-ID must be that of an event, HEIGHT-PLACE");
    }
  }
  return response;
}

}  // namespace

Response post_proposal(const View& view, const Request& request,
                       const std::optional<std::string>& wait) {
  const kernel::Agreement* agreement = view.kernel.agreement();
  if (agreement == nullptr) return no_validators();
  if (request.body.size() > proposal_bytes_max || !is_shallow(request.body)) {
    return problem(413, "body_too_large", "a proposal may have at most 60 KiB");
  }
  const auto patience = wait ? base::parse_duration(*wait) : base::Duration::zero();
  if (!patience) return problem(400, "bad_request", "wait is a time like 5s");
  // Before anything is held against the state, which may be that of long ago. Who has a seat is
  // nobody's outcast, and proposals are many.
  if (!agreement->replica().standing().validator) {
    if (const std::string why = lacking(view, "admission"); !why.empty()) return refused(why);
    if (may_be_behind(view)) return catching_up();
  }
  const auto body = nlohmann::json::parse(request.body, nullptr, false);
  auto payload = read_proposal(body, {.now_ms = agreement->wall_ms(),
                                      .epoch_id = agreement->replica().epoch().id(),
                                      .self = view.kernel.membership().self(),
                                      .state = agreement->state(),
                                      .read_policy = view.read_policy});
  if (!payload) return problem(400, "bad_request", payload.error());
  const auto change = kernel::committee_change_in(*payload);
  if (change) {
    if (const auto fault = fault_of(*change, agreement->state())) return refused(*fault);
  }
  if (!agreement->has_room()) {
    Response busy =
        problem(503, "overloaded", "as many proposals of this node wait as may; ask again");
    busy.headers.push_back({"retry-after", "1"});
    return busy;
  }
  ledger::Op op = agreement->draft(*payload);
  auto reason = agreement->refusal(op);
  if (reason == ledger::Reason::needs_ballot && ledger::may_be_effect(op.kind())) {
    op = agreement->draft(ballot_about(*payload, agreement->state(), agreement->wall_ms()));
    reason = agreement->refusal(op);
  }
  // A change of the committee has no attestations yet, and a ballot about one neither.
  if (reason && !(change && *reason == ledger::Reason::not_ready)) return refused(explain(*reason));
  if (change) {
    Response response;
    response.committee_proposal = op.payload();
    return response;
  }
  Response response = proposed(op.id());
  if (wait) response.wait = {.op = op.id(), .patience = std::min(*patience, wait_max)};
  response.commands.emplace_back(kernel::OpProposed{std::move(op)});
  return response;
}

Response on_proposal_settled(const kernel::ProposalSettled& settled) {
  return settled.op ? proposed(*settled.op) : refused(settled.why);
}

Response on_waited(const kernel::Kernel& kernel, const base::Digest& op) {
  const kernel::Agreement* agreement = kernel.agreement();
  if (agreement == nullptr) return no_validators();
  const kernel::DecisionView* decision = find(*agreement, op);
  return decision == nullptr ? proposed(op) : shown(*decision, *agreement);
}

// With Accept: text/event-stream a stream of them, else a list, the newest first.
Response get_decisions(const View& view, const Request& request) {
  const kernel::Agreement* agreement = view.kernel.agreement();
  if (agreement == nullptr) return no_validators();
  if (wants_events(request)) return feed_decisions(*agreement, request);
  const auto limit = limit_in(request.query);
  if (!limit) return problem(400, "bad_request", limit.error());
  Response response;
  response.decision_page = DecisionPage{.below_height = std::numeric_limits<std::uint64_t>::max(),
                                        .decisions_max = *limit};
  if (const auto before = query_value(request.query, "before")) {
    const auto height = base::parse_unsigned(*before);
    if (!height) return problem(400, "bad_request", "before must be a height");
    response.decision_page->below_height = *height;
  }
  return response;
}

Response get_decision(const View& view, const std::string& id) {
  const kernel::Agreement* agreement = view.kernel.agreement();
  if (agreement == nullptr) return no_validators();
  const auto op = base::Digest::from_hex(id);
  if (!op) return problem(400, "bad_request", "an id has 64 hexadecimal digits");
  const kernel::DecisionView* decision = find(*agreement, *op);
  if (decision != nullptr) return shown(*decision, *agreement);
  Response response;
  response.decision = DecisionLookup{.op = *op};
  return response;
}

Response get_proof(const View& view, const std::string& id,
                   const std::optional<std::string>& checkpoint) {
  const kernel::Agreement* agreement = view.kernel.agreement();
  if (agreement == nullptr) return no_validators();
  const auto op = base::Digest::from_hex(id);
  if (!op) return problem(400, "bad_request", "an id has 64 hexadecimal digits");
  Response response;
  response.decision = DecisionLookup{.op = *op, .proof = true};
  if (!checkpoint) return response;
  response.decision->checkpoint = base::Digest::from_hex(*checkpoint);
  if (!response.decision->checkpoint) {
    return problem(400, "bad_request", "a checkpoint is the id of an epoch, 64 hexadecimal digits");
  }
  if (agreement->replica().find_epoch(*response.decision->checkpoint) == nullptr) {
    return problem(404, "not_found", "this node knows no epoch with that id");
  }
  return response;
}

namespace {

Response proof_of(const kernel::Agreement& agreement, const base::MeshId& mesh,
                  const DecisionLookup& lookup, const std::vector<kernel::StoredDecision>& blocks,
                  std::uint64_t index) {
  const Response unreadable =
      problem(500, "unreadable", "what this node's archive has of it cannot be read");
  std::vector<consensus::Decision> decisions;
  for (const kernel::StoredDecision& stored : blocks) {
    auto block = wire::decode_block(stored.block);
    if (!block) return unreadable;
    decisions.push_back({.block = std::move(*block), .finalization = {}, .tail = {}});
  }
  auto proven = wire::decode_decision_proof(blocks.back().proof);
  if (!proven) return unreadable;
  decisions.back().finalization = std::move(proven->finalization);
  decisions.back().tail = std::move(proven->tail);
  auto proof = consensus::prove(decisions, static_cast<std::uint32_t>(index));
  const consensus::Replica& replica = agreement.replica();
  const consensus::Epoch* first =
      lookup.checkpoint ? replica.find_epoch(*lookup.checkpoint) : replica.find_epoch(0);
  if (!proof || first == nullptr) return unreadable;
  const std::uint64_t last = blocks.front().epoch;
  if (first->number() > last) {
    return problem(409, "too_late",
                   "that was decided in epoch " + std::to_string(last) +
                       ", before the checkpoint; name an earlier one, or none");
  }
  ProofFile file{.mesh = mesh,
                 .op = lookup.op,
                 .proof = std::move(*proof),
                 .first = first->descriptor(),
                 .epochs = {}};
  for (std::uint64_t epoch = first->number(); epoch < last; ++epoch) {
    const consensus::EpochProof* ended = replica.end_of(epoch);
    if (ended == nullptr) return unreadable;
    file.epochs.push_back(*ended);
  }
  Response response;
  response.body = proof_text(file);
  return response;
}

}  // namespace

Response on_decision_found(const View& view, const DecisionLookup& lookup,
                           const std::vector<kernel::StoredDecision>& blocks, std::uint64_t index) {
  const kernel::Agreement* agreement = view.kernel.agreement();
  if (agreement == nullptr) return no_validators();
  if (blocks.empty()) return no_such_decision(*agreement);
  if (lookup.proof) return proof_of(*agreement, view.mesh, lookup, blocks, index);
  for (const kernel::DecisionView& decision : decisions_in(blocks.front(), view.mesh)) {
    if (decision.op == lookup.op) return shown(decision, *agreement);
  }
  return no_such_decision(*agreement);
}

Response get_ballots(const View& view, const Request& request) {
  const kernel::Agreement* agreement = view.kernel.agreement();
  if (agreement == nullptr) return no_validators();
  const auto limit = limit_in(request.query);
  if (!limit) return problem(400, "bad_request", limit.error());
  std::optional<ledger::BallotPlace> place;
  if (const auto after = query_value(request.query, "after")) {
    const auto id = base::Digest::from_hex(*after);
    if (!id) {
      return problem(400, "bad_request", "after must be the id of a ballot, 64 hexadecimal digits");
    }
    place = ledger::BallotPlace{.id = *id};
  }
  if (const auto until = query_value(request.query, "until_ms")) {
    const auto until_ms = base::parse_unsigned(*until);
    if (place) place->open_until_ms = until_ms;
    if (!place || !until_ms) {
      return problem(400, "bad_request", "until_ms must be that of the ballot named by after");
    }
  }
  RowPage page(*limit);
  std::string last;
  for (const base::Digest& id : ledger::ballots_behind(agreement->state(), place)) {
    const ledger::Ballot ballot = ledger::find_ballot(agreement->state(), id).value();
    if (!page.add(ballot_row(id, ballot, agreement->state()))) {
      Response response = page.response();
      response.headers.push_back(
          next_link("/v1/ballots?after=" + last + "&limit=" + std::to_string(*limit)));
      return response;
    }
    last = id.hex();
    if (ballot.result == ledger::BallotResult::open) {
      last += "&until_ms=" + std::to_string(ballot.ask.until_ms);
    }
  }
  return page.response();
}

Response get_documents(const View& view, const Request& request) {
  const kernel::Agreement* agreement = view.kernel.agreement();
  if (agreement == nullptr) return no_validators();
  const auto limit = limit_in(request.query);
  if (!limit) return problem(400, "bad_request", limit.error());
  const std::string prefix = query_value(request.query, "prefix").value_or("");
  RowPage page(*limit);
  std::string last;
  ledger::Documents documents(agreement->state(), prefix, query_value(request.query, "after"));
  while (const auto next = documents.next()) {
    const auto& [key, document] = *next;
    const bool added = page.add({{"key", key},
                                 {"value", json_or_text(base::as_text(document.value))},
                                 {"version", document.version},
                                 {"height", document.height},
                                 {"author", document.author.hex()}});
    if (!added) {
      Response response = page.response();
      response.headers.push_back(next_link("/v1/documents?after=" + encoded(last) +
                                           (prefix.empty() ? "" : "&prefix=" + encoded(prefix)) +
                                           "&limit=" + std::to_string(*limit)));
      return response;
    }
    last = key;
  }
  return page.response();
}

Response get_agreement(const View& view) {
  const kernel::Agreement* agreement = view.kernel.agreement();
  if (agreement == nullptr) return no_validators();
  const consensus::Replica::Standing standing = agreement->replica().standing();
  const bool votes = standing.validator && !standing.abstains && lacking(view, "vote").empty();
  Json committee = Json::array();
  for (const consensus::Validator& member : agreement->replica().epoch().committee().members()) {
    committee.push_back(member.node.hex());
  }
  Json accused = Json::array();
  for (const ledger::Evidence& evidence : ledger::evidences_of(agreement->state())) {
    const ledger::ReportEvidence& report = evidence.report;
    accused.push_back({{"node", report.signer.node.hex()},
                       {"proven", ledger::name_of(*report.proves())},
                       {"epoch", report.epoch},
                       {"view", report.view},
                       {"height", evidence.height},
                       {"reporter", evidence.reporter.hex()}});
  }
  Json passed_over = Json::array();
  for (const kernel::PassedOver& gap : agreement->passed_over()) {
    passed_over.push_back({{"first", gap.first}, {"last", gap.last}});
  }
  return json_response({{"epoch", standing.epoch},
                        {"epoch_id", agreement->replica().epoch().id().hex()},
                        {"view", standing.view},
                        {"height", standing.height},
                        {"block", standing.block.hex()},
                        {"state_root", agreement->state().root().hex()},
                        {"validator", standing.validator},
                        {"abstains", standing.abstains},
                        {"votes", votes},
                        {"busy", standing.busy},
                        {"pending", standing.pending_ops},
                        {"stale", agreement->stale(view.now)},
                        {"alarms", agreement->alarms()},
                        {"alarm", agreement->last_alarm()},
                        {"accused", std::move(accused)},
                        {"passed_over", std::move(passed_over)},
                        {"committee", std::move(committee)}});
}

}  // namespace api
