// The parts of Membership and how they work together; for the membership*.cc files only. Each input
// runs begin(), its handler, finish(): the handlers only feed the parts, finish() lets everything
// happen that is due, and reckons the next deadline.
#pragma once

#include "gossip/admission.h"
#include "gossip/anti_entropy.h"
#include "gossip/descriptors.h"
#include "gossip/detector.h"
#include "gossip/local_health.h"
#include "gossip/membership.h"
#include "gossip/own_record.h"
#include "gossip/reports.h"
#include "gossip/rounds.h"
#include "gossip/rumors.h"
#include "gossip/seeds.h"
#include "gossip/verification.h"
#include "gossip/view.h"

#include <map>
#include <optional>
#include <set>
#include <vector>

namespace gossip {

struct Membership::State {
  // What an outstanding Ask was for.
  struct Asked {
    enum class For : std::uint8_t { seed, introducer, compare, exchange, descriptor, reports };
    For purpose = For::seed;
    base::Endpoint at;
    base::NodeId node;        // not for a seed
    base::Digest digest;      // for a descriptor
    bool offered = false;     // exchange: we had something newer
    base::NodeId after{};     // joining: what comes after this id was asked for
    std::uint32_t pages = 0;  // joining: that came before
  };
  struct Knock {
    base::Instant next;
    base::Duration gap;
  };

  State(Options given, Self who, const crypto::Identity& identity, base::Rng chance);

  // ---- membership_state.cc ----
  void begin(base::Instant now, Effects& effects);
  void finish(base::Instant now, Effects& effects);
  // While packets are queueing, what is due waits for the timer, which comes after each batch of
  // them. Otherwise each packet would pay for all that became due since the one before it.
  void finish_unless_pressed(base::Instant now, Effects& effects);
  void publish_if_due(base::Instant now, Effects& effects);
  void heed_changes(base::Instant now, Effects& effects);
  void knock_if_due(base::Instant now);
  void leave_if_due(base::Instant now, Effects& effects);
  void reckon_deadline(base::Instant now);

  // ---- membership_probe.cc: probes and packets ----
  void probe(const base::NodeId& target, ProbeReason reason, base::Instant now);
  void heed_detector(base::Instant now, Effects& effects);
  void hint_monitors(const base::NodeId& subject, Effects& effects);
  void on_unreached(const Unreached& unreached, base::Instant now);
  [[nodiscard]] base::Instant next_telling(base::Instant now) const;
  void tell_rumors(base::Instant now, Effects& effects);
  void send(const base::NodeId& to, const base::Endpoint& at, Body body, bool introduce,
            Effects& effects);
  void fill(const base::NodeId& to, Packet& packet);
  [[nodiscard]] std::vector<base::NodeId> some_others(std::size_t count,
                                                      const base::NodeId& except);
  void on_body(const base::NodeId& from, const base::Endpoint& address, const Packet& packet,
               base::Instant now, Effects& effects);
  void on_ack(const base::NodeId& from, const Ack& ack, std::uint64_t digest, base::Instant now);

  // ---- membership_intake.cc: records and accusations ----
  void screen(std::vector<SignedRecord> records, const std::vector<SignedAccusation>& accusations,
              const Source& from, base::Instant now);
  // Takes out what others will tell again, or anti-entropy.
  void lighten(const base::NodeId& from, Packet& packet);
  [[nodiscard]] bool worth_checking(const SignedRecord& record, const Source& from,
                                    base::Instant now);
  [[nodiscard]] bool worth_checking(const SignedAccusation& accusation);
  void admit(const crypto::Verified<SignedRecord>& record, const Source& from, base::Instant now,
             Effects& effects);
  // May somebody new enter now? Otherwise it waits, or is refused.
  [[nodiscard]] bool lets_in(const crypto::Verified<SignedRecord>& record, const Source& from,
                             base::Instant now, Effects& effects);
  // `news`: others may not know it, so it is told on.
  void enter(const crypto::Verified<SignedRecord>& record, bool news, base::Instant now,
             Effects& effects);
  void admit(const crypto::Verified<SignedAccusation>& accusation, base::Instant now);
  void on_candidate_ack(const base::NodeId& from, const Ack& ack, base::Instant now,
                        Effects& effects);
  void call_candidates(base::Instant now, Effects& effects);
  void heard(const base::NodeId& id, bool fresh, Effects& effects);

  // ---- membership_links.cc: questions and replies ----
  void ask(Asked asked, Question question, Effects& effects);
  void ask_introducer(const base::NodeId& id, const base::NodeId& after, Effects& effects);
  void compare_with(const base::NodeId& peer, Effects& effects);
  void on_reply(const Asked& asked, const base::NodeId& from, Reply reply, base::Instant now,
                Effects& effects);
  void on_welcome(const Asked& asked, const base::NodeId& from, Welcome welcome, base::Instant now,
                  Effects& effects);
  void on_asked_in_vain(const Asked& asked, base::Instant now, Effects& effects);
  void pull_descriptor(const base::NodeId& owner, const base::Digest& digest, Effects& effects);
  void join_if_due(base::Instant now, Effects& effects);
  [[nodiscard]] Reply answer(const Source& from, Question question, base::Instant now);

  // ---- membership_reports.cc: what callers saw ----
  void ask_for_reports(std::vector<Observed> observed, base::Instant now, Effects& effects);
  void on_report_page(const base::NodeId& from, ReportPage page, Effects& effects);
  void reports_if_due(base::Instant now, Effects& effects);
  [[nodiscard]] bool is_here(const base::NodeId& id) const;

  const Options options;
  const Self start;
  const base::NodeId self;
  base::Rng rng;

  OwnRecord own;
  View view;
  Detector detector;
  Rounds rounds;
  LocalHealth health;
  RumorQueue rumors;
  Verification verification;
  AntiEntropy anti_entropy;
  Seeds seeds;
  Admission admission;
  Descriptors descriptors;
  Reports reports;
  Counters counters;

  DetectorEffects detected;  // not yet heeded
  std::size_t heeded = 0;    // effects before this were looked at by heed_changes()
  std::map<std::uint64_t, Asked> asks;
  std::uint64_t next_request = 1;
  std::map<base::NodeId, Knock> knocks;  // exactly the dead
  std::set<base::NodeId> introducers;    // asked while joining
  std::size_t joins_open = 0;            // asks for a seed or an introducer that are not answered
  base::Instant join_by = base::Instant::never();
  base::Instant told = base::Instant::from_nanoseconds(-1'000'000'000'000);  // last rumors
  std::uint32_t own_tellings = 0;           // of our newest record, before we may be silent
  std::optional<base::Instant> publishing;  // our last record is on its way since
  std::uint32_t leave_sequence = 0;
  base::Instant leave_by = base::Instant::never();
  base::Instant leave_push = base::Instant::never();
  std::set<base::NodeId> leave_acks;
  bool departed = false;
  bool name_noticed = false;
  base::Instant deadline = base::Instant::never();
};

}  // namespace gossip
