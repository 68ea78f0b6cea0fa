// Recognises, where a request would run, one that ran or runs already: the same caller, capability
// and Idempotency-Key, or the same call by the same peer. The duplicate gets the first one's
// answer.
//
//   running --answer passed on whole--> completed --window or bound--> forgotten
//   running --failed, refused, or an agent's 503--> forgotten, so that a retry may run
//   completed --its answer was seen and not taken--> forgotten, and runs again
//
// An answer is kept by the shell from KeepAnswer until ForgetAnswer; only those with a key, or that
// a duplicate waits for, are.
#pragma once

#include "base/ids.h"
#include "base/slot_index.h"
#include "base/time.h"
#include "mesh/call.h"
#include "mesh/options.h"

#include <array>
#include <cstddef>
#include <deque>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

namespace mesh {

class Duplicates {
 public:
  struct Identity {
    base::NodeId caller;
    std::string_view capability;
    std::string_view idempotency_key;  // "" = none
    std::string_view call;             // "" = not to be told apart by it
    bool again = false;                // the answer of an earlier run was seen, and not taken
  };
  struct Fresh {};  // it is running from now on
  struct Running {
    ExchangeId original;  // the exchange was added to those that wait for it
  };
  struct Kept {
    ExchangeId original;
    Outcome outcome = Outcome::success;
    int status = 0;
  };
  struct NotKept {};  // it ran, but its answer is gone or on its way to another
  struct Crowded {};  // too many wait already
  using Verdict = std::variant<Fresh, Running, Kept, NotKept, Crowded>;

  // `evicted` gets kept answers to forget.
  [[nodiscard]] Verdict on_execution(ExchangeId exchange, const Identity& identity,
                                     const Options& options, std::vector<ExchangeId>& evicted);
  // The head is there: true if the answer is to be kept, and then it counts as kept.
  [[nodiscard]] bool on_answer(ExchangeId exchange);
  // Those that waited; if `completed` and the answer was kept they may have it, else they may run.
  // `evicted` are kept answers to forget.
  struct Release {
    std::vector<ExchangeId> waiting;
    bool kept = false;
    std::vector<ExchangeId> evicted;
  };
  [[nodiscard]] Release on_settled(ExchangeId exchange, bool completed, Outcome outcome, int status,
                                   const Options& options, base::Instant now);
  void on_waiting_gone(ExchangeId waiting, ExchangeId original);

  [[nodiscard]] bool knows(ExchangeId exchange) { return find(exchange) != nullptr; }
  [[nodiscard]] std::vector<ExchangeId> on_time(base::Instant now);  // evicted
  [[nodiscard]] base::Instant next_deadline() const;
  [[nodiscard]] std::size_t size() const { return by_exchange_.size(); }

 private:
  // The digest of who calls, what, and the word that tells one execution from another: as good as
  // the words themselves, and small, since thousands are remembered.
  using Key = base::Digest;
  using Place = base::SlotIndex::Slot;  // of a record in records_

  struct Record {
    ExchangeId exchange;
    std::array<std::optional<Key>, 2> keys;  // by each it is found in by_key_
    bool keep = false;                       // has a key, or somebody waits
    bool answering = false;                  // the head has passed
    bool kept = false;
    bool completed = false;
    Outcome outcome = Outcome::success;
    int status = 0;
    std::vector<ExchangeId> waiting;
  };
  struct Finished {
    base::Instant until;
    Place place;
  };

  [[nodiscard]] static Key key_of(std::string_view kind, const Identity& identity,
                                  std::string_view word);
  [[nodiscard]] Record* find(ExchangeId exchange);
  [[nodiscard]] Record* find(const Key& key);
  void forget(Place place, std::vector<ExchangeId>& evicted);
  void forget_oldest(std::vector<ExchangeId>& evicted);
  static Verdict join(ExchangeId exchange, Record& record, const Options& options);

  std::vector<Record> records_;    // and, between them, the free ones
  std::vector<Place> free_;        // of records_
  base::SlotIndex by_exchange_;    // each record that is not free
  base::SlotIndex by_key_;         // twice the place, plus which of its keys
  std::deque<Finished> finished_;  // completed ones, the oldest first
  std::size_t kept_ = 0;           // completed ones whose answer is kept
};

}  // namespace mesh
