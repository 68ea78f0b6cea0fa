// The answers of calls that may come again (same Idempotency-Key): kept whole, bounded in number
// and bytes (heads, bodies and trailers), until the data plane forgets them. The oldest go first
// when the bound is reached.
#pragma once

#include "base/bytes.h"
#include "mesh/call.h"
#include "transport/stream.h"

#include <cstddef>
#include <map>

namespace node {

struct KeptAnswer {
  transport::ResponseHead head;
  base::Bytes body;
  transport::Headers trailers;
};

class KeptAnswers {
 public:
  static constexpr std::size_t answer_bytes_max = 64 * 1024;  // of a body; a larger one is not kept
  static constexpr std::size_t field_overhead = 64;           // of a header field, and of an answer
  static constexpr std::size_t total_bytes_max = 16 * 1024 * 1024;

  void put(mesh::ExchangeId exchange, KeptAnswer answer);
  void forget(mesh::ExchangeId exchange);
  [[nodiscard]] const KeptAnswer* find(mesh::ExchangeId exchange) const;
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  std::map<mesh::ExchangeId, KeptAnswer> answers_;  // ids count up: the first is the oldest
  std::size_t bytes_ = 0;                           // of all of them
};

}  // namespace node
