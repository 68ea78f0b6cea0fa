#include "mesh/resilience/retry.h"

namespace mesh::resilience {

bool may_try_again(const RetryQuestion& question) {
  return question.body_repeatable && !question.answer_started &&
         question.attempts < question.attempts_max;
}

bool may_retry(const RetryQuestion& question, const Classified& classified) {
  if (!may_try_again(question)) return false;
  if (classified.verdict == Verdict::not_processed) return true;
  if (!classified.reason || !question.on.has(*classified.reason)) return false;
  return question.idempotent;
}

}  // namespace mesh::resilience
