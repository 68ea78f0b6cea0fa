// Fetches what somebody else holds: bodies by their hash, certificates by their view, decided
// blocks by their height. One question at a time to a peer, a few peers at once, each question
// repeated elsewhere until it is settled or no longer of use. CONSENSUS R8.
//
// Bodies and certificates are with members: each of them is asked once in a round, then one of the
// others; what goes along with a question is asked again of the same peer at times. Pauses grow
// from round to round, not from question to question (decision 0081).
#pragma once

#include "base/ids.h"
#include "base/rng.h"
#include "base/time.h"
#include "consensus/effect.h"
#include "consensus/epoch.h"
#include "consensus/options.h"
#include "consensus/outbox.h"

#include <map>
#include <optional>
#include <set>
#include <vector>

namespace consensus {

class Repair {
 public:
  Repair(const Options& options, base::Rng rng) : options_(options), rng_(rng) {}

  // Idempotent. `first`: who has it for sure, if anybody; it is asked at once, also in the middle
  // of a pause, if it was not asked in this round.
  void want_block(const base::Digest& hash, const std::optional<base::NodeId>& first = {});
  void want_certificates(View view);
  void want_range(Height from);

  [[nodiscard]] bool wants_block(const base::Digest& hash) const { return blocks_.contains(hash); }
  void on_block(const base::Digest& hash) { blocks_.erase(hash); }
  void on_certificate(View view) { views_.erase(view); }
  void on_range() { range_.reset(); }
  // All that is final is committed: what else is still of use is wanted again.
  void on_committed() {
    range_.reset();
    blocks_.clear();
  }
  // Of that view and below nothing is needed any more.
  void on_finalized(View view) { views_.erase(views_.begin(), views_.upper_bound(view)); }
  // Another epoch: nothing that was asked is of use.
  void clear();

  // That peer answered a question of ours; false: we had not asked it.
  bool on_answer(const base::NodeId& peer) { return outstanding_.erase(peer) > 0; }

  // Where this node stands.
  struct Place {
    EpochNumber epoch = 0;
    EpochNumber proven = 0;  // the newest whose committee it knows, executed or not
    base::Duration delay;
  };
  // Who can be asked; without this node, each at most once.
  struct Peers {
    std::vector<base::NodeId> members;
    std::vector<base::NodeId> others;
  };
  void on_time(const Place& place, const Peers& peers, base::Instant now, Outbox& outbox,
               Effects& effects);
  [[nodiscard]] base::Instant next_deadline() const;
  [[nodiscard]] std::size_t size() const { return blocks_.size() + views_.size(); }
  [[nodiscard]] std::size_t asking() const { return outstanding_.size(); }

 private:
  struct Want {
    std::uint32_t rounds = 0;
    base::Instant due;  // the next question
    std::optional<base::NodeId> first;
    std::set<base::NodeId> asked;  // in this round
  };

  [[nodiscard]] bool due(base::Instant now) const;
  [[nodiscard]] std::optional<base::NodeId> choose(const Peers& peers, base::Instant now);
  // Of what is due and is with members, what waits longest.
  [[nodiscard]] const Want* most_urgent(base::Instant now) const;
  [[nodiscard]] std::optional<base::NodeId> pick_free(const std::vector<base::NodeId>& peers,
                                                      const std::set<base::NodeId>& but);
  void ask(const base::NodeId& peer, const Place& place, const Peers& peers, base::Instant now,
           Outbox& outbox, Effects& effects);
  static void put_off(Want& want, const base::NodeId& peer, const Peers& peers,
                      base::Duration delay, base::Instant now);

  const Options& options_;
  base::Rng rng_;
  std::map<base::Digest, Want> blocks_;
  std::map<View, Want> views_;
  std::optional<std::pair<Height, Want>> range_;
  std::map<base::NodeId, base::Instant> outstanding_;  // until when we wait for an answer
};

}  // namespace consensus
