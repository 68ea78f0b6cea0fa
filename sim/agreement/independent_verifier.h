// I21: whether a decision certificate holds, by the text of CONSENSUS 3.2, 3.3 and 3.10 alone. It
// lays out every byte itself and shares no code with consensus/ but the values it is handed, the
// hash function and the check of one signature: what both get wrong is wrong in the text.
#pragma once

#include "consensus/decision_proof.h"
#include "consensus/epoch.h"

#include <optional>
#include <string>

namespace sim::agreement {

// Nothing if it holds, or what does not.
[[nodiscard]] std::optional<std::string> fault_of(const consensus::DecisionProof& proof,
                                                  const consensus::EpochDescriptor& epoch);

}  // namespace sim::agreement
