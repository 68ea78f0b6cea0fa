// Signatures on their way to be checked: gathered into batches, each item once, bounded. Only what
// comes back from here with a good verdict may enter the view.
#pragma once

#include "base/ids.h"
#include "crypto/verified.h"
#include "gossip/counters.h"
#include "gossip/effect.h"
#include "gossip/observation.h"
#include "gossip/options.h"
#include "gossip/record.h"
#include "gossip/source.h"

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <variant>
#include <vector>

namespace gossip {

struct Checked {
  std::variant<crypto::Verified<SignedRecord>, crypto::Verified<SignedAccusation>,
               crypto::Verified<SignedReport>>
      item;
  Source from;
};

class Verification {
 public:
  Verification(const Options& options, const base::MeshId& mesh) : options_(options), mesh_(mesh) {}

  // False if the same is pending already, was found bad a moment ago, or too much is pending: all
  // together, or more of what this source brought than there is room left. So whoever brings
  // without end gets half of the room, and the others still have the rest.
  bool add(SignedRecord record, const Source& from);
  bool add(SignedAccusation accusation, const Source& from);
  bool add(SignedReport report, const Source& from);
  // Emits what was added since, in batches.
  void flush(Effects& effects);
  [[nodiscard]] bool flushed() const { return open_.empty(); }
  // The good ones, in the order in which they were added. The others are counted as refused.
  [[nodiscard]] std::vector<Checked> take(std::uint64_t batch,
                                          std::span<const crypto::Verdict> verdicts,
                                          Counters& counters);
  [[nodiscard]] std::size_t pending() const { return pending_.size(); }
  // A record of this subject is on its way.
  [[nodiscard]] bool awaits_record_of(const base::NodeId& subject) const {
    return subjects_.contains(subject);
  }

 private:
  struct Item {
    std::variant<SignedRecord, SignedAccusation, SignedReport> value;
    Source from;
    base::Digest digest;  // of the statement and the signature
  };

  bool add(Item item, const crypto::Statement& statement, const base::NodeId& signer,
           const crypto::Signature& signature);
  void remember_bad(const base::Digest& digest);

  const Options options_;
  const base::MeshId mesh_;
  std::uint64_t next_batch_ = 1;
  std::vector<Item> open_;                      // not yet emitted
  std::vector<crypto::SignatureCheck> checks_;  // for open_, in the same order
  std::map<std::uint64_t, std::vector<Item>> batches_;
  std::set<base::Digest> pending_;               // of open_ and batches_
  std::multiset<base::NodeId> subjects_;         // of the records among them
  std::map<base::NodeId, std::size_t> brought_;  // of pending_, by whom
  std::set<base::Digest> bad_;                   // bounded
  std::vector<base::Digest> bad_order_;          // ring of the same
  std::size_t bad_next_ = 0;
};

}  // namespace gossip
