// The state that a mesh begins with, from what its genesis document says. The document itself is
// text for people and read by node/; its digest is the mesh id.
//
// The founding validators are operators, voters and members. A member may write documents, open
// ballots and invite; where members are admitted by vote, so is everything that could change who
// decides: the voters admit, evict, revoke, give roles, set rules and the committee by more than
// half.
#pragma once

#include "base/ids.h"
#include "ledger/state.h"
#include "ledger/terms.h"

#include <string>

namespace ledger {

struct Genesis {
  base::MeshId mesh;
  std::string name;
  Admission admission = Admission::open;
  Seats seats;
  Parameters parameters;
};

// The name is one, and the seats are a committee: the reader of the document saw to that.
[[nodiscard]] State initial_state(const Genesis& genesis);

}  // namespace ledger
