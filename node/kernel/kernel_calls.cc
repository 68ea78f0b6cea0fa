// What the shell tells of calls goes to the data plane.
#include "base/match.h"
#include "node/kernel/kernel.h"

#include <utility>

namespace kernel {

namespace {

mesh::ExchangeSettled settled(mesh::ExchangeId exchange, mesh::Outcome outcome, int status) {
  mesh::ExchangeSettled out;
  out.exchange = exchange;
  out.outcome = outcome;
  out.status = status;
  return out;
}

}  // namespace

void Kernel::on(CallArrived&& input) {
  const auto* peer = std::get_if<mesh::FromPeer>(&input.origin);
  const gossip::Member* caller = peer == nullptr ? nullptr : membership_.find(peer->node);
  if (peer != nullptr && (caller == nullptr || caller->barred)) {
    const base::NodeId from = peer->node;
    Newcomers::Request request = std::move(input);
    const bool waits = caller == nullptr && newcomers_.hold(from, request, now_);
    if (!waits) refuse(std::move(request));
    return;
  }
  data_plane_.on_call(input.exchange, input.origin, std::move(input.request), now_, call_effects_);
}
void Kernel::on(AttemptAnswered&& input) {
  data_plane_.on_answered(input.exchange, input.attempt, input.head, now_, call_effects_);
}
void Kernel::on(AnswerInspected&& input) {
  data_plane_.on_inspected(input.exchange, input.attempt, input.body, now_, call_effects_);
}
void Kernel::on(AttemptCompleted&& input) {
  data_plane_.on_completed(input.exchange, input.attempt, now_, call_effects_);
}
void Kernel::on(AttemptFailed&& input) {
  data_plane_.on_failed(input.exchange, input.attempt, input.failure, now_, call_effects_);
}
void Kernel::on(BodyUnrepeatable&& input) {
  data_plane_.on_unrepeatable(input.exchange);
}
void Kernel::on(AnswerStarted&& input) {
  data_plane_.on_answer_started(input.exchange);
}
void Kernel::on(CallerGone&& input) {
  if (newcomers_.on_caller_gone(input.exchange)) {
    call_effects_.emplace_back(settled(input.exchange, mesh::Outcome::caller_gone, 0));
    return;
  }
  data_plane_.on_caller_gone(input.exchange, now_, call_effects_);
}
void Kernel::on(CallJudged&& input) {
  data_plane_.on_feedback(input.call, input.quality, now_);
}
void Kernel::on(CallKept&& input) {
  data_plane_.on_kept(input.exchange, input.id, input.bytes, input.why, now_, call_effects_);
}
void Kernel::on(KeptUnreadable&& input) {
  data_plane_.on_kept_unreadable(input.id, input.gone, now_, call_effects_);
}
void Kernel::on(DeferralCancelled&& input) {
  data_plane_.on_cancelled(input.id, call_effects_);
}
void Kernel::on(ProbeAnswered&& input) {
  data_plane_.on_probe(input.probe, input.status, now_, call_effects_);
}

// ---- of no member ----

void Kernel::refuse(Newcomers::Request&& request) {
  if (const auto* asked = std::get_if<PeerAsked>(&request)) {
    ++questions_refused_;
    answers_.emplace_back(AnswerPeer{asked->question, {}});
    return;
  }
  const mesh::ExchangeId exchange = std::get<CallArrived>(request).exchange;
  const mesh::Problem problem{.code = mesh::ProblemCode::forbidden,
                              .detail =
                                  "the calling node is no member of this mesh as far as this "
                                  "node knows; it has to join first",
                              .retry_after = std::nullopt,
                              .path = {}};
  const int status = mesh::http_status(problem.code);
  call_effects_.emplace_back(
      mesh::RefuseExchange{exchange, problem, {{"parley-not-processed", "1"}}});
  call_effects_.emplace_back(settled(exchange, mesh::Outcome::mesh_error, status));
}

void Kernel::refuse_all(std::vector<Newcomers::Request> requests) {
  for (Newcomers::Request& request : requests) refuse(std::move(request));
}

void Kernel::on_admitted(const base::NodeId& id) {
  for (Newcomers::Request& request : newcomers_.admitted(id, now_)) {
    base::match(std::move(request),
                [this](auto&& input) { on(std::forward<decltype(input)>(input)); });
  }
}

}  // namespace kernel
