// Observation reports on their way between those who call the same capability. A node that called
// some lately asks now and then one other member for reports about them that it does not have, and
// gets the other's own and those that the other holds. Nothing is pushed: who does not call, holds
// nothing and is told nothing.
//
// Everything is bounded: topics (capabilities) here and in a question, authors in a topic, bytes in
// an answer, and the age of a report. Which authors are held when there are more is drawn by a
// secret of this node, so that nobody gets in by being loud. And since an answer may leave out what
// it likes, a topic's reports count only when several of those who have some were asked about it.
#pragma once

#include "base/ids.h"
#include "base/rng.h"
#include "base/time.h"
#include "crypto/identity.h"
#include "crypto/verified.h"
#include "gossip/effect.h"
#include "gossip/observation.h"
#include "gossip/options.h"
#include "gossip/packet.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace gossip {

// What this node's calls to a capability showed; without observations it is only of interest.
struct Observed {
  std::string capability;
  std::vector<Observation> observations;
  bool operator==(const Observed&) const = default;
};

class Reports {
 public:
  Reports(const Options& options, const base::MeshId& mesh, crypto::Identity identity,
          base::Rng rng);

  // True if it is time to ask; then exactly one on_observed() should follow.
  [[nodiscard]] bool on_time(base::Instant now);
  [[nodiscard]] base::Instant next_deadline() const { return next_; }
  // All capabilities that were called lately. Signs what has changed enough; how many.
  std::size_t on_observed(std::vector<Observed> observed, std::uint64_t epoch, base::Instant now);
  // How many members should be asked now, and what. The next question turns to other topics, if
  // there are more than fit.
  [[nodiscard]] std::size_t to_ask();
  [[nodiscard]] PullReports question();

  [[nodiscard]] ReportPage answer(const PullReports& question, base::Instant now) const;

  // That member, one of so many others, told what it has: what is held of it may count now.
  void on_answered(const base::NodeId& by, const ReportPage& page, std::size_t others,
                   Effects& effects);
  enum class Worth : std::uint8_t { check, known, refuse };
  [[nodiscard]] Worth worth(const SignedReport& report);
  void admit(const crypto::Verified<SignedReport>& report, base::Instant now, Effects& effects);

  // Drops what is too old, or whose author is gone.
  void expire(const std::function<bool(const base::NodeId&)>& is_here, base::Instant now,
              Effects& effects);
  [[nodiscard]] std::size_t held() const;
  [[nodiscard]] std::vector<const SignedReport*> own() const;  // the newest about each topic

 private:
  struct Held {
    crypto::Verified<SignedReport> report;
    base::Instant signed_at;  // as far as we know
  };
  struct Topic {
    bool called = false;                   // lately, by this node
    bool counts = false;                   // enough others were asked: what is held was handed on
    std::uint32_t rounds = 0;              // of asking several at a time
    std::vector<base::NodeId> informants;  // asked so far, until it counts
    std::optional<Held> own;
    std::map<base::NodeId, Held> held;  // at most report_authors_max
    std::set<std::uint64_t> skipped;    // authors whom the held ones outrank; bounded
  };

  Topic* topic_for(const std::string& capability);
  void sign(Topic& topic, Observed observed, std::uint64_t epoch, base::Instant now);
  static void skip(Topic& topic, const base::NodeId& author);
  [[nodiscard]] std::uint64_t rank(const base::NodeId& author) const;
  // Who would give way to a better author; null: there is room.
  [[nodiscard]] const base::NodeId* last_of(const Topic& topic) const;
  void append(const Held& held, const Interest& interest, base::Instant now, std::size_t& room,
              ReportPage& page) const;

  const Options options_;
  const base::MeshId mesh_;
  const crypto::Identity identity_;
  base::Rng rng_;
  const std::uint64_t secret_;
  base::Instant next_;                                // when to ask again
  std::map<std::string, Topic, std::less<>> topics_;  // at most report_topics_max
  std::string asked_up_to_;                           // the last topic of the last question
  std::uint64_t sequence_ = 0;
};

}  // namespace gossip
