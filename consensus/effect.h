// What agreement wants done, in order.
//
// The log: Append writes, Sync asks for an on_durable() once everything up to a position would
// survive a loss of power. Whatever carries our signature is held back inside until then, and our
// own votes are counted at that same moment, not earlier (CONSENSUS 3.11).
#pragma once

#include "base/ids.h"
#include "base/transition.h"
#include "consensus/message.h"
#include "consensus/record.h"
#include "crypto/verified.h"

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace consensus {

struct Append {
  Record record;
  LogPosition position = 0;
};
struct Sync {
  LogPosition position = 0;
};
// Everything up to `position` is now said by these records: replace the log by them, atomically.
struct RewriteLog {
  std::vector<Record> records;
  LogPosition position = 0;
};

struct Send {
  base::NodeId to;
  Message message;
};
// To every validator of the epoch but ourselves.
struct Broadcast {
  Message message;
};
// To observers, by whatever overlay there is: the newest finalization.
struct Publish {
  Certificate finalization;
};
// Answered by one on_signatures_checked() with a verdict for each, in the same order.
struct CheckSignatures {
  std::uint64_t request = 0;
  std::vector<crypto::SignatureCheck> checks;
};
// Answered by one on_range_read(): decisions from that height on, consecutive, whatever their
// epochs, the last one with a finalization; fewer if there are not that many.
struct ReadRange {
  std::uint64_t request = 0;
  Height from_height = 0;
  std::uint16_t blocks_max = 0;
  std::uint32_t bytes_max = 0;
};

// The block was committed: the application's state is the one it led to. Store both together.
struct Decided {
  Decision decision;
  EpochNumber epoch = 0;
};
// Store it together with the seal or before it: a seal whose epoch is lost leads nowhere. Comes
// again after a restart if storage had lost it.
struct EpochStarted {
  EpochProof proof;
};
// A state that came as a whole is the application's now, and that of this block. It replaces what
// is stored; the pieces that were kept of it are of no use any more.
struct Installed {
  Decision decision;
  EpochNumber epoch = 0;
  Height passed_over_from = 0;  // what was decided from there to below the block is not here
};
// For the next run, if this one ends before all of the snapshot is here.
struct KeepPiece {
  KeptPiece piece;
};
// Our log does not hold all that this key promised: note it durably, at once, so that no later run
// votes with it (key_fate.h). This run has stopped already.
struct SpendKey {};
struct EvidenceFound {
  Evidence evidence;
};
// What a node answered to a GetReady; its signature was not checked.
struct ReadinessHeard {
  base::NodeId from;
  Readiness readiness;
};
// It sent what no correct node sends: cut its link, and wait before the next.
struct Misbehaved {
  base::NodeId peer;
  std::string what;
};
// Something is wrong that needs a person. We vote no more in this epoch unless it says otherwise.
struct Alarm {
  enum class Kind : std::uint8_t {
    guard_refused,  // our own bug: a vote that breaks a promise was about to be cast
    votes_unknown,  // peers hold votes of ours that our log does not: a copy or a second instance
    invalid_notarized,  // a quorum notarized what we find invalid: our software disagrees
    stalled,            // busy, and no progress for long
    log_corrupt,        // the shell could not read the log
  };
  Kind kind = Kind::stalled;
  std::string text;
};

using Effect =
    std::variant<Append, Sync, RewriteLog, Send, Broadcast, Publish, CheckSignatures, ReadRange,
                 Decided, EpochStarted, Installed, KeepPiece, SpendKey, EvidenceFound,
                 ReadinessHeard, Misbehaved, Alarm, base::Transition, base::Notice>;
using Effects = std::vector<Effect>;

}  // namespace consensus
