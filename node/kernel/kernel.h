// The whole node as one pure machine: membership and data plane composed, still without a socket,
// clock, thread or disk. `handle` is the only way in, the appended Effects the only way out;
// the caller arms one timer, for next_deadline(). The daemon and the simulator run this same class.
#pragma once

#include "base/bytes.h"
#include "base/endpoint.h"
#include "base/ids.h"
#include "base/permit_rate.h"
#include "base/recent_table.h"
#include "base/rng.h"
#include "base/time.h"
#include "crypto/identity.h"
#include "gossip/membership.h"
#include "mesh/data_plane.h"
#include "node/kernel/agreement.h"
#include "node/kernel/datagram_gate.h"
#include "node/kernel/effect.h"
#include "node/kernel/input.h"
#include "node/kernel/knocks.h"
#include "node/kernel/lifecycle.h"
#include "node/kernel/newcomers.h"
#include "node/kernel/providers.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kernel {

struct Options {
  base::MeshId mesh;
  std::string name;
  base::Endpoint advertise;  // where peers reach this node, UDP and TCP
  std::vector<base::Endpoint> seeds;
  gossip::Options gossip;
  mesh::Options calls;
  GateOptions gate;
  std::optional<ledger::Invitation> invitation;  // to a mesh that this node is no member of yet
  // How long a drain waits for calls in flight before it leaves all the same.
  base::Duration drain_timeout = std::chrono::seconds(30);
};

// What a previous run of this node left on disk.
struct Stored {
  std::uint64_t epoch = 0;               // the last that was persisted; 0 = first start
  std::vector<base::Bytes> members;      // wire forms of signed records, checked again before use
  std::vector<base::Bytes> descriptors;  // wire forms, addressed by their digest
  std::vector<mesh::Deferrals::Kept> deferred{};
};

// What this run takes for the epoch of the last one: the stored one, or the calendar's seconds if
// they are ahead. A node that lost its disk but kept its key is so not outranked by its own past.
// A clock that cannot be right counts for nothing: one year beyond all epochs would use them up.
[[nodiscard]] std::uint64_t epoch_before(std::uint64_t stored, base::WallTime now);
[[nodiscard]] bool is_plausible(base::WallTime now);  // of the 21st century, since 2020

// The number of questions that are no membership's: an invitation that is shown.
inline constexpr std::uint64_t knock_request = ~std::uint64_t{0};

class Kernel {
 public:
  // Without `agreement` nothing is decided here: a mesh without validators.
  Kernel(Options options, const crypto::Identity& identity, Stored stored, const base::Rng& rng,
         std::optional<AgreementOptions> agreement = std::nullopt);

  void handle(Input input, base::Instant now, Effects& effects);
  [[nodiscard]] base::Instant next_deadline() const;

  // ---- views, valid until the next handle() ----
  [[nodiscard]] const gossip::Membership& membership() const { return membership_; }
  [[nodiscard]] const mesh::DataPlane& data_plane() const { return data_plane_; }
  [[nodiscard]] const DatagramGate& gate() const { return *gate_; }  // after Started
  // Whether what was decided lets this identity take part; where nothing is, everybody may.
  [[nodiscard]] bool welcomes(const base::NodeId& id) const;
  // Whether a link with it may stand: it is welcome, or may show an invitation.
  [[nodiscard]] bool lets_in(const base::NodeId& id) const;
  // Null in a mesh without validators.
  [[nodiscard]] const Agreement* agreement() const { return agreement_ ? &*agreement_ : nullptr; }
  [[nodiscard]] Phase phase() const { return lifecycle_.phase(); }
  // Messages that came authentically and were no messages all the same.
  [[nodiscard]] std::uint64_t undecodable() const { return undecodable_; }
  // Questions over links that came too often, or from no member.
  [[nodiscard]] std::uint64_t questions_refused() const { return questions_refused_; }

 private:
  void on(Started&& input);
  void on(TimePassed&& input);
  void on(ClockRead&& input);
  void on(JoinRequested&& input);
  void on(SeedResolved&& input);
  void on(DrainRequested&& input);
  void on(ResumeRequested&& input);
  void on(AgentConfigured&& input);
  void on(PoliciesChanged&& input);
  void on(DatagramReceived&& input);
  void on(PeerAsked&& input);
  void on(PeerAnswered&& input);
  void on(PeerFailed&& input);
  void on(LinkLost&& input);
  void on(SignaturesChecked&& input);
  void on(CallArrived&& input);
  void on(AttemptAnswered&& input);
  void on(AnswerInspected&& input);
  void on(AttemptCompleted&& input);
  void on(AttemptFailed&& input);
  void on(BodyUnrepeatable&& input);
  void on(AnswerStarted&& input);
  void on(CallerGone&& input);
  void on(CallJudged&& input);
  void on(CallKept&& input);
  void on(KeptUnreadable&& input);
  void on(DeferralCancelled&& input);
  void on(ProbeAnswered&& input);
  void on(AgreementReceived&& input);
  void on(LogSynced&& input);
  void on(DecisionsStored&& input);
  void on(DecisionsRead&& input);
  void on(OpProposed&& input);
  void on(CommitteeProposed&& input);

  // What the two machines emitted since the last time becomes effects of the node.
  void take_gossip(Effects& effects);
  void take_calls(Effects& effects);
  void take_agreement(Effects& effects);
  void take_answers(Effects& effects);
  void take(gossip::SendPacket&& effect, Effects& effects);
  void take(const gossip::MemberChanged& effect, Effects& effects);
  void take(gossip::DescriptorArrived&& effect, Effects& effects);
  void save_member(const base::NodeId& id, Effects& effects);
  void refresh_provider(const base::NodeId& id);
  // What no member asks over a link, and what comes of it.
  [[nodiscard]] bool may_ask(const base::NodeId& peer, bool member);
  void on_admitted(const base::NodeId& id);
  void refuse_all(std::vector<Newcomers::Request> requests);
  void refuse(Newcomers::Request&& request);
  void publish_status();
  void start_agreement(base::WallTime wall);
  void tend_agreement();
  // kernel_doors.cc
  void heed_doors();
  void knock();
  void on_knock(PeerAsked&& input);
  [[nodiscard]] std::vector<base::NodeId> some_observers(std::size_t max);
  void count_undecodable() { ++undecodable_; }
  void advance_phase(Effects& effects);

  const Options options_;
  const base::NodeId self_;
  base::Instant now_;  // of the input that is handled
  gossip::Membership membership_;
  mesh::DataPlane data_plane_;
  const crypto::Identity identity_;
  std::optional<DatagramGate> gate_;  // from Started on, when the epoch is known
  Providers providers_;
  std::vector<mesh::Deferrals::Kept> deferred_;  // of the last run, until Started
  gossip::Effects gossip_effects_;               // empty between inputs, as the next one
  mesh::Effects call_effects_;
  Effects agreement_effects_;
  std::optional<Agreement> agreement_;
  base::Rng observer_rng_;
  base::Instant agreement_tended_;
  base::Instant knock_at_;             // with the invitation, if there is one
  std::vector<base::Endpoint> doors_;  // seeds that were given by name
  Knocks knocks_;

  std::vector<Effect> answers_;  // that neither of the two gave; empty between inputs

  base::Instant warm_until_ = base::Instant::never();  // the last run's descriptors are kept

  Lifecycle lifecycle_;
  Newcomers newcomers_;
  // Questions over links: of each member, and of all others together.
  base::RecentTable<base::NodeId, std::optional<base::PermitRate>> questions_{4'096};
  base::PermitRate strangers_{500, 2'000};
  std::uint64_t questions_refused_ = 0;
  std::uint64_t undecodable_ = 0;
  base::Digest own_descriptor_;                           // zero = no agent
  gossip::LocalStatus published_;                         // what membership was told last
  std::map<base::NodeId, base::Endpoint> saved_members_;  // what the disk knows of them
};

}  // namespace kernel
