// Nothing forged, altered, replayed into another life or brought from another mesh is ever in a
// table: each row holds a record that its subject itself let out, bit for bit, and every subject
// exists.
#pragma once

#include "sim/checkers/checker.h"

#include <map>
#include <utility>

namespace sim {

class ForgeryChecker final : public Checker {
 public:
  explicit ForgeryChecker(const Truth& truth) : Checker("forgery", truth) {}
  void on_view(const ViewChange& change) override;
  void on_stranger(const StrangerSeen& seen) override;
  void on_published(const Published& published) override;

 private:
  // All that honest nodes ever let out, for the length of a run.
  std::map<std::pair<NodeIndex, gossip::Version>, gossip::SignedRecord> genuine_;
};

}  // namespace sim
