// The table: every member's newest verified record, the accusations against it, and what follows
// from both. Death is never a message: each node derives it here, from the signatures of enough
// assigned monitors and the time that the suspect had to refute.
//
//   word of its own record ──accused by a monitor──> suspect ──t+1 monitors, timeout──> dead
//          ^                                            |                                  |
//          └──────────────── a newer record ────────────┴──────────────────────────────────┘
//
// Invariants: a record is only ever replaced by a newer one; the dead keep their record and the
// evidence, so that nothing old resurrects them; accusations are always against the record in the
// table.
//
// The dead and the left are told to others for a while only; then each node keeps them for itself,
// out of the digests, and forgets them when it likes. A full table has room for a newcomer as long
// as it holds somebody dead, or whom nobody ever heard.
//
// Who may not take part is barred: it has left, whatever it or others say, and it is told to nobody
// either. Its newest record is kept all the same, so that it stands where it should at once when it
// may take part again.
#pragma once

#include "base/recent_table.h"
#include "crypto/verified.h"
#include "gossip/effect.h"
#include "gossip/member.h"
#include "gossip/options.h"
#include "gossip/packet.h"
#include "gossip/rings.h"
#include "gossip/suspicion.h"

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

namespace gossip {

class View {
 public:
  using Evidence = std::vector<crypto::Verified<SignedAccusation>>;
  enum class Put : std::uint8_t { added, newer, stale };

  using Welcomes = std::function<bool(const base::NodeId& id)>;

  View(const Options& options, const base::MeshId& mesh, const base::NodeId& self);

  // Who is not welcome is barred; until then everybody is welcome.
  void guard(Welcomes welcomes) { welcomes_ = std::move(welcomes); }
  // Asks about these again; about everybody, if there are none.
  void on_doors_changed(std::span<const base::NodeId> whom, base::Instant now, Effects& effects);

  Put put(const crypto::Verified<SignedRecord>& record, base::Instant now, Effects& effects);
  // True if this is new evidence that others should hear.
  bool accuse(const crypto::Verified<SignedAccusation>& accusation, base::Instant now);
  // An authentic word of it came; `fresh`: one that cannot be a recording. True if it is the first
  // since its newest epoch began.
  bool on_heard(const base::NodeId& id, bool fresh);
  // A probe of our own was answered; no round trip if a helper says so.
  void on_answered(const base::NodeId& id, base::Duration round_trip, base::Instant now);
  // Our own probe of it failed, direct and indirect.
  void on_unreached(const base::NodeId& id);
  // We were starved: what was almost decided gets its time anew.
  void on_starved(base::Instant calm_at);

  // Whom we should look at ourselves before anything is decided.
  struct Looks {
    std::vector<base::NodeId> doubtful;  // too few monitors speak
    std::vector<base::NodeId> last;      // enough do, but nobody is buried who answers us
  };
  // Decides about the accused whose time has come.
  void judge(std::uint32_t stretch, base::Instant now, Effects& effects, Looks& looks);
  [[nodiscard]] base::Instant next_verdict() const { return next_verdict_; }
  // Tells no more of those that are gone for long, and forgets whom nobody could bring back.
  void forget_old(base::Instant now, Effects& effects);
  [[nodiscard]] base::Instant next_forgetting() const;
  // May a newcomer be put? make_room() forgets somebody for it, if it takes that.
  [[nodiscard]] bool has_room(base::Instant now) const;
  bool make_room(base::Instant now, Effects& effects);

  [[nodiscard]] const Member* find(const base::NodeId& id) const;
  [[nodiscard]] const Member* find_key(std::uint64_t key) const;
  [[nodiscard]] const std::map<base::NodeId, Member>& members() const { return members_; }
  [[nodiscard]] const Rings& rings() const { return rings_; }
  [[nodiscard]] const Evidence& evidence(const Member& member) const;
  [[nodiscard]] const base::Digest& digest(const Member& member) const;
  // The newest version that may not come back: of the member itself, or of its grave.
  [[nodiscard]] const Version* newest(const base::NodeId& id) const;
  [[nodiscard]] bool heard(const Member& member) const;  // since its newest epoch began
  // Others are told of it, and the digests cover it.
  [[nodiscard]] bool told(const Member& member) const;
  [[nodiscard]] std::uint64_t table_digest() const { return table_digest_; }
  [[nodiscard]] const BucketDigests& buckets() const { return buckets_; }
  [[nodiscard]] static std::size_t bucket_of(const base::NodeId& id);
  [[nodiscard]] std::uint64_t false_alarms() const { return false_alarms_; }
  [[nodiscard]] std::uint64_t deaths() const { return deaths_; }
  [[nodiscard]] const DurationCounts& detection() const { return detection_; }
  [[nodiscard]] const std::set<base::NodeId>& dead() const { return dead_; }

 private:
  // Who gives way first when the table is full: those that are gone and were never heard, the gone,
  // those that were never heard.
  enum class Place : std::uint8_t { gone_unheard, gone, unheard, kept };
  struct Row {
    base::Digest digest;  // of the record in the table
    Evidence evidence;    // against exactly that digest; bounded, at most one an accuser
    base::Instant accused = base::Instant::never();  // since an assigned monitor accuses
    base::Instant verdict = base::Instant::never();  // when to judge again
    base::Instant refuted;                           // when a newer record last cleared accusations
    base::Instant answered;                          // our own probe
    base::Instant looked = base::Instant::never();   // for the last time, before it is buried
    bool ever_heard = false;
    bool unreached = false;  // by ourselves, since it was heard last
    bool told = true;
    base::Instant added;
    Place place = Place::kept;
    base::Instant placed;  // its key in places_
  };

  void become(const base::NodeId& id, Member& member, MemberState state, bool record_changed,
              base::Instant now, Effects& effects);
  void bar(const base::NodeId& id, Member& member, bool barred, base::Instant now,
           Effects& effects);
  [[nodiscard]] bool bars(const base::NodeId& id) const;
  void judge_one(const base::NodeId& id, std::uint32_t stretch, base::Instant now, Effects& effects,
                 Looks& looks);
  // True while our own look at one that the monitors give up may still tell otherwise.
  static bool looking(const base::NodeId& id, Row& row, base::Instant now, Looks& looks);
  bool alone_with_the_verdict(const Row& row, const std::vector<base::NodeId>& monitors,
                              std::vector<base::NodeId>& doubtful) const;
  void acquit(const base::NodeId& id, Member& member, Row& row, base::Instant now,
              Effects& effects);
  void toggle_digest(const base::NodeId& id, const Member& member);
  // Keeps places_ after a change of the state, or of who was heard.
  void find_place(const base::NodeId& id, const Member& member);
  void leave_place(const base::NodeId& id, const Member& member);
  void forget(const base::NodeId& id, Effects& effects);
  Row& row(const Member& member) { return rows_[member.row]; }

  const Options options_;
  const base::MeshId mesh_;
  const base::NodeId self_;
  Welcomes welcomes_;  // empty: everybody is
  Rings rings_;        // everybody but the dead and the left
  std::map<base::NodeId, Member> members_;
  std::vector<Row> rows_;
  std::vector<std::uint32_t> free_rows_;
  std::set<base::NodeId> accused_;  // with evidence or degraded, and not dead
  std::set<base::NodeId> dead_;
  std::set<std::tuple<Place, base::Instant, base::NodeId>> places_;  // all but the kept
  std::set<std::pair<base::Instant, base::NodeId>> told_gone_;       // the gone, by since when
  base::RecentTable<base::NodeId, Version> graves_;  // of the forgotten; the oldest goes first
  Patience patience_;
  base::Instant next_verdict_ = base::Instant::never();
  std::uint64_t judged_generation_ = 0;  // of the rings
  base::Instant calm_at_;                // nobody is declared dead before
  std::uint64_t table_digest_ = 0;       // exclusive or of all members' contributions
  BucketDigests buckets_{};              // the same, by bucket
  std::uint64_t false_alarms_ = 0;
  std::uint64_t deaths_ = 0;
  DurationCounts detection_;
};

}  // namespace gossip
