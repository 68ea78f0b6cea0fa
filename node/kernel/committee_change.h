// A change of the committee on its way to becoming an op. Everybody who would have a seat is asked,
// again and again, whether it could take it: whether it has the state, and the key of that seat.
// Nobody may hand the mesh to a committee that cannot run (CONSENSUS 3.9), so a quorum of the new
// committee has to attest it, and here everybody who is new in it as well.
//
// It is over when all have attested, when those who must have done so and the rest had a moment, or
// when the time is up.
#pragma once

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "consensus/message.h"
#include "ledger/payload.h"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace kernel {

// What a proposal would make the committee, itself or as the effect of a ballot.
[[nodiscard]] std::optional<ledger::Reconfigure> committee_change_in(
    const ledger::Payload& payload);

class CommitteeChange {
 public:
  struct Options {
    base::Duration ask_every = std::chrono::milliseconds(200);
    base::Duration patience = std::chrono::seconds(1);  // with the rest, once enough have attested
    base::Duration give_up = std::chrono::seconds(5);
  };

  // `payload` has such a change; `old_seats` are those of the epoch that it would end.
  CommitteeChange(Options options, ledger::Payload payload, const ledger::Seats& old_seats,
                  consensus::GetReady question, base::Instant now);

  [[nodiscard]] const consensus::GetReady& question() const { return question_; }
  // Who is to be asked now.
  [[nodiscard]] std::vector<base::NodeId> on_time(base::Instant now);
  void on_readiness(const base::NodeId& from, const consensus::Readiness& readiness,
                    base::Instant now);
  [[nodiscard]] base::Instant next_deadline() const;

  [[nodiscard]] bool over(base::Instant now) const;
  // Once it is over: the payload with its attestations, or who is not ready, and why.
  [[nodiscard]] base::Result<ledger::Payload, std::string> outcome() const;

 private:
  [[nodiscard]] bool enough() const;
  [[nodiscard]] bool complete() const { return ready_.size() == reconfigure_.seats.size(); }

  const Options options_;
  ledger::Payload payload_;
  ledger::Reconfigure reconfigure_;
  consensus::GetReady question_;
  const base::Digest next_;           // next_epoch_root() of what is asked about
  std::set<base::NodeId> newcomers_;  // without whom it is not proposed
  std::map<base::NodeId, crypto::Signature> ready_;
  std::map<base::NodeId, consensus::Unready> refused_;  // the last answer of the others
  std::optional<base::Instant> enough_since_;
  base::Instant ask_at_;
  const base::Instant give_up_at_;
};

}  // namespace kernel
