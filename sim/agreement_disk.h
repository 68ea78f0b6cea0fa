// What a simulated disk holds of agreement: the ordered log, and the archive of decisions with the
// state they led to. A loss of power forgets what was not synced: a suffix of the log, as long as
// it happens to be, and some of the newest transactions of the archive.
#pragma once

#include "base/bytes.h"
#include "base/ids.h"
#include "base/rng.h"
#include "consensus/key_fate.h"
#include "node/kernel/agreement.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace sim {

class AgreementDisk {
 public:
  explicit AgreementDisk(base::Rng rng) : rng_(rng) {}

  // ---- the log ----
  void append(kernel::AppendLog&& effect);
  void rewrite(kernel::RewriteLog&& effect);
  void log_synced(std::uint64_t position);

  // ---- the archive: each is a transaction, and they are synced in their order ----
  void store(kernel::StoreDecisions&& effect);
  void store(kernel::StoreState&& effect);
  void store(kernel::KeepPiece&& effect);
  void store(kernel::StoreEpoch&& effect);
  [[nodiscard]] std::size_t unsynced() const { return unsynced_.size(); }
  void archive_synced(std::size_t transactions);  // the oldest so many
  [[nodiscard]] std::uint64_t height() const;     // written, 0: nothing
  [[nodiscard]] std::uint64_t height_synced() const;
  // Below it nothing needs to be there: the state of this height came as a whole.
  [[nodiscard]] std::uint64_t height_installed() const { return installed_; }
  [[nodiscard]] const kernel::StoredDecision* find(std::uint64_t height) const;
  [[nodiscard]] std::vector<kernel::StoredDecision> read(const kernel::ReadDecisions& effect) const;

  void crash();
  // While nobody runs on it: the log is gone, or cannot be read. Power fails during some of the
  // starts that follow, between any two steps.
  void lose_log();
  [[nodiscard]] kernel::StoredAgreement start(const base::NodeId& vote_key);
  // Durably at once, as the daemon does.
  void spend(const base::NodeId& vote_key);
  // While nobody runs on it: it is what it was when that copy was made.
  void put_back(AgreementDisk copy);
  // It had a log here, and that is not the one that is here now: the truth, whatever is marked. If
  // a copy was put back, once the node knows it, which no rule can promise that it does.
  [[nodiscard]] bool forgot(const base::NodeId& vote_key) const {
    return forgot_.contains(vote_key);
  }

 private:
  struct Transaction {
    std::vector<std::uint64_t> heights;
    std::vector<std::pair<std::string, std::optional<base::Bytes>>> before;  // of the state
    std::optional<std::uint64_t> epoch;
    std::optional<std::uint32_t> piece;
    std::optional<std::uint64_t> installed_before;  // of a state that came as a whole
  };

  struct Marks {
    bool begun = false;
    bool spent = false;
  };
  [[nodiscard]] consensus::KeyFate fate_of(const base::NodeId& vote_key) const;
  void take(consensus::KeyStep step, const base::NodeId& vote_key);

  base::Rng rng_;
  consensus::PromisesFound::Log file_ = consensus::PromisesFound::Log::missing;
  std::vector<base::Bytes> log_;
  std::uint64_t before_ = 0;  // positions that a rewrite took away
  std::uint64_t durable_ = 0;
  std::map<base::NodeId, Marks> marks_;  // of voting keys
  base::NodeId last_begun_;              // of those that have
  std::set<base::NodeId> started_;       // keys that may have voted with the log that is here
  std::set<base::NodeId> forgot_;
  bool restored_ = false;
  std::uint64_t failing_starts_ = 0;
  std::map<std::uint64_t, kernel::StoredDecision> decisions_;  // by height
  std::uint64_t installed_ = 0;
  std::vector<kernel::PassedOver> passed_over_;
  std::map<std::uint64_t, base::Bytes> epochs_;  // by number
  std::map<std::string, base::Bytes> state_;
  std::map<std::uint32_t, base::Bytes> pieces_;  // of a state that is not all here
  std::vector<Transaction> unsynced_;            // the oldest first
};

}  // namespace sim
