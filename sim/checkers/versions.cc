#include "sim/checkers/versions.h"

namespace sim {

namespace {

std::string text_of(const gossip::Version& version) {
  return std::to_string(version.epoch) + "." + std::to_string(version.sequence);
}

}  // namespace

VersionsChecker::VersionsChecker(const Truth& truth)
    : Checker("versions", truth),
      highest_(truth.size(), std::vector<gossip::Version>(truth.size())) {}

void VersionsChecker::on_view(const ViewChange& change) {
  if (!change.after) return;
  gossip::Version& highest = highest_[change.observer][change.subject];
  if (change.after->version < highest) {
    violate(change.at, "n" + std::to_string(change.observer) + " went back to version " +
                           text_of(change.after->version) + " of n" +
                           std::to_string(change.subject) + " after " + text_of(highest));
  }
  highest = std::max(highest, change.after->version);
}

void VersionsChecker::on_published(const Published& published) {
  if (!truth().honest(published.subject)) return;
  const auto [found, first] = published_.try_emplace(published.subject, *published.record);
  if (first) return;
  const gossip::Version before = found->second.record.version;
  const gossip::Version now = published.record->record.version;
  const bool changed = found->second != *published.record;
  if (now < before || (changed && now == before)) {
    violate(published.at, "n" + std::to_string(published.subject) + " let out version " +
                              text_of(now) + " after " + text_of(before));
  }
  found->second = *published.record;
}

// A new life knows what its disk held, which may be older.
void VersionsChecker::on_started(const NodeStarted& started) {
  highest_[started.node].assign(truth().size(), {});
}

}  // namespace sim
