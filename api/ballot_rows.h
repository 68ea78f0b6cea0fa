// What a ballot asks, for those who are to vote on it: in words, and what takes place if it is
// carried, to the last member.
#pragma once

#include "base/ids.h"
#include "ledger/payload.h"
#include "ledger/records.h"
#include "ledger/state.h"

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace api {

// Whether that shall take place. Of a committee it says what changes, and not who stays.
[[nodiscard]] std::string question_about(const ledger::Payload& proposal,
                                         const ledger::State& state);

// All that an op says, and its kind as decisions have it.
[[nodiscard]] nlohmann::ordered_json described(const ledger::Payload& op);

// As GET /v1/ballots shows it. While it is open, `then` of a committee also has what would change.
[[nodiscard]] nlohmann::ordered_json ballot_row(const base::Digest& id,
                                                const ledger::Ballot& ballot,
                                                const ledger::State& state);

}  // namespace api
