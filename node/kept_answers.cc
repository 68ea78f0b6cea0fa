#include "node/kept_answers.h"

#include <utility>

namespace node {

namespace {

std::size_t bytes_of(const transport::Headers& fields) {
  std::size_t bytes = 0;
  for (const transport::HeaderField& field : fields) {
    bytes += field.name.size() + field.value.size() + KeptAnswers::field_overhead;
  }
  return bytes;
}

std::size_t bytes_of(const KeptAnswer& answer) {
  return KeptAnswers::field_overhead + bytes_of(answer.head.headers) + answer.body.size() +
         bytes_of(answer.trailers);
}

}  // namespace

void KeptAnswers::put(mesh::ExchangeId exchange, KeptAnswer answer) {
  if (answer.body.size() > answer_bytes_max) return;
  forget(exchange);
  bytes_ += bytes_of(answer);
  answers_.emplace(exchange, std::move(answer));
  while (bytes_ > total_bytes_max) forget(answers_.begin()->first);
}

void KeptAnswers::forget(mesh::ExchangeId exchange) {
  const auto found = answers_.find(exchange);
  if (found == answers_.end()) return;
  bytes_ -= bytes_of(found->second);
  answers_.erase(found);
}

const KeptAnswer* KeptAnswers::find(mesh::ExchangeId exchange) const {
  const auto found = answers_.find(exchange);
  return found == answers_.end() ? nullptr : &found->second;
}

}  // namespace node
