// The schema of node.db and its migrations: step i takes a file from version i to i + 1. Only ever
// append a step; a file that a release wrote must stay readable by all later ones.
#pragma once

#include "base/result.h"
#include "storage/database.h"

#include <string>

namespace storage {

[[nodiscard]] int schema_version();  // the newest, written by this program
// Brings the file to the newest version in one transaction; the error is a sentence.
[[nodiscard]] base::Result<void, std::string> migrate(Database& database);

}  // namespace storage
