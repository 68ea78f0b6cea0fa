// What the mesh decides: asking for it, and seeing what was.
#pragma once

#include "api/http.h"
#include "api/view.h"
#include "node/kernel/effect.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace api {

// POST /v1/proposals: 202 and the id of the op, signed by this node. What comes of it is seen at
// /v1/decisions/{id}, or in the answer if `wait` says for how long to keep that back.
[[nodiscard]] Response post_proposal(const View& view, const Request& request,
                                     const std::optional<std::string>& wait);
// After Response::committee_proposal.
[[nodiscard]] Response on_proposal_settled(const kernel::ProposalSettled& settled);
// The newest first: id, kind, author, height, epoch, timestamp_ms.
[[nodiscard]] Response get_decisions(const View& view, const Request& request);
[[nodiscard]] Response get_decision(const View& view, const std::string& id);
// The file that `parley verify` takes.
[[nodiscard]] Response get_proof(const View& view, const std::string& id,
                                 const std::optional<std::string>& checkpoint);
// Pages of what the state holds now, not of what it held when the first one was asked for.
[[nodiscard]] Response get_ballots(const View& view, const Request& request);
[[nodiscard]] Response get_documents(const View& view, const Request& request);
// Where agreement stands here: epoch, view, height, committee, whether what is shown may be stale.
[[nodiscard]] Response get_agreement(const View& view);

// After Response::wait: 200 and the decision, or 202 as long as there is none.
[[nodiscard]] Response on_waited(const kernel::Kernel& kernel, const base::Digest& op);
// After Response::decision: the block of the op and those behind it up to one with a proof, or
// nothing, if it is not there.
[[nodiscard]] Response on_decision_found(const View& view, const DecisionLookup& lookup,
                                         const std::vector<kernel::StoredDecision>& blocks,
                                         std::uint64_t index);

}  // namespace api
