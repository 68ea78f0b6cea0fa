// Invitations into a mesh that takes members by invitation: signed by this node, shown at the door
// by who was invited (parley node --invitation).
#pragma once

#include "api/http.h"
#include "api/view.h"
#include "ledger/ops/members.h"

#include <optional>
#include <string>
#include <string_view>

namespace api {

// "pi1:" and the invitation's one encoding in hexadecimal.
[[nodiscard]] std::string invitation_text(const ledger::Invitation& invitation);
[[nodiscard]] std::optional<ledger::Invitation> invitation_named(std::string_view text);

// In a mesh by invitation a node that does not find itself in its state: that may be of the time
// before it was let in, so nothing can be said yet of what it may do.
[[nodiscard]] bool may_be_behind(const View& view);
[[nodiscard]] Response catching_up();

// POST /v1/invitations: {"node": ID, "valid_ms": 86400000}; without `node` for whoever shows it
// first.
[[nodiscard]] Response post_invitation(const View& view, const Request& request);

}  // namespace api
