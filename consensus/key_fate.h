// May this key vote in this run, and what a start does about it, in which order. What a voting key
// promised is in its log and nowhere else, so a key whose log is lost or damaged never votes again
// (CONSENSUS 3.11, abstain), nor one whose log lacks a vote that peers hold: while a node runs, its
// Replica finds that out, and SpendKey has the key marked. Whoever starts a node looks at its disk,
// asks here, and takes the steps.
//
// Power may fail between any two of them, so that the next start finds what the steps so far have
// left. A spent key is marked before a log is made that looks as if it had always been there. A
// fresh key is marked once its log is there: a start that got no further has promised nothing.
#pragma once

#include <array>
#include <cstdint>

namespace consensus {

// What is found at a start.
struct PromisesFound {
  enum class Log : std::uint8_t { missing, whole, damaged };
  Log log = Log::missing;
  bool begun = false;          // this key has had a log
  bool spent = false;          // an earlier run found that its log does not hold all promises
  bool decided = false;        // this node has decided something
  bool others_marked = false;  // other keys have: so the marks were not lost, and this one is fresh
  bool replaced = false;       // another key has begun since: whose log it is, is not known
};

enum class KeyStep : std::uint8_t {
  open_log,    // one that is missing is made, a damaged one moved aside and made anew
  mark_begun,  // from now on the log must be there
  mark_spent,  // for good
};

struct KeyFate {
  enum class Why : std::uint8_t { votes, lost, damaged, spent_before, replaced };
  Why why = Why::votes;
  // Each is durable before the next begins, and doing one again is harmless. Nothing is voted
  // before all are done.
  std::array<KeyStep, 2> steps{KeyStep::open_log, KeyStep::mark_begun};

  [[nodiscard]] constexpr bool votes() const { return why == Why::votes; }
  bool operator==(const KeyFate&) const = default;
};

[[nodiscard]] constexpr KeyFate fate_of(const PromisesFound& found) {
  const auto spent = [](KeyFate::Why why) {
    return KeyFate{.why = why, .steps = {KeyStep::mark_spent, KeyStep::open_log}};
  };
  // What is in a damaged log others promised, if this key has not begun: a start that was to move
  // it aside got no further.
  const bool fresh = !found.begun && found.others_marked;
  // What this one promised may have gone with the damaged log then.
  if (found.begun && found.replaced) return spent(KeyFate::Why::replaced);
  if (found.log == PromisesFound::Log::damaged && !fresh) return spent(KeyFate::Why::damaged);
  // Decisions may be younger on disk than the log: they alone do not say that there was one. The
  // other way round they do, also where the mark was lost together with the log.
  const bool had_one = found.begun || (found.decided && !fresh);
  if (found.log == PromisesFound::Log::missing && had_one) return spent(KeyFate::Why::lost);
  if (found.spent) return spent(KeyFate::Why::spent_before);
  return {};
}

}  // namespace consensus
