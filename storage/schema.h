// The schemas of our SQLite files and their migrations: step i takes a file from version i to i
// + 1. Only ever append a step; a file that a release wrote must stay readable by all later ones.
#pragma once

#include "base/result.h"
#include "storage/database.h"

#include <span>
#include <string>

namespace storage {

using Schema = std::span<const char* const>;

[[nodiscard]] Schema node_schema();           // node.db, see store.h
[[nodiscard]] Schema archive_schema();        // decisions.db, see archive.h
[[nodiscard]] int version_of(Schema schema);  // the newest, written by this program
// Brings the file to the newest version in one transaction; the error is a sentence.
[[nodiscard]] base::Result<void, std::string> migrate(Database& database, Schema schema);

}  // namespace storage
