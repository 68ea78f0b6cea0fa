// What becomes of the vote keys of this node. A key in DIR/voter.begun has a log of what it
// promised; if that log is lost or damaged, or lacks a vote that others hold, the key goes into
// DIR/voter.spent and must never vote again. One id a line; lines are only ever added, so that no
// restart forgets.
#pragma once

#include "base/ids.h"
#include "base/result.h"
#include "storage/file_error.h"

#include <string>

namespace storage {

[[nodiscard]] bool has_begun(const std::string& directory, const base::NodeId& vote_key);
// It has, and another one has begun after it.
[[nodiscard]] bool was_replaced(const std::string& directory, const base::NodeId& vote_key);
// In either file.
[[nodiscard]] bool lists_others(const std::string& directory, const base::NodeId& vote_key);
// Durably, once; when its log is there and before it votes.
[[nodiscard]] base::Result<void, FileError> mark_begun(const std::string& directory,
                                                       const base::NodeId& vote_key);
[[nodiscard]] bool is_spent(const std::string& directory, const base::NodeId& vote_key);
// Durably, once.
[[nodiscard]] base::Result<void, FileError> mark_spent(const std::string& directory,
                                                       const base::NodeId& vote_key);

}  // namespace storage
