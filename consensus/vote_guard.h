// The only holder of the voting key. It knows nothing of certificates or timers, only what it has
// signed, and refuses whatever would break a promise: a second notarize or finalize in one view,
// finalize and nullify in one view, anything of another epoch or at or below the floor. What it
// signs goes into the log before it leaves (CONSENSUS 3.11), and is given back to it after a
// restart. A refusal is a bug of ours, not a path of the protocol: the caller raises an alarm.
#pragma once

#include "base/result.h"
#include "consensus/epoch.h"
#include "consensus/options.h"
#include "consensus/record.h"
#include "consensus/vote.h"
#include "consensus/voting_key.h"

#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

namespace consensus {

enum class Refusal : std::uint8_t {
  abstaining,  // we do not vote in this epoch
  no_member,   // our key is not in the committee
  other_epoch,
  below_floor,
  other_hash,          // another vote of that kind was cast in that view
  after_nullify,       // notarize or finalize
  after_finalize,      // nullify
  behind_newest_view,  // notarize or nullify below a view that was voted in
};
[[nodiscard]] std::string_view to_string(Refusal refusal);

class VoteGuard {
 public:
  struct Signed {
    Vote vote;
    LogPosition position = 0;  // where its record is; set by note()
  };
  using Votes = std::map<std::pair<View, VoteKind>, Signed>;

  // Null key: an observer.
  VoteGuard(std::unique_ptr<VotingKey> key, const Options& options);

  // Only ever to a later epoch; false if it was not one. Forgets the votes of the epoch before.
  bool start_epoch(const Epoch& epoch);
  // No vote at or below it any more; their records may go.
  void raise_floor(View floor);
  // A vote from the log.
  void restore(const Vote& vote);
  // No vote with this key any more, in this run. Where its promises are not all known, storage
  // keeps it so (key_fate.h) until a committee lists a fresh key; after a refusal they are.
  void abstain();
  // The same, because its promises are not all known: none of them is said again.
  void spend();
  // Nothing is signed while we only ask what peers remember of us (echo check).
  void listen(bool listening) { listening_ = listening; }

  [[nodiscard]] base::Result<Vote, Refusal> sign(VoteKind kind, const Epoch& epoch, View view,
                                                 const base::Digest& block);
  // "I hold the key of this seat" (3.9): no vote, and so nothing that the log has to know. Nothing
  // without that key, or if it must never vote again.
  [[nodiscard]] std::optional<crypto::Signature> attest(const Validator& seat,
                                                        const crypto::Statement& ready) const;
  // The record of that vote is at this position of the log.
  void note(const Vote& vote, LogPosition position);

  [[nodiscard]] bool abstains() const { return abstains_; }
  [[nodiscard]] bool spent() const { return spent_; }
  [[nodiscard]] bool listening() const { return listening_; }
  [[nodiscard]] bool may_vote() const { return signer_ && !abstains_ && !listening_; }
  // Our place in the committee, if our key is listed there.
  [[nodiscard]] std::optional<SignerIndex> signer() const { return signer_; }
  [[nodiscard]] const Votes& votes() const { return votes_; }

 private:
  [[nodiscard]] std::optional<Refusal> refusal(VoteKind kind, const Epoch& epoch, View view,
                                               const base::Digest& block) const;

  const std::unique_ptr<VotingKey> key_;
  const Options& options_;
  std::optional<EpochNumber> epoch_;
  std::optional<SignerIndex> signer_;
  bool abstains_ = false;  // for good, as far as this key goes
  bool spent_ = false;
  bool listening_ = false;
  View floor_ = 0;
  View newest_ = 0;  // of notarize and nullify
  Votes votes_;      // of this epoch, above the floor
};

}  // namespace consensus
