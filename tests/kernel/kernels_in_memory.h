// A few whole nodes wired together in memory: datagrams, questions over links and calls arrive at
// once and in order, the disk keeps what it is given, and signatures are checked. For tests only;
// the simulator is the place for loss, delay and malice.
#pragma once

#include "base/bytes.h"
#include "base/endpoint.h"
#include "base/rng.h"
#include "crypto/identity.h"
#include "node/kernel/kernel.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kernel {

class KernelsInMemory {
 public:
  struct Node {
    std::string name;
    crypto::Identity identity;
    base::Endpoint at;
    std::unique_ptr<Kernel> kernel;  // empty: the process does not run
    // What the disk has.
    std::uint64_t epoch = 0;
    std::map<base::NodeId, base::Bytes> members;
    std::map<base::Digest, base::Bytes> descriptors;
    // What was seen of it.
    std::vector<std::size_t> effects;            // indices into the variant Effect, in order
    int descriptor_pulls = 0;                    // questions for one that it asked
    std::vector<base::Bytes> sent;               // datagrams
    std::vector<mesh::ExchangeSettled> settled;  // of calls by its own agent
    std::vector<mesh::Problem> refused;          // the same
    int agent_calls = 0;                         // that its agent got
    bool agent_answers = true;
    bool drained = false;
  };

  Node& add(const std::string& name);
  // Starts it, after a crash or a departure with what its disk has.
  void start(Node& node, std::vector<base::Endpoint> seeds = {},
             std::optional<mesh::AgentDescriptor> agent = std::nullopt);
  void stop(Node& node) { node.kernel.reset(); }
  void feed(Node& node, Input input);
  // Everything that is due up to then, and all that follows from it.
  void run(base::Duration duration);
  // Runs until it holds, for a minute at most; whether it did.
  bool run_until(const std::function<bool()>& condition);

  mesh::ExchangeId call(Node& from, std::string capability, mesh::Headers headers = {});
  // An agent that waited (agent_answers was false) answers all it has got.
  void answer_waiting(Node& node);

  [[nodiscard]] static std::optional<gossip::MemberState> state_of(const Node& whom,
                                                                   const Node& by);

 private:
  struct Question {
    Node* asker = nullptr;
    std::uint64_t request = 0;
  };
  struct Attempt {
    Node* node = nullptr;
    mesh::ExchangeId exchange;
    std::uint32_t attempt = 0;
  };
  using Exchange = std::pair<const Node*, mesh::ExchangeId>;

  void carry_out(Node& node, Effect effect);
  void deliver(Node& from, const SendDatagram& effect);
  void ask(Node& from, const AskPeer& effect);
  void attempt(Node& from, const mesh::StartAttempt& effect);
  void relay(Node& node, const mesh::RelayAnswer& effect);
  void refuse(Node& node, const mesh::RefuseExchange& effect);
  void post(Node& node, Input input);  // in its turn, and only if it still runs then
  void settle();                       // all turns
  [[nodiscard]] Node* running_at(const base::Endpoint& at);

  std::deque<std::unique_ptr<Node>> nodes_;
  std::deque<std::pair<Node*, Input>> turns_;
  std::map<std::uint64_t, Question> questions_;
  std::map<Exchange, mesh::CallRequest> requests_;
  std::map<Exchange, Attempt> callers_;  // of an exchange that came from a peer
  std::map<Exchange, std::uint32_t> waiting_;
  std::uint64_t numbers_ = 0;
  base::Instant now_ = base::Instant::from_nanoseconds(1'000'000'000);
};

// The index of an effect's kind, to compare Node::effects with.
template <class Kind>
[[nodiscard]] std::size_t kind_of() {
  return Effect(Kind{}).index();
}

}  // namespace kernel
