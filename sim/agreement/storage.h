// What one node's disk holds: the ordered log, and the decisions with the state they led to. A loss
// of power forgets what was not synced: a suffix of the log, at random, and some of the newest
// transactions of the decisions.
#pragma once

#include "base/rng.h"
#include "consensus/effect.h"
#include "consensus/record.h"
#include "sim/agreement/register.h"

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace sim::agreement {

class Storage {
 public:
  explicit Storage(Register::State genesis) : genesis_(std::move(genesis)) {}

  // ---- the log ----
  void append(consensus::Append append);
  void rewrite(consensus::RewriteLog rewrite);
  void log_synced(consensus::LogPosition position);
  [[nodiscard]] consensus::LogPosition durable() const { return durable_; }
  [[nodiscard]] consensus::LogPosition position() const { return before_ + log_.size(); }
  // Up to there all was replaced at once.
  [[nodiscard]] consensus::LogPosition rewritten() const { return rewritten_; }
  // As if nothing after that position had been written.
  void cut(consensus::LogPosition position);
  [[nodiscard]] const std::vector<consensus::Record>& log() const { return log_; }

  // ---- decisions: those of one step are one transaction ----
  void add(const consensus::Decided& decided, const Register::State& state);
  void add(const consensus::EpochStarted& started);
  void end_transaction();
  void decisions_synced();
  [[nodiscard]] consensus::Height stored() const { return stored_.height; }
  [[nodiscard]] std::vector<consensus::Decision> read(const consensus::ReadRange& question) const;

  // The vote key must never vote again; durably at once.
  void spend_key() { key_spent_ = true; }
  [[nodiscard]] bool key_spent() const { return key_spent_; }

  void lose_power(base::Rng& rng);
  [[nodiscard]] consensus::Recovery recovery() const;
  [[nodiscard]] Register::State state() const;
  // The highest finalized view of that epoch in the log.
  [[nodiscard]] consensus::View floor(consensus::EpochNumber epoch) const;
  // The view that a replay of the log leads to in that epoch.
  [[nodiscard]] consensus::View view(consensus::EpochNumber epoch) const;
  // That either part knows of.
  [[nodiscard]] consensus::EpochNumber newest_epoch() const;

 private:
  struct Mark {
    consensus::Height height = 0;
    std::size_t epochs = 0;
  };

  Register::State genesis_;
  std::vector<consensus::Record> log_;
  consensus::LogPosition before_ = 0;  // positions that a rewrite took away
  consensus::LogPosition durable_ = 0;
  consensus::LogPosition rewritten_ = 0;
  struct Row {
    consensus::Decision decision;
    Register::State state;
  };
  std::vector<Row> rows_;  // i: height i + 1
  std::vector<consensus::EpochProof> epochs_;
  std::vector<Mark> transactions_;  // ends of those that are not synced, in order
  Mark stored_;                     // synced
  bool key_spent_ = false;
};

}  // namespace sim::agreement
