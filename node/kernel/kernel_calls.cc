// What the shell tells of calls goes to the data plane.
#include "node/kernel/kernel.h"

#include <utility>

namespace kernel {

void Kernel::on(CallArrived&& input) {
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

}  // namespace kernel
