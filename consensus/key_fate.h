// May this key vote in this run? What a voting key promised is in its log and nowhere else, so a
// key whose log is lost or damaged never votes again (CONSENSUS 3.11, abstain). Whoever starts a
// node looks at its disk, asks here, and writes the mark down before anything is voted.
#pragma once

#include <cstdint>

namespace consensus {

// What is found at a start.
struct PromisesFound {
  enum class Log : std::uint8_t { missing, whole, damaged };
  Log log = Log::missing;
  bool begun = false;    // this key has had a log
  bool spent = false;    // an earlier start found it lost or damaged
  bool decided = false;  // this node has decided something
};

struct KeyFate {
  enum class Mark : std::uint8_t {
    begun,  // from now on the log must be there
    spent,  // for good
  };
  enum class Why : std::uint8_t { votes, lost, damaged, spent_before };
  Mark mark = Mark::begun;  // written down durably; marking twice is harmless
  bool votes = true;
  Why why = Why::votes;
  bool operator==(const KeyFate&) const = default;
};

[[nodiscard]] constexpr KeyFate fate_of(const PromisesFound& found) {
  const auto spent = [](KeyFate::Why why) {
    return KeyFate{.mark = KeyFate::Mark::spent, .votes = false, .why = why};
  };
  if (found.log == PromisesFound::Log::damaged) return spent(KeyFate::Why::damaged);
  // Decisions may be younger on disk than the log: they alone do not say that there was one. The
  // other way round they do, also where the mark was lost together with the log.
  const bool lost = found.log == PromisesFound::Log::missing && (found.begun || found.decided);
  if (lost) return spent(KeyFate::Why::lost);
  if (found.spent) return spent(KeyFate::Why::spent_before);
  return {};
}

}  // namespace consensus
