// What this node says of itself, and when it says it anew: readiness and descriptor at once, load
// when it moved enough, and again at once when somebody accuses it. Under a steady load that goes
// up and down the gaps between records grow, so that a busy mesh does not drown in news of its
// load; that a node has become idle is told all the same.
#pragma once

#include "base/time.h"
#include "crypto/identity.h"
#include "crypto/verified.h"
#include "gossip/options.h"
#include "gossip/record.h"

#include <cstdint>
#include <optional>

namespace gossip {

// What the rest of the node says about itself; published in a new record when it changed enough.
struct LocalStatus {
  Readiness readiness = Readiness::serving;  // joining is decided here, until a first sync
  Load load;
  base::Digest descriptor;
  bool operator==(const LocalStatus&) const = default;
};

class OwnRecord {
 public:
  OwnRecord(const Options& options, const base::MeshId& mesh, crypto::Identity identity,
            Record record);

  void set_status(const LocalStatus& status, base::Instant now);
  void on_joined() { joined_ = true; }
  void on_leave() { leaving_ = true; }
  // The accusation against us has to be answered; soon, if we just did.
  void on_accused() { accused_ = true; }
  // Somebody holds a record of ours that is not older: our past run's, if the disk was lost.
  void outrank(std::uint64_t epoch);

  // A new signed record if one is due now.
  std::optional<crypto::Verified<SignedRecord>> on_time(base::Instant now);
  [[nodiscard]] base::Instant next_deadline() const;

  [[nodiscard]] const SignedRecord& current() const { return current_; }
  [[nodiscard]] bool joined() const { return joined_; }
  [[nodiscard]] bool leaving() const { return leaving_; }
  [[nodiscard]] crypto::Verified<SignedAccusation> accuse(const base::NodeId& subject,
                                                          const base::Digest& record) const;

 private:
  [[nodiscard]] Readiness readiness() const;
  [[nodiscard]] bool urgent() const;
  [[nodiscard]] bool capacity_changed() const;
  [[nodiscard]] base::Instant load_due() const;

  const Options options_;
  const base::MeshId mesh_;
  const crypto::Identity identity_;
  SignedRecord current_;
  LocalStatus status_;
  base::Instant published_;
  base::Instant load_published_;  // the last time that load or capacity was the reason
  base::Instant idle_since_;      // if the load says that nothing is in flight
  base::Duration load_gap_;       // load_publish_gap ..= load_publish_gap_max
  bool published_once_ = false;
  bool joined_ = false;
  bool leaving_ = false;
  bool accused_ = false;
};

}  // namespace gossip
