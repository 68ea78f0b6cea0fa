// Whose mesh a data directory is of. What was decided in one mesh is nothing in another, and a node
// that started on it would show and follow what its genesis file knows nothing of.
#pragma once

#include "base/result.h"
#include "node/genesis.h"

#include <string>

namespace node {

// The error, one line for people, names both meshes. A directory in which nothing was decided yet
// is of any mesh.
[[nodiscard]] base::Result<void, std::string> check_data_mesh(const std::string& directory,
                                                              const Genesis& genesis);

}  // namespace node
