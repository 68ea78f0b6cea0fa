// Certificates must reach every validator that is not known to have them. Votes go to everybody, so
// as a rule everybody puts them together alone; each certificate is sent a little later to those
// who have not shown by then that they have it: by a vote or a proposal in a later view, or a
// finalize vote for that view. CONSENSUS 3.7. A finalization that ends an epoch is owed to those of
// the old committee still when the next one has begun.
#pragma once

#include "base/time.h"
#include "consensus/certificate.h"
#include "consensus/committee.h"
#include "consensus/epoch.h"
#include "consensus/outbox.h"
#include "consensus/vote.h"

#include <cstdint>
#include <deque>
#include <optional>

namespace consensus {

class Relay {
 public:
  void on_certificate(const Certificate& certificate, const Epoch& epoch,
                      std::optional<SignerIndex> self, base::Duration delay, base::Instant now,
                      const Outbox& outbox);
  void on_vote(const Vote& vote, const Epoch& epoch);
  // What ended it is still owed to others; all else is of no use any more.
  void on_epoch_ended();
  void on_time(base::Instant now, Outbox& outbox, Effects& effects);
  [[nodiscard]] base::Instant next_deadline() const;

 private:
  static constexpr std::size_t waiting_max = 64;
  struct Waiting {
    Certificate certificate;
    const Epoch* epoch = nullptr;  // its own; outlives this
    std::uint64_t to = 0;          // bit i: signer index i
    base::Instant due;
  };

  std::deque<Waiting> waiting_;  // in order of `due`, as the delay changes slowly
};

}  // namespace consensus
