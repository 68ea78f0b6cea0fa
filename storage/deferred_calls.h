// The table of calls that wait on disk for their delivery, and of the answers that delivered ones
// got, until somebody fetches them or they are too old. Used by the store's writer alone.
#pragma once

#include "base/bytes.h"
#include "base/headers.h"
#include "base/result.h"
#include "storage/database.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace storage {

struct DeferredCall {
  std::string id;
  std::string capability;
  std::string key;  // Idempotency-Key of the caller, "" = none
  std::string method;
  std::string rest;  // what follows the capability in the target
  base::Headers headers;
  base::Bytes body;
  std::int64_t since_ms = 0;  // by the wall clock, since 1970
  std::int64_t until_ms = 0;
};
struct DeferredAnswer {
  int status = 0;
  base::Headers headers;
  base::Bytes body;
};
// One call without what it carries.
struct DeferredRow {
  std::string id;
  std::string capability;
  std::string key;
  std::uint64_t bytes = 0;  // of its request
  std::int64_t since_ms = 0;
  std::int64_t until_ms = 0;
  int status = 0;  // of its answer; 0 = not delivered
};

class DeferredCalls {
 public:
  [[nodiscard]] static base::Result<DeferredCalls, SqlError> prepare(Database& database);

  [[nodiscard]] base::Result<bool, SqlError> save(const DeferredCall& call);
  // The request itself is not needed any more then.
  [[nodiscard]] base::Result<bool, SqlError> save_answer(std::string_view id,
                                                         const DeferredAnswer& answer);
  [[nodiscard]] base::Result<bool, SqlError> forget(std::string_view id);

  // Nothing: no such call, or no answer yet.
  [[nodiscard]] base::Result<std::optional<DeferredCall>, SqlError> load(std::string_view id);
  [[nodiscard]] base::Result<std::optional<DeferredAnswer>, SqlError> load_answer(
      std::string_view id);
  // The oldest first.
  [[nodiscard]] base::Result<std::vector<DeferredRow>, SqlError> all();

 private:
  struct Statements {
    Statement save;
    Statement save_answer;
    Statement forget;
    Statement load;
    Statement load_answer;
    Statement all;
  };
  explicit DeferredCalls(Statements statements) : statements_(std::move(statements)) {}

  Statements statements_;
};

}  // namespace storage
