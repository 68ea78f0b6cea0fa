#include "storage/schema.h"

#include <array>
#include <cstdint>
#include <string>

namespace storage {

namespace {

constexpr std::array migrations{
    // 0 -> 1
    "CREATE TABLE node (only INTEGER PRIMARY KEY CHECK (only = 1), epoch INTEGER NOT NULL) STRICT;"
    "CREATE TABLE members (id BLOB PRIMARY KEY, record BLOB NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE descriptors (number INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE,"
    "  descriptor BLOB NOT NULL) STRICT;",
};

}  // namespace

int schema_version() {
  return static_cast<int>(migrations.size());
}

base::Result<void, std::string> migrate(Database& database) {
  const auto version = database.query_integer("PRAGMA user_version");
  if (!version) return base::Unexpected{version.error().text};
  if (*version < 0 || *version > schema_version()) {
    return base::Unexpected{"it was written by a newer parley (schema " + std::to_string(*version) +
                            ", this one knows up to " + std::to_string(schema_version()) +
                            "); run that version, or move the file away to start without memory"};
  }
  if (*version == schema_version()) return {};

  std::string sql = "BEGIN IMMEDIATE;";
  for (auto step = static_cast<std::size_t>(*version); step < migrations.size(); ++step) {
    sql += migrations.at(step);
  }
  sql += "PRAGMA user_version=" + std::to_string(schema_version()) + ";COMMIT;";
  if (auto done = database.execute(sql.c_str()); !done) {
    // Fails only if there is no transaction, which is then what we want.
    static_cast<void>(database.execute("ROLLBACK"));
    return base::Unexpected{done.error().text};
  }
  return {};
}

}  // namespace storage
