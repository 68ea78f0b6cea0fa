// A virtual world around whole replicas: network, disks that forget, clocks that drift, power,
// liars and the oracle that watches them all. Signatures are stand-ins, so that a million views
// take minutes. First chaos, while safety is checked; then the network heals, and what is left of
// the honest nodes must decide everything within the plan's patience.
#pragma once

#include "base/ids.h"
#include "base/rng.h"
#include "base/time.h"
#include "consensus/replica.h"
#include "sim/agreement/byzantine/strategy.h"
#include "sim/agreement/deadlines.h"
#include "sim/agreement/oracle.h"
#include "sim/agreement/pace.h"
#include "sim/agreement/plan.h"
#include "sim/agreement/register.h"
#include "sim/agreement/storage.h"
#include "sim/digest.h"
#include "sim/trace.h"

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace sim::agreement {

// Never changed once sent: shared by the copies that are in flight.
using MessagePtr = std::shared_ptr<const consensus::Message>;

struct RunFigures {
  std::uint64_t events = 0;
  std::uint64_t messages = 0;
  std::uint64_t views = 0;
  std::uint64_t decisions = 0;
  std::uint64_t epochs = 0;
  std::uint64_t evidence = 0;
  std::uint64_t prompt = 0;  // blocks held against the times of the good case
  base::Duration simulated{};
  base::Duration settled_after{};  // from the end of chaos
};

struct RunResult {
  std::vector<Violation> violations;
  std::set<std::uint32_t>
      situations;  // of a run by choices: which inputs met replicas in which state
  base::Digest digest;
  RunFigures figures;
  std::string trace;  // if the plan asks for it
};

class World {
 public:
  explicit World(const Plan& plan);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  [[nodiscard]] RunResult run();

 private:
  class VillainView;
  struct Instance;
  enum class EventKind : std::uint8_t {
    deliver,
    timer,
    durable,
    crash,
    restart,
    copy,
    restore,
    submit,
    regroup,
    heal,
    look,
    jump,
    hint,
    measure,
  };
  struct Event {
    base::Duration at{};
    std::uint64_t order = 0;
    EventKind kind = EventKind::timer;
    std::uint32_t instance = 0;
    std::uint32_t from = 0;        // identity, or the index of something in the plan
    std::uint32_t generation = 0;  // of the instance: an event of an earlier life is void
    std::uint64_t number = 0;
    MessagePtr message = {};
  };
  static bool later(const Event& a, const Event& b);

  // world_setup.cc
  void make_identities();
  void make_instances();
  void schedule_plan();

  // world.cc
  void push(Event event);
  void step(Event& event);
  void boot(Instance& instance);
  void crash(Instance& instance);
  void after_input(Instance& instance, consensus::Effects& effects);
  void arm(Instance& instance);
  void submit(std::size_t index);
  void heal();
  void check_replay(const Instance& instance);
  [[nodiscard]] static Oracle::Progress progress_of(const Instance& instance);
  void see_certificate(const Instance& instance, const consensus::Certificate& certificate);
  void see_decision(Instance& instance, const consensus::Decided& decided);
  void input(Instance& instance, const Event& event, consensus::Effects& effects);
  [[nodiscard]] bool settled() const;
  [[nodiscard]] bool no_longer_due(const base::Bytes& op) const;
  void resubmit();
  [[nodiscard]] std::string describe_standing() const;
  void look();

  // world_watch.cc
  void tell(const Event& event);
  struct Hint {
    std::uint32_t about = 0;
    base::Duration round_trip{};
    bool dead = false;
  };
  [[nodiscard]] std::optional<consensus::Vote> lie_in(const Instance& instance, std::uint32_t from,
                                                      const consensus::Message& message) const;
  [[nodiscard]] static bool in_window(const Instance& instance, const consensus::Vote& vote);
  void hear_out(Instance& instance, const Event& event, consensus::Effects& effects);
  void check_heard(Instance& instance);
  void check_recoveries(const Instance& instance);
  void check_recovery(const Instance& instance, const Storage& disk, bool twice);
  void check_proofs(Instance& instance, const consensus::Decided& decided);
  void check_fills(const Instance& instance);
  void note_situation(const Instance& instance, const consensus::Message& message);
  void hint(std::uint32_t whom, const Hint& hint);
  void take_hint(Instance& instance, const Event& event, consensus::Effects& effects);

  // world_calm.cc
  void measure();
  void measure_ops();
  void note_calm();
  [[nodiscard]] base::Duration bound() const;
  [[nodiscard]] bool is_core(const Instance& instance) const;
  void watch_proposal(const Instance& from, const consensus::Block& block);
  void watch_quiet();

  // world_effects.cc
  void apply(Instance& instance, consensus::Effect& effect, consensus::Effects& more);
  void write(Instance& instance, consensus::Append& append);
  void write(Instance& instance, consensus::RewriteLog& rewrite);
  void synchronize(Instance& instance, const consensus::Sync& sync);
  void publish(Instance& instance, const consensus::Publish& publish);
  void hear(const Instance& instance, const consensus::EvidenceFound& found);
  void hear(const Instance& instance, const consensus::ReadinessHeard& heard);
  void hear(const Instance& instance, const consensus::Misbehaved& misbehaved);
  void hear(const Instance& instance, const consensus::Alarm& alarm);
  void hear(const Instance& instance, const base::Transition& transition);
  void hear(const Instance& instance, const base::Notice& notice);

  // world_network.cc
  void broadcast(Instance& from, consensus::Message message);
  void send_as(Instance& from, std::uint32_t to, consensus::Message message);
  void transmit(Instance& from, std::uint32_t to, const MessagePtr& message,
                base::Duration after = {});
  [[nodiscard]] base::Duration chaotic_delay(std::uint32_t from, std::uint32_t to,
                                             const consensus::Message& message);
  [[nodiscard]] bool cut(const Instance& from, const Instance& to) const;
  void regroup();
  void see_release(Instance& from, const consensus::Message& message);

  [[nodiscard]] base::Instant local(const Instance& instance) const;
  [[nodiscard]] std::uint64_t right_wall_ms() const;
  [[nodiscard]] base::WallTime wall_of(const Instance& instance) const;
  void set_clock(Instance& instance);
  [[nodiscard]] base::Duration world_time(const Instance& instance, base::Instant local) const;
  [[nodiscard]] const consensus::Epoch& epoch_of(const Instance& instance) const;
  [[nodiscard]] consensus::Epoch made(consensus::EpochDescriptor descriptor) const;
  [[nodiscard]] std::uint32_t identity_of(const base::NodeId& node) const;

  const Plan& plan_;
  base::Rng rng_;
  base::Rng network_rng_;
  base::Rng disk_rng_;
  base::Rng villain_rng_;
  base::Rng watch_rng_;  // of what is only looked at
  Oracle oracle_;
  Pace pace_;
  Deadlines deadlines_;
  Trace trace_;
  consensus::Height top_ = 0;  // decided anywhere
  RunDigest digest_;
  std::vector<consensus::Validator> identities_;
  std::map<base::NodeId, std::uint32_t> numbers_;
  consensus::EpochDescriptor genesis_;
  std::map<consensus::EpochNumber, consensus::Epoch> epochs_;  // as the first honest node saw them
  std::vector<std::unique_ptr<Instance>> instances_;
  std::vector<std::vector<std::uint32_t>> instances_of_;  // by identity
  std::vector<Event> heap_;
  std::uint64_t order_ = 0;
  Choices choices_;
  std::set<std::uint32_t> situations_;
  base::Duration now_{};
  bool healed_ = false;
  bool blackout_ = false;
  std::vector<std::uint8_t> group_;  // by identity; empty: no partition
  struct Submitted {
    base::Bytes op;
    std::uint8_t author = 0;
    std::uint64_t sequence = 0;
    bool due = true;                           // not decided by all members
    std::optional<base::Duration> held_since;  // by a member, since chaos is over
  };
  std::vector<Submitted> submitted_;
  // When a narrow way from one instance to another has room.
  std::map<std::pair<std::uint32_t, std::uint32_t>, base::Duration> free_at_;
  consensus::View unfinalized_ = 0;  // views at the end of chaos, at most
  base::Duration epoch_started_{};   // the newest, anywhere
  std::optional<base::Duration> settled_at_;
  bool done_ = false;
  RunFigures figures_;
};

}  // namespace sim::agreement
