// No table goes back: the version of a row only grows, and no node lets out two different records
// with one version, or an older one after a newer, in all its lives.
#pragma once

#include "sim/checkers/checker.h"

#include <map>
#include <vector>

namespace sim {

class VersionsChecker final : public Checker {
 public:
  explicit VersionsChecker(const Truth& truth);
  void on_view(const ViewChange& change) override;
  void on_published(const Published& published) override;
  void on_started(const NodeStarted& started) override;

 private:
  std::vector<std::vector<gossip::Version>> highest_;    // observer, subject
  std::map<NodeIndex, gossip::SignedRecord> published_;  // the newest of each
};

}  // namespace sim
