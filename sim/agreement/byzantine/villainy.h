// The ways in which a validator may lie, by the numbers of CONSENSUS 4.3.
#pragma once

#include "sim/agreement/byzantine/strategy.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace sim::agreement {

enum class Villainy : std::uint8_t {
  silent,            // B1
  twins,             // B3: two whole nodes with one identity
  equivocator,       // B4: several bodies in its views, each to some
  double_voter,      // B5, B6, B7: votes for whatever it sees, and against it
  certificate_pool,  // B8: makes certificates with the others' votes and shows them to one node
  fickle,            // B9: helps some, then is silent for ever
  late_leader,       // B10
  withholder,        // B11: bodies to few, answers no questions
  bad_ancestry,      // B12: builds on what may not be built on
  invalid_block,     // B13
  nullifier,         // B14, B15
  never_finalizes,   // B16
  censor,            // B17: empty blocks only
  stale_replayer,    // B18
  far_future,        // B19
  forger,            // B20: certificates that are not well formed
  lying_status,      // B22
  bad_answers,       // B23
  evidence_forger,   // B24
  hider,             // B8, B12: hides a finalization and leads on as if there were none
  byte_mutator,      // B21: bytes that are not quite a message
  hint_liar,         // B25: its probes' times are lies, and it accuses honest leaders
  op_flooder,        // B26: ops at its author's limits, and beyond them
  old_member,        // B27: signs in epochs that are over
  never_starts,      // B27: honest until it has a seat, then silent
};
constexpr std::uint64_t villainies = static_cast<std::uint64_t>(Villainy::never_starts) + 1;

[[nodiscard]] std::string_view to_string(Villainy way);
[[nodiscard]] std::optional<Villainy> parse_villainy(std::string_view name);
// Null for twins.
[[nodiscard]] std::unique_ptr<Strategy> make_strategy(Villainy way);

}  // namespace sim::agreement
