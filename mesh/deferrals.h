// The queue of calls that nobody could take when they came, and that their policy defers: kept on
// disk, answered with 202, delivered later. The requests and answers themselves are the shell's;
// here it is decided when each is tried again, and what is dropped.
//
//   storing --on disk--> waiting --its turn--> under_way --answered--> delivered --until--> gone
//      |                    |  ^                  |
//      +--not kept--> gone  |  +--came to nothing-+
//                           +--until, cancelled--> gone
//
// The calls of one capability stand in one line. While nobody takes them, one at a time is tried,
// at intervals that grow; once one was taken, twice as many each time, so that a provider that
// comes back is not run over by those who waited for it. Who came to nothing goes to the end.
// Delivery is at least once: a call whose end was not written down is delivered again after a
// restart, with its Idempotency-Key.
#pragma once

#include "base/rng.h"
#include "base/time.h"
#include "mesh/call.h"
#include "mesh/policy.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace mesh {

class Deferrals {
 public:
  static constexpr std::size_t calls_max = 100'000;  // in all lines, the delivered ones included
  static constexpr std::uint64_t bytes_max = 64 * 1024 * 1024;    // of requests, in all
  static constexpr std::uint64_t request_bytes_max = 256 * 1024;  // of one
  static constexpr std::uint32_t under_way_max = 8;               // of a capability
  static constexpr std::uint32_t under_way_total_max = 32;
  static constexpr std::size_t answers_max = 1'000;
  static constexpr base::Duration wait_min = std::chrono::seconds(1);
  static constexpr base::Duration wait_max = std::chrono::seconds(60);

  enum class State : std::uint8_t { storing, waiting, under_way, delivered };
  struct Entry {
    CallId id;
    std::string capability;
    std::string key;  // Idempotency-Key of its caller; "" = it had none
    std::uint64_t bytes = 0;
    base::Instant since;
    base::Instant until;  // then it is dropped, its answer too
    State state = State::storing;
    std::uint32_t tries = 0;
    std::string problem;  // what the last try came to
    int status = 0;       // of its answer, once delivered
  };
  // What a previous run left on disk.
  struct Kept {
    CallId id;
    std::string capability;
    std::string key;
    std::uint64_t bytes = 0;
    base::Duration age{};
    base::Duration left{};
    int status = 0;  // of its answer; 0 = not delivered
  };
  struct Counters {
    std::uint64_t kept = 0;
    std::uint64_t delivered = 0;
    std::uint64_t dropped = 0;  // too old, cancelled or lost
    std::uint64_t refused = 0;  // for want of room, here or on the disk
    bool operator==(const Counters&) const = default;
  };

  explicit Deferrals(base::Rng rng) : rng_(rng) {}

  // Makes room for one more. Another call with the same key is there already: that one's id. Full:
  // neither.
  struct Full {};
  struct Reserved {};
  using Admission = std::variant<Reserved, CallId, Full>;
  [[nodiscard]] Admission admit(const CallId& id, std::string_view capability, std::string_view key,
                                const Deferral& policy, base::Instant now);
  // It is on disk, with so many bytes; nothing: it is not, and will not be.
  void on_kept(const CallId& id, std::optional<std::uint64_t> bytes, base::Instant now);
  void restore(const Kept& kept, base::Instant now);

  // How the delivery ended: with the answer of that status, or with a problem. Of too many answers
  // the oldest are to be forgotten.
  [[nodiscard]] std::vector<CallId> on_delivered(const CallId& id, int status, base::Instant now);
  void on_undelivered(const CallId& id, std::string problem, base::Instant now);
  // False: no such call.
  [[nodiscard]] bool drop(const CallId& id);
  // Somebody who offers this came, or came back: whoever waits for it is tried at once.
  void on_hope(std::string_view capability, base::Instant now);

  struct Due {
    std::vector<CallId> deliver;
    std::vector<Entry> dropped;  // too old; delivered ones among them
  };
  [[nodiscard]] Due on_time(base::Instant now);
  [[nodiscard]] base::Instant next_deadline() const;

  [[nodiscard]] const Entry* find(std::string_view id) const;
  [[nodiscard]] const std::map<std::string, Entry, std::less<>>& entries() const {
    return entries_;
  }
  [[nodiscard]] std::size_t waiting() const { return waiting_; }  // or under way
  [[nodiscard]] const Counters& counters() const { return counters_; }
  void count_refused() { ++counters_.refused; }

 private:
  struct Line {
    std::deque<CallId> waiting;
    std::uint32_t under_way = 0;
    std::uint32_t width = 1;     // so many may be under way
    std::uint32_t failures = 0;  // in a row
    std::uint32_t calls = 0;     // not delivered yet
    base::Instant next_try;
    base::Instant armed = base::Instant::never();  // as in turns_
  };
  using Lines = std::map<std::string, Line, std::less<>>;

  void enter(Entry entry);
  [[nodiscard]] std::vector<CallId> keep_answer(const CallId& id);
  void leave_line(const Entry& entry);
  void forget(const CallId& id);
  void arm(Lines::iterator line);

  base::Rng rng_;
  std::map<std::string, Entry, std::less<>> entries_;      // by id; at most calls_max
  Lines lines_;                                            // by capability; none without a call
  std::set<std::pair<base::Instant, std::string>> ends_;   // `until` and id of each entry
  std::set<std::pair<base::Instant, std::string>> turns_;  // of lines that have somebody to try
  std::map<std::pair<std::string, std::string>, CallId> by_key_;  // of capability and key
  std::deque<CallId> delivered_;  // the oldest first; some may be gone
  std::uint32_t under_way_ = 0;
  std::size_t waiting_ = 0;
  std::uint64_t bytes_ = 0;  // of requests to deliver; request_bytes_max for those being stored
  Counters counters_;
};
[[nodiscard]] std::string_view to_string(Deferrals::State state);

}  // namespace mesh
