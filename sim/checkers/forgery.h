// Nothing forged, altered or brought from another mesh is ever in a table: each row holds a record
// that its subject itself signed for this mesh, and every subject exists.
#pragma once

#include "sim/checkers/checker.h"

#include <map>
#include <vector>

namespace sim {

class ForgeryChecker final : public Checker {
 public:
  ForgeryChecker(const Truth& truth, const base::MeshId& mesh)
      : Checker("forgery", truth), mesh_(mesh), genuine_(truth.size()) {}
  void on_view(const ViewChange& change) override;
  void on_stranger(const StrangerSeen& seen) override;
  void on_published(const Published& published) override;

 private:
  const base::MeshId mesh_;
  // What is known to be genuine without a check of its own: seen with its subject, or checked here.
  std::vector<std::map<gossip::Version, gossip::SignedRecord>> genuine_;  // by subject
};

}  // namespace sim
