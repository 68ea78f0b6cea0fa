// Ops that wait for a block. Their signatures are checked; whether they can be executed is asked of
// the application, and an op that cannot is dropped, or it would keep the mesh busy for ever (R9).
//
// Order: authors by the best class among their ops, one op of each in turn, each author's ops by
// sequence. So none fills the blocks alone, and nobody's later op makes its earlier one void.
#pragma once

#include "base/bytes.h"
#include "base/ids.h"
#include "base/time.h"
#include "consensus/application.h"
#include "consensus/options.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace consensus {

enum class Admission : std::uint8_t { added, known, malformed, too_large, author_full, full };

class Mempool {
 public:
  Mempool(Application& application, const Options& options)
      : application_(application), options_(options) {}

  // What add() would say, before the signature is checked.
  [[nodiscard]] Admission judge(base::ByteView op) const;
  // Of an op whose signatures hold.
  Admission add(base::Bytes op, base::Instant now);
  // Exactly these bytes are here, so their signatures were checked.
  [[nodiscard]] bool holds(base::ByteView op) const;

  // Whether any op can be executed there. Where that is the committed state, those before it that
  // cannot are dropped.
  [[nodiscard]] bool eligible(const BlockContext& at, bool committed, base::Instant now);
  // In order, as many as fit into a block.
  [[nodiscard]] std::vector<base::ByteView> candidates(const Parameters& parameters) const;
  void on_decided(const std::vector<base::Bytes>& ops);
  void on_time(base::Instant now);
  // Some of those that came before then, to be sent again; others each time, until all had their
  // turn.
  [[nodiscard]] std::vector<base::Bytes> next_to_gossip(std::size_t max, base::Instant before);

  [[nodiscard]] std::size_t size() const { return ops_.size(); }
  [[nodiscard]] std::size_t size_of(const base::NodeId& author) const;
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  struct Share {
    std::size_t ops = 0;
    std::size_t bytes = 0;
  };
  // The most of either that one author has here.
  [[nodiscard]] Share largest_share() const;

 private:
  static constexpr base::Duration lifetime = std::chrono::hours(1);
  static constexpr base::Duration answer_lifetime = std::chrono::seconds(1);

  struct Pending {
    base::Bytes op;
    OpSummary summary;
    base::Instant since;
    std::uint64_t number = 0;  // of arrival
  };
  using Queue = std::map<std::pair<std::uint64_t, base::Digest>, const Pending*>;
  struct Author {
    Queue queue;  // by sequence
    std::size_t bytes = 0;
  };

  [[nodiscard]] Admission judge(base::ByteView op, std::optional<OpSummary>& summary) const;
  void remove(const base::Digest& id);
  // One op of each author in turn, until `take` says that it is enough.
  template <class Take>
  void in_order(const Take& take) const;

  Application& application_;
  const Options& options_;
  std::map<base::Digest, Pending> ops_;  // by id
  std::map<base::NodeId, Author> authors_;
  std::map<std::uint64_t, base::Digest> arrivals_;
  std::size_t bytes_ = 0;
  std::uint64_t gossiped_ = 0;  // the number of the last one that had its turn
  std::uint64_t version_ = 0;   // changes whenever the ops do

  struct Answer {
    base::Digest parent;
    std::uint64_t version = 0;
    base::Instant until;
    bool eligible = false;
  };
  std::optional<Answer> answer_;  // the last one
};

}  // namespace consensus
