// What a person or a program asks the mesh to decide, as JSON: {"kind": ..., and what that needs}.
// docs/reference/http-api.md lists the kinds.
#pragma once

#include "base/result.h"
#include "ledger/payload.h"

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace api {

// The error says which member is wrong and what it must be.
[[nodiscard]] base::Result<ledger::Payload, std::string> read_proposal(const nlohmann::json& body,
                                                                       std::uint64_t now_ms);

}  // namespace api
