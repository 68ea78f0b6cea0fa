// The way out: records into the log, messages now, and messages that wait for the log. What carries
// our signature leaves only when every record appended so far is durable, because a vote binds us
// to all that it rests on. CONSENSUS 3.11, the barrier rule.
#pragma once

#include "base/ids.h"
#include "consensus/effect.h"
#include "consensus/options.h"

#include <deque>
#include <vector>

namespace consensus {

class Outbox {
 public:
  explicit Outbox(const Options& options) : options_(options) {}

  // While the log is replayed nothing leaves and nothing is written again.
  void start_replay() { replaying_ = true; }
  void end_replay(LogPosition position);

  LogPosition append(Record record, Effects& effects);
  void send(const base::NodeId& to, Message message, Effects& effects);
  void broadcast(Message message, Effects& effects);
  void broadcast_when_durable(Message message, Effects& effects);
  // At the end of each step: asks for what is held back to become durable.
  void flush(Effects& effects);

  // Releases what waited, and returns it: our own votes among it count from now on.
  [[nodiscard]] std::vector<Message> on_durable(LogPosition position, Effects& effects);
  // What is held back must never leave: the epoch it belongs to is over, or the key is spent.
  void drop_held() { held_.clear(); }

  [[nodiscard]] LogPosition position() const { return position_; }
  [[nodiscard]] LogPosition durable() const { return durable_; }
  [[nodiscard]] bool replaying() const { return replaying_; }

 private:
  struct Held {
    LogPosition position = 0;
    Message message;
  };

  const Options& options_;
  bool replaying_ = false;
  LogPosition position_ = 0;  // of the last record
  LogPosition asked_ = 0;     // by the last Sync
  LogPosition durable_ = 0;
  std::deque<Held> held_;  // in order of position
};

}  // namespace consensus
