// What the ops of a decided block changed, in bytes, for who keeps decisions: it cannot be worked
// out again once the state has moved on.
#pragma once

#include "base/bytes.h"
#include "ledger/event.h"
#include "ledger/execution.h"

#include <optional>
#include <vector>

namespace ledger {

// Of each op in its order; what the block did by itself is none of them.
[[nodiscard]] base::Bytes encode_events(const Outcome& outcome);
[[nodiscard]] std::optional<std::vector<std::vector<Event>>> decode_events(base::ByteView bytes);

}  // namespace ledger
