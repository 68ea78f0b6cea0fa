// Decisions as JSON, wherever they are shown: in a list, alone, or as events of a stream.
#pragma once

#include "node/kernel/agreement.h"

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <vector>

namespace api {

// What it did, in a few words for people: "document limits", "evicted 1a2b3c4d".
[[nodiscard]] std::string summary_of(const kernel::DecisionView& decision);
[[nodiscard]] nlohmann::ordered_json described(const kernel::DecisionView& decision);

// Those of a block from the archive, in their order. Of a block whose state came as a whole it is
// not known what each of them changed.
[[nodiscard]] std::vector<kernel::DecisionView> decisions_in(const kernel::StoredDecision& stored,
                                                             const base::MeshId& mesh);

}  // namespace api
