#include "mesh/resilience/retry.h"

#include "base/check.h"

namespace mesh::resilience {

bool may_try_again(const RetryQuestion& question) {
  return question.body_repeatable && !question.answer_started &&
         question.attempts < question.attempts_max;
}

bool may_retry(const RetryQuestion& question, Verdict verdict) {
  if (!may_try_again(question)) return false;
  switch (verdict) {
    case Verdict::not_processed:
      return true;
    case Verdict::mesh_failure:
      return question.idempotent;
    case Verdict::unavailable:
      return question.idempotent && question.retry_unavailable;
    case Verdict::success:
    case Verdict::application_error:
    case Verdict::mesh_refusal:
      return false;
  }
  CHECK(false);
  return false;
}

}  // namespace mesh::resilience
