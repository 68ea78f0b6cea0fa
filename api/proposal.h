// What a person or a program asks the mesh to decide, as JSON: {"kind": ..., and what that needs}.
// docs/reference/http-api.md lists the kinds.
#pragma once

#include "api/view.h"
#include "base/ids.h"
#include "base/result.h"
#include "ledger/payload.h"
#include "ledger/state.h"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <string>

namespace api {

// What a proposal is read against.
struct ProposalContext {
  std::uint64_t now_ms = 0;
  base::Digest epoch_id;  // of agreement's epoch
  base::NodeId self;      // the node that takes it
  const ledger::State& state;
  const PolicyReader& read_policy;
};

// A change of the committee comes without attestations. The error says which member is wrong and
// what it must be.
[[nodiscard]] base::Result<ledger::Payload, std::string> read_proposal(const nlohmann::json& body,
                                                                       const ProposalContext& at);

// A ballot whose effect that proposal is, among those and of as many as the mesh's rule for it
// wants: what becomes of a proposal that nobody may make alone.
[[nodiscard]] ledger::OpenBallot ballot_about(const ledger::Payload& proposal,
                                              const ledger::State& state, std::uint64_t now_ms);

}  // namespace api
