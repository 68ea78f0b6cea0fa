#include "storage/schema.h"

#include <array>
#include <cstdint>
#include <string>

namespace storage {

namespace {

constexpr std::array node_steps{
    // 0 -> 1
    "CREATE TABLE node (only INTEGER PRIMARY KEY CHECK (only = 1), epoch INTEGER NOT NULL) STRICT;"
    "CREATE TABLE members (id BLOB PRIMARY KEY, record BLOB NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE descriptors (number INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE,"
    "  descriptor BLOB NOT NULL) STRICT;",
    // 1 -> 2
    "CREATE TABLE deferred (number INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE,"
    "  capability BLOB NOT NULL, key BLOB NOT NULL, method BLOB NOT NULL, rest BLOB NOT NULL,"
    "  headers BLOB NOT NULL, body BLOB NOT NULL, since INTEGER NOT NULL, until INTEGER NOT NULL,"
    "  status INTEGER NOT NULL DEFAULT 0, answer_headers BLOB, answer BLOB) STRICT;",
};
constexpr std::array archive_steps{
    // 0 -> 1
    "CREATE TABLE epochs (number INTEGER PRIMARY KEY, proof BLOB NOT NULL) STRICT;"
    "CREATE TABLE decisions (height INTEGER PRIMARY KEY, epoch INTEGER NOT NULL,"
    "  block BLOB NOT NULL, proof BLOB NOT NULL) STRICT;"
    "CREATE TABLE ops (id BLOB PRIMARY KEY, height INTEGER NOT NULL, place INTEGER NOT NULL)"
    "  STRICT, WITHOUT ROWID;"
    "CREATE TABLE state (key BLOB PRIMARY KEY, document BLOB NOT NULL) STRICT, WITHOUT ROWID;",
    // 1 -> 2
    "CREATE TABLE pieces (number INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;",
    // 2 -> 3
    "ALTER TABLE decisions ADD COLUMN events BLOB NOT NULL DEFAULT x'';"
    "CREATE TABLE gaps (first INTEGER PRIMARY KEY, last INTEGER NOT NULL) STRICT;",
    // 3 -> 4; ops is not written to any more
    "CREATE TABLE op_runs (run INTEGER PRIMARY KEY, level INTEGER NOT NULL,"
    "  ops INTEGER NOT NULL) STRICT;"
    "CREATE TABLE op_chunks (number INTEGER PRIMARY KEY, entries BLOB NOT NULL) STRICT;",
};

}  // namespace

Schema node_schema() {
  return node_steps;
}
Schema archive_schema() {
  return archive_steps;
}
int version_of(Schema schema) {
  return static_cast<int>(schema.size());
}

base::Result<void, std::string> migrate(Database& database, Schema schema) {
  const auto version = database.query_integer("PRAGMA user_version");
  if (!version) return base::Unexpected{version.error().text};
  if (*version < 0 || *version > version_of(schema)) {
    return base::Unexpected{"it was written by a newer parley (schema " + std::to_string(*version) +
                            ", this one knows up to " + std::to_string(version_of(schema)) +
                            "); run that version, or move the file away to start without memory"};
  }
  if (*version == version_of(schema)) return {};

  std::string sql = "BEGIN IMMEDIATE;";
  for (auto step = static_cast<std::size_t>(*version); step < schema.size(); ++step) {
    sql += schema[step];
  }
  sql += "PRAGMA user_version=" + std::to_string(version_of(schema)) + ";COMMIT;";
  if (auto done = database.execute(sql.c_str()); !done) {
    // Fails only if there is no transaction, which is then what we want.
    static_cast<void>(database.execute("ROLLBACK"));
    return base::Unexpected{done.error().text};
  }
  return {};
}

}  // namespace storage
