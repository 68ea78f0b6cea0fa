// Calls on their way: the exchanges of all nodes and the streams between them, as node/exchange.h
// carries them out in the daemon. A stream between two nodes is an attempt on one side and an
// exchange on the other; heads and ends travel over the network, bodies are only sizes and times.
//
// An agent whose errand goes further asks the next capability through its own node, with the
// headers that a real agent would pass on, and answers when it has that answer. Who hangs up on an
// agent stops the call that it made, but not the work that it does: its place stays taken.
#pragma once

#include "mesh/call.h"
#include "mesh/deferred_call.h"
#include "sim/agent_desk.h"
#include "sim/simulated_agent.h"
#include "sim/surroundings.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace sim {

// Who is told what becomes of calls.
class CallObserver {
 public:
  virtual ~CallObserver() = default;
  // No head: broken. The body is what agents write for checks.
  virtual void call_ended(std::uint32_t call, const mesh::AnswerHead* head,
                          const std::string& body) = 0;
  virtual void agent_succeeded(NodeIndex node, const std::string& key) = 0;
  virtual void answer_passed_on(NodeIndex node, const std::string& key) = 0;
  virtual const SimulatedAgent& agent_of(NodeIndex node) = 0;
  [[nodiscard]] virtual std::uint32_t capabilities() const = 0;  // "cap.0" up to this
};

class Exchanges {
 public:
  Exchanges(Surroundings& world, CallObserver& observer) : world_(world), observer_(observer) {}

  // The agent beside `node` makes a call.
  void call(NodeIndex node, std::uint32_t call, mesh::CallRequest request);
  void abort(NodeIndex node, std::uint32_t call);  // its client hangs up

  void start(NodeIndex node, const mesh::StartAttempt& effect);
  void fabricate(NodeIndex node, const mesh::FabricateAnswer& effect);
  void cancel(NodeIndex node, const mesh::CancelAttempt& effect);
  void inspect(NodeIndex node, const mesh::InspectAnswer& effect);
  void relay(NodeIndex node, const mesh::RelayAnswer& effect);
  void refuse(NodeIndex node, const mesh::RefuseExchange& effect);
  void accept(NodeIndex node, const mesh::AcceptExchange& effect);
  // What is to be kept of an exchange that is deferred; nothing if it is gone.
  [[nodiscard]] std::optional<mesh::CallRequest> request_of(NodeIndex node, mesh::ExchangeId id,
                                                            const mesh::Headers& set);
  // A kept call comes in again.
  void deliver(NodeIndex node, const mesh::CallId& id, const mesh::CallRequest& request);
  void replay(NodeIndex node, const mesh::ReplayAnswer& effect);
  void keep(NodeIndex node, const mesh::KeepAnswer& effect);
  void forget(NodeIndex node, const mesh::ForgetAnswer& effect);
  void settle(NodeIndex node, const mesh::ExchangeSettled& effect);
  // The process of this node is gone; call while life() still names it.
  void stopped(NodeIndex node);

  // The end of a call's time, by what its caller asked for and what that one had left itself.
  struct Limit {
    base::Instant at = base::Instant::never();
    base::Instant since;  // when the node there began to measure it, by its own clock
  };
  // What the world knows of an exchange under way, whatever its node believes.
  struct Truth {
    bool from_peer = false;
    Limit limit;
    const mesh::CallRequest* request = nullptr;
  };
  // Its node gets to see it now: from here on its time runs.
  void seen(NodeIndex node, std::uint64_t exchange);
  [[nodiscard]] std::optional<Truth> truth_of(NodeIndex node, std::uint64_t exchange) const;

 private:
  using Key = std::pair<NodeIndex, std::uint64_t>;  // a node and its exchange
  // One attempt as both its ends name it. The number 0 is no attempt.
  struct Stream {
    Key exchange;
    std::uint32_t attempt = 0;
    bool operator==(const Stream&) const = default;
  };
  static constexpr base::Duration loopback = std::chrono::microseconds(100);
  struct Queue {};  // nobody waits for the answer
  struct Attempt {
    std::uint32_t number = 0;
    std::optional<NodeIndex> peer;               // nothing: our own agent
    std::optional<std::uint64_t> peer_exchange;  // once the request arrived there
    std::optional<std::uint64_t> onward;         // the call that our agent made for it
    std::optional<AgentRun> run;                 // what our agent answers if that is good
    std::optional<mesh::AnswerHead> head;
    std::string body;  // what can be seen of it, once it is whole
    std::string key;   // of what our agent carried out for it; see identity_of
    bool whole = false;
    bool inspected = false;  // its body is to be handed over
  };
  enum class Answer : std::uint8_t { none, holding, flowing, done };
  struct Onward {  // our agent's, for what it serves as this attempt
    Stream serves;
  };
  using Caller = std::variant<std::uint32_t, Stream, Onward, Queue>;  // Stream: a peer's attempt
  struct Exchange {
    mesh::CallRequest request;
    Caller caller;
    Limit limit;
    bool caller_open = true;
    std::vector<Attempt> attempts;  // under way, or answering
    std::uint32_t answering = 0;    // the attempt whose answer is passed on; 0 = none
    mesh::AnswerHead head;          // with what the mesh set
    Answer answer = Answer::none;
    bool keep = false;
  };

  Exchange* find(Key key);
  Attempt* find(const Stream& stream);  // only while that attempt is under way
  void open(NodeIndex node, const mesh::Origin& origin, mesh::CallRequest request, Caller caller);
  [[nodiscard]] Limit limit_of(const mesh::CallRequest& request, const Caller& caller);

  // The agent's side.
  struct Task {
    Stream stream;
    AgentRun run;
    mesh::CallRequest request;
  };
  void start_at_agent(const Stream& stream, const mesh::CallRequest& request);
  void work(const Task& task);
  void worked(const Task& task);
  void go_on(const Task& task);
  void next_answered(const Stream& stream, bool good);
  [[nodiscard]] std::string identity_of(const Task& task);
  void answer_at_agent(const Task& task);
  void end_at_agent(const Stream& stream, const AgentRun& run, const std::string& key);
  void start_at_peer(const Stream& stream, NodeIndex peer, mesh::CallRequest request, int tries);
  void drop_attempt(Key key, Exchange& exchange, std::uint32_t number);
  void drop_attempts(Key key, Exchange& exchange);
  void attempt_answered(const Stream& stream, const mesh::AnswerHead& head);
  void attempt_whole(const Stream& stream, const std::string& body);
  void hand_over(const Stream& stream, const Attempt& attempt);
  // Between head and end an answer of known size is silent; a stream is not.
  void watch(const Stream& stream, const std::optional<base::Duration>& idle);
  void attempt_failed(const Stream& stream, mesh::AttemptFailure failure);
  void caller_gone(Key key);
  // Towards who called.
  void send_head(Key key, Exchange& exchange);
  void finish(Key key, Exchange& exchange, const std::string& body);
  void answer_caller(Key key, Exchange& exchange, const mesh::AnswerHead& head,
                     const std::string& body);
  void break_caller(Key key, Exchange& exchange);
  // Over the network, again and again while it is cut; `lost` happens instead in the end.
  void send(NodeIndex from, NodeIndex to, std::function<void()> arrive,
            const std::function<void()>& lost, int tries = 0);

  Surroundings& world_;  // both outlive this
  CallObserver& observer_;
  std::map<Key, Exchange> exchanges_;
  struct Kept {
    mesh::AnswerHead head;
    std::string body;
  };
  std::map<Key, Kept> kept_;
  std::map<std::uint32_t, Key> calls_;  // open ones
  std::map<NodeIndex, AgentDesk> desks_;
  std::uint64_t next_exchange_ = 1;
};

}  // namespace sim
