// The agent's side of an exchange: a place at its desk, its work, and the next agent's part.
#include "sim/exchanges.h"

#include <string>
#include <utility>

namespace sim {

namespace {

// "cap.3" after "cap.2"; after the last one comes the first.
std::string next_capability(const std::string& capability, std::uint32_t capabilities) {
  const std::string number = capability.substr(capability.find('.') + 1);
  const auto next = (base::parse_unsigned(number).value_or(0) + 1) % capabilities;
  return "cap." + std::to_string(next);
}

// What a real agent passes on: the trace by which its node knows whom it serves, or the call's id,
// and what makes the request repeatable. The path it never sees.
mesh::CallRequest next_request(const mesh::CallRequest& served, std::uint32_t capabilities) {
  Errand errand = Errand::of(served.rest);
  --errand.further;
  const bool by_trace = errand.call % 2 == 0;
  mesh::CallRequest next{.capability = next_capability(served.capability, capabilities),
                         .method = served.method,
                         .rest = errand.target(),
                         .headers = {},
                         .body_size = served.body_size,
                         .body_start = {}};
  for (const std::string_view name :
       {by_trace ? std::string_view("traceparent") : "parley-call",
        std::string_view("idempotency-key"), std::string_view("parley-complexity"),
        std::string_view("parley-priority")}) {
    if (const auto value = mesh::find_header(served.headers, name)) {
      next.headers.push_back({std::string(name), std::string(*value)});
    }
  }
  return next;
}

}  // namespace

void Exchanges::start_at_agent(const Stream& stream, const mesh::CallRequest& request) {
  const NodeIndex node = stream.exchange.first;
  const std::uint64_t number = stream.exchange.second * 16 + stream.attempt;
  const SimulatedAgent& agent = observer_.agent_of(node);
  Task task{.stream = stream,
            .run = agent.run(number, request.capability, Errand::of(request.rest)),
            .request = request};
  if (!task.run.connects) {
    world_.scheduler().after(
        loopback, [=, this] { attempt_failed(stream, mesh::AttemptFailure::unreachable); });
    return;
  }
  desks_[node].enter(agent.capacity(), [this, task = std::move(task)] { work(task); });
}

void Exchanges::work(const Task& task) {
  if (find(task.stream) == nullptr) {
    desks_[task.stream.exchange.first].leave();
    return;
  }
  world_.scheduler().after(task.run.head_after, [this, task] { worked(task); });
}

void Exchanges::worked(const Task& task) {
  if (find(task.stream) == nullptr) {  // the node hung up before the agent was done
    desks_[task.stream.exchange.first].leave();
    return;
  }
  const bool goes_on = Errand::of(task.request.rest).further > 0 && task.run.goes_on();
  goes_on ? go_on(task) : answer_at_agent(task);
}

void Exchanges::go_on(const Task& task) {
  Attempt* attempt = find(task.stream);
  attempt->onward = next_exchange_;
  attempt->run = task.run;
  open(task.stream.exchange.first, mesh::FromAgent{},
       next_request(task.request, observer_.capabilities()), Onward{task.stream});
}

void Exchanges::next_answered(const Stream& stream, bool good) {
  Attempt* attempt = find(stream);
  if (attempt == nullptr || !attempt->onward) return;  // nobody waits for it any more
  attempt->onward.reset();
  AgentRun run = good ? std::move(*attempt->run) : SimulatedAgent::failed_further_on();
  run.whole_after -= run.head_after;
  run.head_after = {};
  answer_at_agent(
      {.stream = stream, .run = std::move(run), .request = find(stream.exchange)->request});
}

// By which a duplicate of it is known where it runs; empty: nothing says that it must run once. An
// answer that may not be good enough may be asked for again.
std::string Exchanges::identity_of(const Task& task) {
  const auto key = mesh::find_header(task.request.headers, "idempotency-key");
  if (!key || task.run.status != 200 || mesh::find_header(task.run.headers, "parley-quality")) {
    return {};
  }
  if (!task.run.body.empty() && task.run.body != good_output) return {};
  const auto* peer = std::get_if<Stream>(&find(task.stream.exchange)->caller);
  // What is delivered later is delivered at least once, and an agent that runs again makes its call
  // again, whatever became of the first one when it was stopped.
  const Exchange* from = peer != nullptr ? find(peer->exchange) : find(task.stream.exchange);
  if (from == nullptr || std::holds_alternative<Onward>(from->caller)) return {};
  if (key->starts_with("deferred-")) return {};
  const NodeIndex caller = peer != nullptr ? peer->exchange.first : task.stream.exchange.first;
  return task.request.capability + " for n" + std::to_string(caller) + " " + std::string(*key);
}

// Its own work is done.
void Exchanges::answer_at_agent(const Task& task) {
  const AgentRun& run = task.run;
  const base::Duration rest = run.whole_after - run.head_after;
  const std::string key = identity_of(task);
  world_.scheduler().after(
      rest, [this, stream = task.stream, run, key] { end_at_agent(stream, run, key); });
  attempt_answered(task.stream,
                   {.status = run.status, .headers = run.headers, .body_size = run.size});
}

void Exchanges::end_at_agent(const Stream& stream, const AgentRun& run, const std::string& key) {
  desks_[stream.exchange.first].leave();
  if (find(stream) == nullptr) return;  // the node hung up before the agent was done
  if (run.breaks) {
    attempt_failed(stream, mesh::AttemptFailure::broken);
    return;
  }
  if (run.status == 200) {
    observer_.agent_succeeded(stream.exchange.first, key);
    find(stream)->key = key;
  }
  attempt_whole(stream, run.body);
}

}  // namespace sim
