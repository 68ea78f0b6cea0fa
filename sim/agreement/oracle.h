// Sees what every honest node says, stores and decides, and holds it against the invariants of
// CONSENSUS 4.2. Each has a name, which a violation carries.
#pragma once

#include "base/ids.h"
#include "base/time.h"
#include "consensus/certificate.h"
#include "consensus/effect.h"
#include "consensus/epoch.h"
#include "consensus/vote.h"
#include "sim/digest.h"
#include "sim/outcome.h"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace sim::agreement {

class Oracle {
 public:
  using NodeNumber = std::uint32_t;

  struct Progress {
    consensus::EpochNumber epoch = 0;
    consensus::View view = 0;
    consensus::View finalized = 0;
    consensus::Height height = 0;
  };

  explicit Oracle(bool small_quorum) : small_quorum_(small_quorum) {}

  void set_time(base::Duration now) { now_ = now; }
  void on_submitted(const base::Bytes& op);
  // All of these are about honest nodes.
  void on_cast(NodeNumber node, const consensus::Vote& vote, const consensus::Epoch& epoch);
  void on_released(NodeNumber node, const consensus::Vote& vote, const consensus::Epoch& epoch,
                   bool durable, consensus::EpochNumber guard_epoch);
  void on_certificate(NodeNumber node, const consensus::Certificate& certificate,
                      const consensus::Epoch& epoch);
  void on_decided(NodeNumber node, const consensus::Decided& decided,
                  const base::Digest& state_root);
  void on_epoch(NodeNumber node, const consensus::EpochProof& proof);
  void on_evidence(NodeNumber node, const consensus::Evidence& evidence,
                   const consensus::Epoch& epoch, bool accused_is_honest);
  void on_misbehaved(NodeNumber node, const std::string& what, bool accused_is_honest);
  void on_alarm(NodeNumber node, const consensus::Alarm& alarm, bool expected);
  void on_body(NodeNumber node, const base::Digest& hash);  // appended
  void on_bodies_durable(NodeNumber node);                  // all appended so far
  void on_power_lost(NodeNumber node);                      // what was not durable is gone
  void check_progress(NodeNumber node, const Progress& now);
  // Where it stands after a start, and what its disk had at least.
  void check_started(NodeNumber node, const Progress& durable, const Progress& now);
  void restart(NodeNumber node) { progress_.erase(node); }
  // From its log: the epoch, and the highest finalization in it. Its guard signs nothing below.
  void on_started(NodeNumber node, consensus::EpochNumber epoch, consensus::View floor);
  // A vote of a liar reached it, inside its window before and after; then what it made of that.
  void on_heard(NodeNumber node, const consensus::Vote& vote, const consensus::Epoch& epoch);
  void check_evidence(NodeNumber node);
  void check_fill(NodeNumber node, std::string_view buffer, std::size_t size, std::size_t limit);
  // What a log gives back, and what was said with it: `replayed` are the votes that a guard above
  // `floor` of that epoch remembers.
  void check_replayed(NodeNumber node, const std::vector<consensus::Vote>& released,
                      const std::vector<consensus::Vote>& replayed, consensus::EpochNumber epoch,
                      consensus::View floor);
  void violate(const std::string& checker, std::string text);

  [[nodiscard]] const std::vector<Violation>& violations() const { return violations_; }
  [[nodiscard]] std::uint64_t views() const;
  [[nodiscard]] std::uint64_t decisions() const { return log_.size(); }
  [[nodiscard]] std::uint64_t epochs() const { return epoch_ids_.size(); }
  [[nodiscard]] std::uint64_t evidence() const { return evidence_; }
  [[nodiscard]] bool decided(const base::Bytes& op) const;

 private:
  using ViewKey = std::pair<base::Digest, consensus::View>;  // epoch id, view
  struct Promises {
    std::optional<base::Digest> notarized;
    std::optional<base::Digest> finalized;
    bool nullified = false;
  };
  struct Floor {
    consensus::EpochNumber epoch = 0;
    consensus::View view = 0;
  };
  // Of one signer in one view, as one node heard them.
  struct Heard {
    std::set<base::Digest> notarized;
    std::set<base::Digest> finalized;
    bool nullified = false;
  };
  using Accused = std::tuple<NodeNumber, base::Digest, consensus::SignerIndex, int>;
  struct Bodies {
    std::set<base::Digest> durable;
    std::vector<base::Digest> written;
  };

  void check_votes(NodeNumber node, const consensus::Vote& vote, const consensus::Epoch& epoch);
  void check_signatures(NodeNumber node, const consensus::Certificate& certificate,
                        const consensus::Epoch& epoch);
  void check_certificate_pairs(const ViewKey& key, const consensus::Certificate& certificate);
  void check_availability(const consensus::Certificate& certificate, const consensus::Epoch& epoch);
  void check_ancestry(const consensus::BlockHeader& header);

  bool small_quorum_;
  base::Duration now_{};
  std::vector<Violation> violations_;
  std::map<std::pair<NodeNumber, ViewKey>, Promises> promises_;
  std::map<ViewKey, base::Digest> notarized_;
  std::map<ViewKey, base::Digest> finalized_;
  std::set<ViewKey> nullified_;
  std::set<std::tuple<ViewKey, consensus::VoteKind, std::uint64_t>> verified_;  // fingerprints
  std::map<consensus::Height, std::pair<base::Digest, base::Digest>> log_;      // hash, state root
  std::map<base::Digest, consensus::Height> ops_decided_;
  std::set<base::Digest> ops_submitted_;
  std::map<consensus::EpochNumber, base::Digest> epoch_ids_;
  std::map<NodeNumber, Progress> progress_;
  std::map<consensus::EpochNumber, consensus::View> views_;
  std::map<NodeNumber, Bodies> bodies_;
  std::map<NodeNumber, Floor> floors_;
  std::map<NodeNumber, std::map<std::pair<ViewKey, consensus::SignerIndex>, Heard>> heard_;
  std::set<NodeNumber> spent_;     // votes of their keys may be missing in their logs
  std::set<Accused> accused_;      // of whom that node has evidence of that type
  std::vector<Accused> expected_;  // evidence that the last vote made possible
  std::uint64_t evidence_ = 0;
};

}  // namespace sim::agreement
