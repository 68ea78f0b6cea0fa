#include "sim/exchanges.h"

#include "base/strings.h"

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

namespace sim {

namespace {

constexpr base::Duration retransmission = std::chrono::milliseconds(250);
constexpr int tries_max = 60;  // after that the connection is given up
constexpr std::uint64_t held_answer_max = 64 * 1024;

// `set` takes the place of fields of the same name; an empty value only removes them.
void apply(mesh::Headers& headers, const mesh::Headers& set) {
  for (const mesh::Header& field : set) {
    std::erase_if(headers, [&](const mesh::Header& have) { return have.name == field.name; });
  }
  for (const mesh::Header& field : set) {
    if (!field.value.empty()) headers.push_back(field);
  }
}

}  // namespace

Exchanges::Exchange* Exchanges::find(Key key) {
  const auto found = exchanges_.find(key);
  return found == exchanges_.end() ? nullptr : &found->second;
}

Exchanges::Attempt* Exchanges::find(const Stream& stream) {
  Exchange* exchange = find(stream.exchange);
  if (exchange == nullptr) return nullptr;
  const auto found = std::ranges::find(exchange->attempts, stream.attempt, &Attempt::number);
  return found == exchange->attempts.end() ? nullptr : &*found;
}

void Exchanges::send(NodeIndex from, NodeIndex to, std::function<void()> arrive,
                     const std::function<void()>& lost, int tries) {
  Scheduler& scheduler = world_.scheduler();
  constexpr std::size_t bytes = 600;  // a head, or a body as errands have them
  if (const auto when = world_.network().stream(from, to, bytes, scheduler.now())) {
    scheduler.at(*when, std::move(arrive));
  } else if (tries >= tries_max) {
    lost();
  } else {
    scheduler.after(retransmission, [=, this] { send(from, to, arrive, lost, tries + 1); });
  }
}

// ---- callers ----

void Exchanges::call(NodeIndex node, std::uint32_t call, mesh::CallRequest request) {
  open(node, mesh::FromAgent{}, std::move(request), call);
}

void Exchanges::abort(NodeIndex node, std::uint32_t call) {
  const auto found = calls_.find(call);
  if (found == calls_.end() || found->second.first != node) return;
  observer_.call_ended(call, nullptr, {});
  const Key key = found->second;
  calls_.erase(found);
  caller_gone(key);
}

void Exchanges::open(NodeIndex node, const mesh::Origin& origin, mesh::CallRequest request,
                     Caller caller) {
  const Key key{node, next_exchange_++};
  if (const auto* call = std::get_if<std::uint32_t>(&caller)) calls_[*call] = key;
  Exchange exchange;
  exchange.request = request;
  exchange.limit = limit_of(request, caller);
  exchange.caller = std::move(caller);
  exchanges_.emplace(key, std::move(exchange));
  world_.feed(node, kernel::CallArrived{{key.second}, origin, std::move(request)});
}

Exchanges::Limit Exchanges::limit_of(const mesh::CallRequest& request, const Caller& caller) {
  const base::Instant now = world_.scheduler().now();
  Limit limit{.at = base::Instant::never(), .since = now};
  if (const auto asked = mesh::find_header(request.headers, "parley-deadline")) {
    if (const auto time = base::parse_duration(*asked)) limit.at = now + *time;
  }
  const auto* onward = std::get_if<Onward>(&caller);
  if (onward == nullptr) return limit;
  // If its agent serves the same errand twice, its node cannot tell for which of both this is.
  const NodeIndex node = onward->serves.exchange.first;
  const std::uint32_t errand = Errand::of(request.rest).call;
  Limit served{.at = base::Instant(), .since = now};
  for (auto entry = exchanges_.lower_bound({node, 0});
       entry != exchanges_.end() && entry->first.first == node; ++entry) {
    const Exchange& other = entry->second;
    const bool at_agent = std::any_of(other.attempts.begin(), other.attempts.end(),
                                      [](const Attempt& attempt) { return !attempt.peer; });
    if (!at_agent || Errand::of(other.request.rest).call != errand) continue;
    served.at = std::max(served.at, other.limit.at);
    served.since = std::min(served.since, other.limit.since);
  }
  if (served.at == base::Instant()) return {};  // it hung up meanwhile
  return {.at = std::min(limit.at, served.at), .since = served.since};
}

void Exchanges::seen(NodeIndex node, std::uint64_t number) {
  Exchange* exchange = find(Key{node, number});
  if (exchange == nullptr) return;
  exchange->limit = limit_of(exchange->request, exchange->caller);
}

std::optional<Exchanges::Truth> Exchanges::truth_of(NodeIndex node, std::uint64_t exchange) const {
  const auto found = exchanges_.find({node, exchange});
  if (found == exchanges_.end()) return std::nullopt;
  const Exchange& known = found->second;
  return Truth{.from_peer = std::holds_alternative<Stream>(known.caller),
               .limit = known.limit,
               .request = &known.request};
}

void Exchanges::caller_gone(Key key) {
  Exchange* exchange = find(key);
  if (exchange == nullptr || !exchange->caller_open) return;
  exchange->caller_open = false;
  world_.feed(key.first, kernel::CallerGone{{key.second}});
}

// ---- effects ----

void Exchanges::start(NodeIndex node, const mesh::StartAttempt& effect) {
  const Key key{node, effect.exchange.value};
  Exchange* exchange = find(key);
  if (exchange == nullptr) return;
  exchange->attempts.push_back({.number = effect.attempt,
                                .peer = std::nullopt,
                                .peer_exchange = std::nullopt,
                                .onward = std::nullopt,
                                .run = std::nullopt,
                                .head = std::nullopt,
                                .body = {},
                                .key = {}});
  const Stream stream{key, effect.attempt};
  mesh::CallRequest request = exchange->request;
  apply(request.headers, effect.set);
  const auto* to_peer = std::get_if<mesh::ToPeer>(&effect.to);
  if (to_peer == nullptr) {
    start_at_agent(stream, request);
    return;
  }
  if (!to_peer->capability.empty()) request.capability = to_peer->capability;
  const std::optional<NodeIndex> peer = world_.node_with(to_peer->node);
  find(stream)->peer = peer;
  if (peer) {
    start_at_peer(stream, *peer, std::move(request), 0);
  } else {
    attempt_failed(stream, mesh::AttemptFailure::unreachable);
  }
}

void Exchanges::fabricate(NodeIndex node, const mesh::FabricateAnswer& effect) {
  const Key key{node, effect.exchange.value};
  Exchange* exchange = find(key);
  if (exchange == nullptr) return;
  exchange->attempts.push_back({.number = effect.attempt,
                                .peer = std::nullopt,
                                .peer_exchange = std::nullopt,
                                .onward = std::nullopt,
                                .run = std::nullopt,
                                .head = std::nullopt,
                                .body = {},
                                .key = {}});
  const Stream stream{key, effect.attempt};
  attempt_answered(
      stream,
      {.status = effect.status, .headers = effect.headers, .body_size = effect.body.size()});
  attempt_whole(stream, effect.body);
}

void Exchanges::start_at_peer(const Stream& stream, NodeIndex peer, mesh::CallRequest request,
                              int tries) {
  const NodeIndex node = stream.exchange.first;
  const auto arrive = [=, this, request = std::move(request)] {
    Attempt* attempt = find(stream);
    if (attempt == nullptr) return;  // reset before it arrived
    if (world_.life(peer) == 0 || !world_.admits(node, peer)) {
      attempt_failed(stream, mesh::AttemptFailure::unreachable);
      return;
    }
    world_.network().link_up(node, peer);
    attempt->peer_exchange = next_exchange_;
    open(peer, mesh::FromPeer{world_.id_of(node)}, request, stream);
  };
  send(
      node, peer, arrive, [=, this] { attempt_failed(stream, mesh::AttemptFailure::unreachable); },
      tries);
}

void Exchanges::drop_attempt(Key key, Exchange& exchange, std::uint32_t number) {
  const auto found = std::ranges::find(exchange.attempts, number, &Attempt::number);
  if (found == exchange.attempts.end()) return;
  const Attempt attempt = *found;
  exchange.attempts.erase(found);
  if (exchange.answering == number && exchange.answer == Answer::holding) {
    exchange.answering = 0;
    exchange.answer = Answer::none;
  }
  if (attempt.onward) {
    // Its agent notices, stops the call that it made for this, and has a place free again.
    const Key onward{key.first, *attempt.onward};
    world_.scheduler().after(loopback, [=, this] { caller_gone(onward); });
    desks_[key.first].leave();
  }
  if (!attempt.peer || !attempt.peer_exchange || attempt.whole) return;
  const Key there{*attempt.peer, *attempt.peer_exchange};
  send(
      key.first, there.first, [=, this] { caller_gone(there); }, [=, this] { caller_gone(there); });
}

void Exchanges::drop_attempts(Key key, Exchange& exchange) {
  while (!exchange.attempts.empty()) drop_attempt(key, exchange, exchange.attempts.back().number);
}

void Exchanges::cancel(NodeIndex node, const mesh::CancelAttempt& effect) {
  const Stream stream{{node, effect.exchange.value}, effect.attempt};
  if (Exchange* exchange = find(stream.exchange)) {
    drop_attempt(stream.exchange, *exchange, effect.attempt);
  }
}

void Exchanges::inspect(NodeIndex node, const mesh::InspectAnswer& effect) {
  const Stream stream{{node, effect.exchange.value}, effect.attempt};
  Attempt* attempt = find(stream);
  if (attempt == nullptr || !attempt->head) return;
  attempt->inspected = true;
  watch(stream, effect.idle);
  if (attempt->whole) hand_over(stream, *attempt);
}

void Exchanges::relay(NodeIndex node, const mesh::RelayAnswer& effect) {
  const Stream stream{{node, effect.exchange.value}, effect.attempt};
  Exchange* exchange = find(stream.exchange);
  const Attempt* attempt = find(stream);
  if (attempt == nullptr || !attempt->head || exchange->answer != Answer::none) return;
  exchange->answering = effect.attempt;
  exchange->head = *attempt->head;
  apply(exchange->head.headers, effect.set);
  const bool small = exchange->head.body_size && *exchange->head.body_size <= held_answer_max;
  const bool whole = attempt->whole;
  const std::string body = attempt->body;
  exchange->answer = Answer::holding;
  watch(stream, effect.idle);
  if (!effect.hold || !small) send_head(stream.exchange, *exchange);
  if (whole) attempt_whole(stream, body);
}

void Exchanges::refuse(NodeIndex node, const mesh::RefuseExchange& effect) {
  const Key key{node, effect.exchange.value};
  Exchange* exchange = find(key);
  if (exchange == nullptr) return;
  drop_attempts(key, *exchange);
  if (exchange->answer == Answer::flowing || exchange->answer == Answer::done) return;
  mesh::AnswerHead head{.status = mesh::http_status(effect.problem.code),
                        .headers = {{"parley-error", std::string(to_string(effect.problem.code))}},
                        .body_size = effect.problem.detail.size()};
  apply(head.headers, effect.set);
  answer_caller(key, *exchange, head, {});
}

void Exchanges::accept(NodeIndex node, const mesh::AcceptExchange& effect) {
  const Key key{node, effect.exchange.value};
  Exchange* exchange = find(key);
  if (exchange == nullptr || exchange->answer != Answer::none) return;
  mesh::AnswerHead head{.status = 202,
                        .headers = {{"parley-deferred", std::string(effect.deferred)}},
                        .body_size = 100};
  apply(head.headers, effect.set);
  answer_caller(key, *exchange, head, {});
}

std::optional<mesh::CallRequest> Exchanges::request_of(NodeIndex node, mesh::ExchangeId id,
                                                       const mesh::Headers& set) {
  const Exchange* exchange = find(Key{node, id.value});
  if (exchange == nullptr) return std::nullopt;
  mesh::CallRequest request = exchange->request;
  std::erase_if(request.headers,
                [](const mesh::Header& field) { return mesh::is_set_anew(field.name); });
  apply(request.headers, set);
  return request;
}

void Exchanges::deliver(NodeIndex node, const mesh::CallId& id, const mesh::CallRequest& request) {
  open(node, mesh::FromQueue{id}, request, Queue{});
}

void Exchanges::replay(NodeIndex node, const mesh::ReplayAnswer& effect) {
  const Key key{node, effect.exchange.value};
  Exchange* exchange = find(key);
  const auto original = kept_.find({node, effect.original.value});
  if (exchange == nullptr || exchange->answer != Answer::none) return;
  if (original == kept_.end()) {
    break_caller(key, *exchange);
    return;
  }
  mesh::AnswerHead head = original->second.head;
  apply(head.headers, effect.set);
  answer_caller(key, *exchange, head, original->second.body);
}

void Exchanges::keep(NodeIndex node, const mesh::KeepAnswer& effect) {
  if (Exchange* exchange = find(Key{node, effect.exchange.value})) exchange->keep = true;
}

void Exchanges::forget(NodeIndex node, const mesh::ForgetAnswer& effect) {
  kept_.erase({node, effect.exchange.value});
}

void Exchanges::settle(NodeIndex node, const mesh::ExchangeSettled& effect) {
  const Key key{node, effect.exchange.value};
  Exchange* exchange = find(key);
  if (exchange == nullptr) return;
  drop_attempts(key, *exchange);
  break_caller(key, *exchange);
  exchanges_.erase(key);
}

// ---- from the attempt ----

void Exchanges::attempt_answered(const Stream& stream, const mesh::AnswerHead& head) {
  Attempt* attempt = find(stream);
  if (attempt == nullptr || attempt->head) return;
  attempt->head = head;
  world_.feed(stream.exchange.first,
              kernel::AttemptAnswered{{stream.exchange.second}, stream.attempt, head});
}

void Exchanges::hand_over(const Stream& stream, const Attempt& attempt) {
  world_.feed(stream.exchange.first,
              kernel::AnswerInspected{{stream.exchange.second}, stream.attempt, attempt.body});
}

void Exchanges::attempt_whole(const Stream& stream, const std::string& body) {
  Attempt* attempt = find(stream);
  if (attempt == nullptr) return;
  const bool news = !attempt->whole;
  attempt->whole = true;
  attempt->body = body;
  if (attempt->inspected && news) {
    hand_over(stream, *attempt);
    return;  // what becomes of it has been said by now, and was done
  }
  Exchange* exchange = find(stream.exchange);
  if (!exchange->caller_open || exchange->answering != stream.attempt) return;
  if (exchange->answer == Answer::holding) send_head(stream.exchange, *exchange);
  exchange = find(stream.exchange);  // telling the node that the answer started may have changed it
  if (exchange == nullptr || exchange->answer != Answer::flowing) return;
  const std::string key = find(stream)->key;
  finish(stream.exchange, *exchange, body);
  if (!key.empty()) observer_.answer_passed_on(stream.exchange.first, key);
  world_.feed(stream.exchange.first,
              kernel::AttemptCompleted{{stream.exchange.second}, stream.attempt});
}

void Exchanges::watch(const Stream& stream, const std::optional<base::Duration>& idle) {
  const Attempt* attempt = find(stream);
  if (!idle || attempt == nullptr || attempt->whole || !attempt->head->body_size) return;
  world_.scheduler().after(*idle, [this, stream] {
    const Attempt* still = find(stream);
    if (still == nullptr || still->whole) return;
    attempt_failed(stream, mesh::AttemptFailure::silent);
  });
}

void Exchanges::attempt_failed(const Stream& stream, mesh::AttemptFailure failure) {
  if (find(stream) == nullptr) return;
  drop_attempt(stream.exchange, *find(stream.exchange), stream.attempt);
  world_.feed(stream.exchange.first,
              kernel::AttemptFailed{{stream.exchange.second}, stream.attempt, failure});
}

// ---- towards who called ----

void Exchanges::send_head(Key key, Exchange& exchange) {
  exchange.answer = Answer::flowing;
  if (const auto* stream = std::get_if<Stream>(&exchange.caller); stream && exchange.caller_open) {
    const auto arrive = [this, stream = *stream, head = exchange.head] {
      attempt_answered(stream, head);
    };
    send(key.first, stream->exchange.first, arrive, [] {});
  }
  world_.feed(key.first, kernel::AnswerStarted{{key.second}});
}

void Exchanges::finish(Key key, Exchange& exchange, const std::string& body) {
  if (exchange.keep) kept_.insert_or_assign(key, Kept{exchange.head, body});
  answer_caller(key, exchange, exchange.head, body);
}

// The whole answer with its head, in case that is still on its way or was never sent.
void Exchanges::answer_caller(Key key, Exchange& exchange, const mesh::AnswerHead& head,
                              const std::string& body) {
  exchange.answer = Answer::done;
  if (!exchange.caller_open) return;
  exchange.caller_open = false;
  if (const auto* call = std::get_if<std::uint32_t>(&exchange.caller)) {
    if (calls_.erase(*call) > 0) observer_.call_ended(*call, &head, body);
    return;
  }
  if (const auto* onward = std::get_if<Onward>(&exchange.caller)) {
    const bool good = head.status == 200 && body == good_output;
    world_.scheduler().after(
        loopback, [this, stream = onward->serves, good] { next_answered(stream, good); });
    return;
  }
  if (std::holds_alternative<Queue>(exchange.caller)) return;
  const Stream stream = std::get<Stream>(exchange.caller);
  const auto arrive = [=, this] {
    attempt_answered(stream, head);
    attempt_whole(stream, body);
  };
  send(key.first, stream.exchange.first, arrive,
       [=, this] { attempt_failed(stream, mesh::AttemptFailure::broken); });
}

void Exchanges::break_caller(Key key, Exchange& exchange) {
  if (!exchange.caller_open) return;
  exchange.caller_open = false;
  if (const auto* call = std::get_if<std::uint32_t>(&exchange.caller)) {
    if (calls_.erase(*call) > 0) observer_.call_ended(*call, nullptr, {});
    return;
  }
  if (const auto* onward = std::get_if<Onward>(&exchange.caller)) {
    world_.scheduler().after(loopback,
                             [this, stream = onward->serves] { next_answered(stream, false); });
    return;
  }
  if (std::holds_alternative<Queue>(exchange.caller)) return;
  const Stream stream = std::get<Stream>(exchange.caller);
  const auto broken = [=, this] { attempt_failed(stream, mesh::AttemptFailure::broken); };
  send(key.first, stream.exchange.first, broken, broken);
}

void Exchanges::stopped(NodeIndex node) {
  // Its own exchanges: callers see a broken connection, callees see the caller go.
  std::vector<Key> own;
  for (auto entry = exchanges_.lower_bound({node, 0});
       entry != exchanges_.end() && entry->first.first == node; ++entry) {
    own.push_back(entry->first);
  }
  for (const Key& key : own) {
    Exchange& exchange = exchanges_.at(key);
    drop_attempts(key, exchange);
    break_caller(key, exchange);
    exchanges_.erase(key);
  }
  kept_.erase(kept_.lower_bound({node, 0}), kept_.lower_bound({node + 1, 0}));
}

}  // namespace sim
