#include "storage/database.h"

#include "base/check.h"

#include <sqlite3.h>

namespace storage {

void Statement::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}
void Database::Close::operator()(sqlite3* database) const {
  sqlite3_close(database);
}

Statement& Statement::bind(int index, std::int64_t value) {
  CHECK(sqlite3_bind_int64(statement_.get(), index, value) == SQLITE_OK);
  return *this;
}

Statement& Statement::bind(int index, base::ByteView value) {
  // A null pointer would bind NULL; an empty blob is not that.
  static constexpr std::byte nothing{};
  const void* bytes = value.empty() ? &nothing : value.data();
  CHECK(sqlite3_bind_blob64(statement_.get(), index, bytes, value.size(), SQLITE_TRANSIENT) ==
        SQLITE_OK);
  return *this;
}

base::Result<bool, SqlError> Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  sqlite3* database = sqlite3_db_handle(statement_.get());
  SqlError error{.code = sqlite3_extended_errcode(database), .text = sqlite3_errmsg(database)};
  sqlite3_reset(statement_.get());
  if (code == SQLITE_DONE) return false;
  return base::Unexpected{std::move(error)};
}

void Statement::reset() {
  sqlite3_reset(statement_.get());
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

base::Bytes Statement::blob(int column) const {
  const auto* bytes = static_cast<const std::byte*>(sqlite3_column_blob(statement_.get(), column));
  const int size = sqlite3_column_bytes(statement_.get(), column);
  if (bytes == nullptr || size <= 0) return {};
  return {bytes, bytes + size};
}

base::Result<Database, SqlError> Database::open(const std::filesystem::path& file) {
  return open(file, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
}
base::Result<Database, SqlError> Database::open_to_read(const std::filesystem::path& file) {
  return open(file, SQLITE_OPEN_READONLY);
}

base::Result<Database, SqlError> Database::open(const std::filesystem::path& file, int flags) {
  sqlite3* opened = nullptr;
  const int code = sqlite3_open_v2(file.c_str(), &opened, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  Database database(opened);
  if (code != SQLITE_OK) return base::Unexpected{database.last_error()};
  sqlite3_extended_result_codes(opened, 1);
  sqlite3_busy_timeout(opened, 2'000);
  return database;
}

base::Result<void, SqlError> Database::execute(const char* sql) {
  if (sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr) == SQLITE_OK) return {};
  return base::Unexpected{last_error()};
}

base::Result<Statement, SqlError> Database::prepare(const char* sql) {
  sqlite3_stmt* prepared = nullptr;
  if (sqlite3_prepare_v2(database_.get(), sql, -1, &prepared, nullptr) != SQLITE_OK) {
    return base::Unexpected{last_error()};
  }
  return Statement(prepared);
}

base::Result<std::int64_t, SqlError> Database::query_integer(const char* sql) {
  auto statement = prepare(sql);
  if (!statement) return base::Unexpected{statement.error()};
  auto row = statement->step();
  if (!row) return base::Unexpected{row.error()};
  return *row ? statement->integer(0) : 0;
}

SqlError Database::last_error() const {
  if (!database_) return {.code = SQLITE_NOMEM, .text = "out of memory"};
  return {.code = sqlite3_extended_errcode(database_.get()),
          .text = sqlite3_errmsg(database_.get())};
}

}  // namespace storage
