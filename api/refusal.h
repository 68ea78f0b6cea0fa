// Why the mesh cannot decide something, for people: what it is, and what to do about it.
#pragma once

#include "ledger/payload.h"
#include "ledger/reason.h"
#include "ledger/state.h"

#include <optional>
#include <string>

namespace api {

// The name of the reason, and a sentence.
[[nodiscard]] std::string explain(ledger::Reason reason);

// What is wrong with the seats of a new committee, node by node; nothing if all is well.
[[nodiscard]] std::optional<std::string> fault_of(const ledger::Reconfigure& change,
                                                  const ledger::State& state);

}  // namespace api
