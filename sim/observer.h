// Watches a world: compares the nodes' tables before and after each input, tells the checkers what
// changed, and keeps the digest, the coverage and the trace. Knows the Truth, changes nothing.
#pragma once

#include "base/ids.h"
#include "base/time.h"
#include "base/transition.h"
#include "gossip/membership.h"
#include "sim/checkers/checker.h"
#include "sim/coverage.h"
#include "sim/digest.h"
#include "sim/outcome.h"
#include "sim/scenario.h"
#include "sim/trace.h"
#include "sim/truth.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sim {

class Observer {
 public:
  // `ids` in the order of the node's indices; outlives the observer.
  Observer(const std::vector<base::NodeId>& ids, const base::MeshId& mesh, std::size_t trace_lines);

  // ---- told by the world ----
  void node_started(NodeIndex node, base::Duration at, bool again);
  void node_stopped(NodeIndex node, base::Duration at, bool crashed);
  // After an input to `node`: looks at the whole table, or in a large mesh only at what `hints`
  // name.
  void look(NodeIndex node, base::Duration at, const gossip::Membership& membership,
            const std::vector<std::string>& hints);
  void look_at_all(NodeIndex node, base::Duration at, const gossip::Membership& membership);
  // Nothing stands between this node's decisions and the network: what it says of itself is out.
  void published(NodeIndex node, base::Duration at, const gossip::SignedRecord& record);
  void machine(NodeIndex node, base::Duration at, const base::Transition& transition);
  void notice(NodeIndex node, base::Duration at, const base::Notice& notice);
  void violate(std::string checker, base::Duration at, std::string text);

  template <class Event>
  void tell(void (Checker::*handler)(const Event&), const Event& event) {
    for (const auto& checker : checkers_) (checker.get()->*handler)(event);
  }
  void second(base::Duration at);
  void end(base::Duration at);

  // What is wrong with the views, as the truth has it; empty if nothing. `views` by node, null =
  // down; of those of the misled nothing is expected.
  [[nodiscard]] std::string disagreement(const std::vector<const gossip::Membership*>& views,
                                         const std::vector<bool>& misled) const;

  [[nodiscard]] Truth& truth() { return truth_; }
  [[nodiscard]] Coverage& coverage() { return coverage_; }
  [[nodiscard]] Trace& trace() { return trace_; }
  [[nodiscard]] RunDigest& digest() { return digest_; }
  [[nodiscard]] Figures& figures() { return figures_; }
  [[nodiscard]] bool violated() const;
  [[nodiscard]] std::vector<Violation> violations() const;  // in the order of time

  // Up to this many nodes every row is compared after every input.
  static constexpr std::uint32_t whole_tables_up_to = 40;

 private:
  void compare(NodeIndex observer, base::Duration at, const base::NodeId& id,
               const gossip::Member* member);
  [[nodiscard]] std::optional<NodeIndex> index_of(const base::NodeId& id) const;

  const std::vector<base::NodeId>& ids_;
  std::map<base::NodeId, NodeIndex> index_;
  std::map<std::string, NodeIndex, std::less<>> by_short_hex_;
  Truth truth_;
  std::vector<std::unique_ptr<Checker>> checkers_;
  std::vector<Violation> own_violations_;  // of the world itself, under no checker's name
  std::vector<std::vector<std::optional<Seen>>> seen_;  // observer, subject
  std::vector<gossip::Version> published_;              // the newest of each
  std::vector<bool> ever_dead_;                         // by subject
  Coverage coverage_;
  Trace trace_;
  RunDigest digest_;
  Figures figures_;
};

}  // namespace sim
