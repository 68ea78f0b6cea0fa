// What was decided, on its way to the disk. What waits there is bounded: while the disk takes
// nothing (it is full, it fails) decisions are no longer kept one by one. Once it has taken all
// that waits, the state of the newest decision goes there as a whole, and those in between are
// passed over here, as they are by a node that took in a snapshot; other nodes have them.
#pragma once

#include "ledger/state.h"
#include "node/kernel/effect.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kernel {

class ArchiveQueue {
 public:
  explicit ArchiveQueue(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  void restore(std::vector<PassedOver> passed_over) { passed_over_ = std::move(passed_over); }
  // A document of the state as it is after the next decision.
  void change(std::string key, std::optional<base::Bytes> document);
  void add(StoredDecision decision);
  // All decisions of one step are one transaction, since the proof of the last is that of all.
  void flush(Effects& effects);
  // A state that came as a whole; `first` is the lowest height whose decision is not here.
  void install(StoredDecision decision, std::uint64_t first, const ledger::State& state,
               Effects& effects);
  // Of a state that is not all here. It is for the next run, so it need not get to the disk.
  void keep(KeepPiece piece, Effects& effects) const;
  // The disk has all up to there. `state` is that of the newest decision.
  void on_stored(std::uint64_t height, const ledger::State& state, Effects& effects);

  // Decided and not here, ascending.
  [[nodiscard]] const std::vector<PassedOver>& passed_over() const { return passed_over_; }

 private:
  struct Waiting {
    std::uint64_t height = 0;  // of its newest decision
    std::size_t bytes = 0;
  };
  struct Behind {
    std::uint64_t first = 0;  // height that is not kept
    StoredDecision newest;
  };

  [[nodiscard]] bool has_room(std::size_t bytes) const;
  void wait(std::uint64_t height, std::size_t bytes);
  void fall_behind(std::uint64_t first, Effects& effects);
  void store_whole(StoredDecision decision, std::uint64_t first, const ledger::State& state,
                   Effects& effects);

  const std::size_t bytes_max_;
  std::vector<StoredDecision> deciding_;  // of this step, as the next one
  ledger::Changes changes_;
  std::deque<Waiting> waiting_;  // for the disk, in the order of heights
  std::size_t waiting_bytes_ = 0;
  std::optional<Behind> behind_;
  std::vector<PassedOver> passed_over_;
};

}  // namespace kernel
