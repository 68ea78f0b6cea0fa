#include "node/kept_answers.h"

#include <utility>

namespace node {

void KeptAnswers::put(mesh::ExchangeId exchange, KeptAnswer answer) {
  if (answer.body.size() > answer_bytes_max) return;
  forget(exchange);
  bytes_ += answer.body.size();
  answers_.emplace(exchange, std::move(answer));
  while (bytes_ > total_bytes_max) forget(answers_.begin()->first);
}

void KeptAnswers::forget(mesh::ExchangeId exchange) {
  const auto found = answers_.find(exchange);
  if (found == answers_.end()) return;
  bytes_ -= found->second.body.size();
  answers_.erase(found);
}

const KeptAnswer* KeptAnswers::find(mesh::ExchangeId exchange) const {
  const auto found = answers_.find(exchange);
  return found == answers_.end() ? nullptr : &found->second;
}

}  // namespace node
