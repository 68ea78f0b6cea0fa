// A list of decisions, the newest first: what the kernel remembers, and behind it what the archive
// has. Blocks are shown whole, so a page may have some more than was asked for.
#pragma once

#include "api/http.h"
#include "api/view.h"
#include "node/kernel/agreement.h"
#include "node/kernel/effect.h"

#include <cstdint>
#include <vector>

namespace api {

class DecisionList {
 public:
  static constexpr std::size_t blocks_per_read = 256;

  // Starts with what the kernel remembers.
  DecisionList(const View& view, const DecisionPage& page);

  // Whether it wants more, and below which height.
  [[nodiscard]] bool incomplete() const {
    return !at_end_ && rows_.size() < wanted_ && reads_ < 64;
  }
  [[nodiscard]] std::uint64_t below() const { return below_; }
  // The newest blocks of the archive below that, newest first.
  void add(const std::vector<kernel::StoredDecision>& blocks, const base::MeshId& mesh);

  // With a link to what follows, if something may.
  [[nodiscard]] Response response() const;

 private:
  const std::size_t wanted_;
  std::vector<kernel::DecisionView> rows_;
  std::uint64_t below_;  // everything at or above it is here, but what was passed over
  std::vector<kernel::PassedOver> passed_over_;
  std::size_t reads_ = 0;
  bool at_end_ = false;
};

}  // namespace api
