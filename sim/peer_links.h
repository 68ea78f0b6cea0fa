// Questions and answers over the reliable links between nodes, as transport's TLS links carry them:
// in order, with the peer's proven identity, each question answered exactly once by an answer or a
// failure. A process that ends resets its links, a cut network only stays silent until the time is
// up.
#pragma once

#include "base/bytes.h"
#include "node/kernel/effect.h"
#include "sim/surroundings.h"

#include <cstdint>
#include <map>
#include <utility>

namespace sim {

class PeerLinks {
 public:
  explicit PeerLinks(Surroundings& world) : world_(world) {}

  void ask(NodeIndex from, kernel::AskPeer question);
  void answer(NodeIndex from, const kernel::AnswerPeer& answer);
  void drop(NodeIndex from, const base::NodeId& peer);
  // The process of this node is gone; call while life() still names it.
  void stopped(NodeIndex node);

  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

 private:
  using Key = std::pair<NodeIndex, std::uint64_t>;  // a node and a number of its own
  struct Pending {
    std::uint32_t life;  // of who asks
    std::optional<NodeIndex> to;
    kernel::AskPeer question;
    std::optional<std::uint64_t> number;  // once it arrived there
  };

  void try_ask(Key key, std::uint32_t life);
  void arrive(Key key, std::uint32_t life);
  void try_answer(Key asker, std::uint32_t life, NodeIndex from, const base::Bytes& body);
  void fail(Key key, std::uint32_t life, kernel::PeerFailure failure);
  void fail_between(NodeIndex asker, NodeIndex peer);
  [[nodiscard]] Pending* find(Key key, std::uint32_t life);

  static constexpr base::Duration retransmission = std::chrono::milliseconds(250);

  Surroundings& world_;             // outlives the links
  std::map<Key, Pending> pending_;  // by who asks and the request's number
  std::map<Key, Key> questions_;    // by who is asked and the question's number: who asks
  std::uint64_t next_question_ = 1;
  std::uint64_t bytes_ = 0;
};

}  // namespace sim
