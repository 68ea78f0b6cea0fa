#include "storage/deferred_calls.h"

#include <algorithm>
#include <array>
#include <utility>

namespace storage {

namespace {

// "name: value" a line: neither can have a line's end.
std::string text_of(const base::Headers& headers) {
  std::string out;
  for (const base::Header& field : headers) {
    out.append(field.name).append(": ").append(field.value).push_back('\n');
  }
  return out;
}

base::Headers headers_of(std::string_view text) {
  base::Headers out;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::size_t colon = line.find(": ");
    if (colon == std::string_view::npos) continue;
    out.push_back({std::string(line.substr(0, colon)), std::string(line.substr(colon + 2))});
  }
  return out;
}

std::string text_at(const Statement& row, int column) {
  return std::string(base::as_text(row.blob(column)));
}

base::ByteView bytes_of(std::string_view text) {
  return base::as_bytes(text);
}

}  // namespace

base::Result<DeferredCalls, SqlError> DeferredCalls::prepare(Database& database) {
  constexpr std::array sql{
      "INSERT INTO deferred (id, capability, key, method, rest, headers, body, since, until)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
      "UPDATE deferred SET status = ?2, answer_headers = ?3, answer = ?4, body = x'' WHERE id = ?1",
      "DELETE FROM deferred WHERE id = ?1",
      "SELECT capability, key, method, rest, headers, body, since, until FROM deferred"
      " WHERE id = ?1",
      "SELECT status, answer_headers, answer FROM deferred WHERE id = ?1 AND status <> 0",
      "SELECT id, capability, key, length(headers) + length(body), since, until, status"
      " FROM deferred ORDER BY number"};
  std::vector<Statement> prepared;
  for (const char* each : sql) {
    auto statement = database.prepare(each);
    if (!statement) return base::Unexpected{statement.error()};
    prepared.push_back(std::move(*statement));
  }
  return DeferredCalls(Statements{.save = std::move(prepared[0]),
                                  .save_answer = std::move(prepared[1]),
                                  .forget = std::move(prepared[2]),
                                  .load = std::move(prepared[3]),
                                  .load_answer = std::move(prepared[4]),
                                  .all = std::move(prepared[5])});
}

base::Result<bool, SqlError> DeferredCalls::save(const DeferredCall& call) {
  return statements_.save.bind(1, bytes_of(call.id))
      .bind(2, bytes_of(call.capability))
      .bind(3, bytes_of(call.key))
      .bind(4, bytes_of(call.method))
      .bind(5, bytes_of(call.rest))
      .bind(6, bytes_of(text_of(call.headers)))
      .bind(7, call.body)
      .bind(8, call.since_ms)
      .bind(9, call.until_ms)
      .step();
}

base::Result<bool, SqlError> DeferredCalls::save_answer(std::string_view id,
                                                        const DeferredAnswer& answer) {
  return statements_.save_answer.bind(1, bytes_of(id))
      .bind(2, std::int64_t{answer.status})
      .bind(3, bytes_of(text_of(answer.headers)))
      .bind(4, answer.body)
      .step();
}

base::Result<bool, SqlError> DeferredCalls::forget(std::string_view id) {
  return statements_.forget.bind(1, bytes_of(id)).step();
}

base::Result<std::optional<DeferredCall>, SqlError> DeferredCalls::load(std::string_view id) {
  Statement& row = statements_.load.bind(1, bytes_of(id));
  const auto found = row.step();
  if (!found) return base::Unexpected{found.error()};
  if (!*found) return std::optional<DeferredCall>();
  DeferredCall call{.id = std::string(id),
                    .capability = text_at(row, 0),
                    .key = text_at(row, 1),
                    .method = text_at(row, 2),
                    .rest = text_at(row, 3),
                    .headers = headers_of(text_at(row, 4)),
                    .body = row.blob(5),
                    .since_ms = row.integer(6),
                    .until_ms = row.integer(7)};
  static_cast<void>(row.step());  // there is but one; this ends the reading
  return std::optional(std::move(call));
}

base::Result<std::optional<DeferredAnswer>, SqlError> DeferredCalls::load_answer(
    std::string_view id) {
  Statement& row = statements_.load_answer.bind(1, bytes_of(id));
  const auto found = row.step();
  if (!found) return base::Unexpected{found.error()};
  if (!*found) return std::optional<DeferredAnswer>();
  DeferredAnswer answer{.status = static_cast<int>(row.integer(0)),
                        .headers = headers_of(text_at(row, 1)),
                        .body = row.blob(2)};
  static_cast<void>(row.step());
  return std::optional(std::move(answer));
}

base::Result<std::vector<DeferredRow>, SqlError> DeferredCalls::all() {
  std::vector<DeferredRow> out;
  Statement& row = statements_.all;
  for (;;) {
    const auto more = row.step();
    if (!more) return base::Unexpected{more.error()};
    if (!*more) return out;
    out.push_back({.id = text_at(row, 0),
                   .capability = text_at(row, 1),
                   .key = text_at(row, 2),
                   .bytes = static_cast<std::uint64_t>(row.integer(3)),
                   .since_ms = row.integer(4),
                   .until_ms = row.integer(5),
                   .status = static_cast<int>(row.integer(6))});
  }
}

}  // namespace storage
