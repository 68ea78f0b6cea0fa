// Vote keys of this node that must never vote again: what they promised was in a log that is lost
// or damaged. One id a line in DIR/voter.spent; lines are only ever added, so that no restart
// forgets.
#pragma once

#include "base/ids.h"
#include "base/result.h"
#include "storage/file_error.h"

#include <string>

namespace storage {

[[nodiscard]] bool is_spent(const std::string& directory, const base::NodeId& vote_key);
// Durably, once.
[[nodiscard]] base::Result<void, FileError> mark_spent(const std::string& directory,
                                                       const base::NodeId& vote_key);

}  // namespace storage
