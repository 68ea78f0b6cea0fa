// A property that must hold in every run. It is told what happens in the world, as values that the
// world takes from the kernels' effects and views after every single input, and compares it with
// the Truth. Each checker has a test that feeds it a history in which the property is broken.
#pragma once

#include "base/time.h"
#include "gossip/membership.h"
#include "mesh/call.h"
#include "sim/checkers/call_events.h"
#include "sim/checkers/decision_events.h"
#include "sim/outcome.h"
#include "sim/scenario.h"
#include "sim/truth.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sim {

// ---- what a checker is told ----

struct Seen {
  gossip::MemberState state = gossip::MemberState::joining;
  gossip::Version version;
  bool barred = false;  // it may not take part, as far as the observer knows
  bool operator==(const Seen&) const = default;
};
// One row of one node's table changed. `record` is what the row holds now; null if it is gone.
struct ViewChange {
  base::Duration at{};
  NodeIndex observer = 0;
  NodeIndex subject = 0;
  std::optional<Seen> before;
  std::optional<Seen> after;
  const gossip::SignedRecord* record = nullptr;
};
// A row for an identity that no node of this world has.
struct StrangerSeen {
  base::Duration at{};
  NodeIndex observer = 0;
  std::string identity;
};
// A node let a new record of its own out.
struct Published {
  base::Duration at{};
  NodeIndex subject = 0;
  const gossip::SignedRecord* record = nullptr;
};
struct NodeStarted {
  base::Duration at{};
  NodeIndex node = 0;
};
struct NodeStopped {
  base::Duration at{};
  NodeIndex node = 0;
  bool crashed = false;  // false: it left and ended
};
struct DatagramSent {
  base::Duration at{};
  NodeIndex from = 0;
  NodeIndex to = 0;
  std::size_t bytes = 0;
};
// Once a simulated second, for each node and each of its bounded things.
struct Gauge {
  base::Duration at{};
  NodeIndex node = 0;
  std::string_view what;
  std::uint64_t value = 0;
  std::uint64_t bound = 0;
};
struct CallIssued {
  base::Duration at{};
  std::uint32_t call = 0;
  NodeIndex node = 0;
  base::Duration deadline{};
};
// What the calling agent got; a status of 0: the connection ended without a whole answer.
struct CallEnded {
  base::Duration at{};
  std::uint32_t call = 0;
  int status = 0;
};
struct ExchangeOpened {
  base::Duration at{};
  NodeIndex node = 0;
  std::uint64_t exchange = 0;
};
struct ExchangeEnded {
  base::Duration at{};
  NodeIndex node = 0;
  std::uint64_t exchange = 0;
};
// An agent carried a request out and its answer was taken whole.
struct AgentSucceeded {
  base::Duration at{};
  NodeIndex node = 0;
  std::string key;  // Idempotency-Key; empty: none
};

// Its answer went on whole to who had called.
struct AnswerPassedOn {
  base::Duration at{};
  NodeIndex node = 0;
  std::string key;
};

// A call that nobody could take was answered with 202: its node keeps it under this id.
struct CallDeferred {
  base::Duration at{};
  NodeIndex node = 0;
  std::string id;
  base::Duration left{};  // that it is kept for, as its caller is told
};
// Its node will not deliver it any more: it was answered, or is too old.
struct DeferralEnded {
  base::Duration at{};
  NodeIndex node = 0;
  std::string id;
  bool delivered = false;
};
// Once a second, of every call on a disk.
struct DeferralOnDisk {
  base::Duration at{};
  NodeIndex node = 0;
  std::string id;
};

// What a node says of another one's agent in a report that it signed. Told each second while the
// report is its newest.
struct ObservationTold {
  base::Duration at{};
  NodeIndex author = 0;
  NodeIndex subject = 0;
  std::string_view capability;
  double success = 0;  // a share
  double latency = 0;  // in nanoseconds
};
// What a node takes for the opinion of so many others. Told each second.
struct OpinionHeld {
  base::Duration at{};
  NodeIndex observer = 0;
  NodeIndex subject = 0;
  std::string_view capability;
  std::uint32_t authors = 0;
  std::optional<double> success{};
  std::optional<double> latency{};
};

class Checker {
 public:
  Checker(std::string name, const Truth& truth) : name_(std::move(name)), truth_(truth) {}
  Checker(const Checker&) = delete;
  Checker& operator=(const Checker&) = delete;
  virtual ~Checker() = default;

  virtual void on_view(const ViewChange& /*change*/) {}
  virtual void on_stranger(const StrangerSeen& /*seen*/) {}
  virtual void on_published(const Published& /*published*/) {}
  virtual void on_started(const NodeStarted& /*started*/) {}
  virtual void on_stopped(const NodeStopped& /*stopped*/) {}
  virtual void on_datagram(const DatagramSent& /*sent*/) {}
  virtual void on_gauge(const Gauge& /*gauge*/) {}
  virtual void on_call(const CallIssued& /*issued*/) {}
  virtual void on_call_ended(const CallEnded& /*ended*/) {}
  virtual void on_exchange(const ExchangeOpened& /*opened*/) {}
  virtual void on_exchange_ended(const ExchangeEnded& /*ended*/) {}
  virtual void on_agent_succeeded(const AgentSucceeded& /*succeeded*/) {}
  virtual void on_passed_on(const AnswerPassedOn& /*passed*/) {}
  virtual void on_deferred(const CallDeferred& /*deferred*/) {}
  virtual void on_deferral_ended(const DeferralEnded& /*ended*/) {}
  virtual void on_deferral_on_disk(const DeferralOnDisk& /*seen*/) {}  // before on_second()
  virtual void on_call_begun(const CallBegun& /*begun*/) {}
  virtual void on_attempt(const AttemptDecided& /*decided*/) {}
  virtual void on_attempt_over(const AttemptOver& /*over*/) {}
  virtual void on_breaker(const BreakerStep& /*step*/) {}
  virtual void on_ejected(const AgentEjected& /*ejected*/) {}
  virtual void on_told(const ObservationTold& /*told*/) {}
  virtual void on_opinion(const OpinionHeld& /*held*/) {}
  virtual void on_proposed(const OpMade& /*made*/) {}
  virtual void on_decided(const BlockDecided& /*decided*/) {}
  virtual void on_vote(const VoteLeft& /*left*/) {}
  virtual void on_archived(const BlockArchived& /*archived*/) {}
  virtual void on_contact(const ContactWithOutsider& /*contact*/) {}
  virtual void on_door_shut(const DoorShut& /*shut*/) {}
  virtual void on_second(base::Duration /*at*/) {}  // each simulated second
  virtual void on_end(base::Duration /*at*/) {}

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const std::vector<Violation>& violations() const { return violations_; }

 protected:
  void violate(base::Duration at, std::string text) {
    if (violations_.size() < Outcome::violations_max) {
      violations_.push_back({name_, at, std::move(text)});
    }
  }
  [[nodiscard]] const Truth& truth() const { return truth_; }

 private:
  const std::string name_;
  const Truth& truth_;  // outlives the checker
  std::vector<Violation> violations_;
};

// One of each, in the order in which violations are reported.
[[nodiscard]] std::vector<std::unique_ptr<Checker>> all_checkers(const Truth& truth,
                                                                 const base::MeshId& mesh);

}  // namespace sim
