#include "tests/kernel/kernels_in_memory.h"

#include "base/match.h"
#include "crypto/verified.h"
#include "wire/packet_codec.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

namespace kernel {

namespace {

constexpr base::WallTime calendar{1'790'000'000'000};

crypto::Identity identity_of(std::size_t number) {
  crypto::Seed seed;
  seed.bytes.fill(static_cast<std::byte>(number + 1));
  return crypto::Identity::from_seed(seed);
}

void put(mesh::Headers& headers, const mesh::Headers& set) {
  for (const mesh::Header& field : set) {
    std::erase_if(headers, [&](const mesh::Header& have) { return have.name == field.name; });
    if (!field.value.empty()) headers.push_back(field);
  }
}

}  // namespace

KernelsInMemory::Node& KernelsInMemory::add(const std::string& name) {
  const auto number = nodes_.size();
  nodes_.push_back(std::make_unique<Node>(
      Node{.name = name,
           .identity = identity_of(number),
           .at = base::Endpoint::v4({127, 0, 0, 1}, static_cast<std::uint16_t>(7400 + number)),
           .kernel = nullptr,
           .epoch = 0,
           .members = {},
           .descriptors = {},
           .effects = {},
           .sent = {},
           .settled = {},
           .refused = {}}));
  return *nodes_.back();
}

void KernelsInMemory::start(Node& node, std::vector<base::Endpoint> seeds,
                            std::optional<mesh::AgentDescriptor> agent) {
  Options options;
  options.name = node.name;
  options.advertise = node.at;
  options.seeds = std::move(seeds);
  Stored stored{.epoch = node.epoch, .members = {}, .descriptors = {}};
  for (const auto& [id, record] : node.members) stored.members.push_back(record);
  for (const auto& [digest, bytes] : node.descriptors) stored.descriptors.push_back(bytes);
  node.kernel = std::make_unique<Kernel>(std::move(options), node.identity, std::move(stored),
                                         base::Rng(node.at.port));
  node.effects.clear();
  node.descriptor_pulls = 0;
  node.drained = false;
  feed(node, Started{calendar});
  if (agent) feed(node, AgentConfigured{std::move(agent)});
}

void KernelsInMemory::feed(Node& node, Input input) {
  post(node, std::move(input));
  settle();
}

void KernelsInMemory::post(Node& node, Input input) {
  turns_.emplace_back(&node, std::move(input));
}

void KernelsInMemory::settle() {
  while (!turns_.empty()) {
    auto [node, input] = std::move(turns_.front());
    turns_.pop_front();
    if (!node->kernel) continue;
    Effects effects;
    node->kernel->handle(std::move(input), now_, effects);
    for (Effect& effect : effects) carry_out(*node, std::move(effect));
  }
}

void KernelsInMemory::run(base::Duration duration) {
  const base::Instant end = now_ + duration;
  for (;;) {
    base::Instant next = end;
    for (const auto& node : nodes_) {
      if (node->kernel) next = std::min(next, node->kernel->next_deadline());
    }
    now_ = std::max(now_, next);
    for (const auto& node : nodes_) {
      if (node->kernel && node->kernel->next_deadline() <= now_) feed(*node, TimePassed{});
    }
    if (now_ >= end) return;
  }
}

bool KernelsInMemory::run_until(const std::function<bool()>& condition) {
  for (int i = 0; i < 6'000; ++i) {
    if (condition()) return true;
    run(std::chrono::milliseconds(10));
  }
  return false;
}

std::optional<gossip::MemberState> KernelsInMemory::state_of(const Node& whom, const Node& by) {
  const gossip::Member* member = by.kernel->membership().find(whom.identity.id());
  if (member == nullptr) return std::nullopt;
  return member->state;
}

KernelsInMemory::Node* KernelsInMemory::running_at(const base::Endpoint& at) {
  for (const auto& node : nodes_) {
    if (node->at == at && node->kernel) return node.get();
  }
  return nullptr;
}

// ---- effects ----

void KernelsInMemory::carry_out(Node& node, Effect effect) {
  node.effects.push_back(effect.index());
  base::match(
      std::move(effect), [&](Persist&& e) { node.epoch = e.epoch; },
      [&](SaveMember&& e) { node.members[e.id] = std::move(e.record); },
      [&](SaveDescriptor&& e) { node.descriptors[e.digest] = std::move(e.descriptor); },
      [&](ForgetMember&& e) { node.members.erase(e.id); },
      [&](SendDatagram&& e) { deliver(node, e); }, [&](AskPeer&& e) { ask(node, e); },
      [&](AnswerPeer&& e) {
        const auto asked = questions_.extract(e.question);
        ASSERT_FALSE(asked.empty()) << "answered twice";
        post(*asked.mapped().asker,
             PeerAnswered{asked.mapped().request, node.identity.id(), std::move(e.body)});
      },
      [&](CheckSignatures&& e) {
        SignaturesChecked checked{.batch = e.batch, .verdicts = {}};
        for (const auto& check : e.checks) checked.verdicts.push_back(crypto::check(check));
        post(node, std::move(checked));
      },
      [&](mesh::StartAttempt&& e) { attempt(node, e); },
      [&](mesh::FabricateAnswer&& e) {
        post(node, AttemptAnswered{e.exchange,
                                   e.attempt,
                                   {.status = e.status,
                                    .headers = std::move(e.headers),
                                    .body_size = e.body.size()}});
      },
      [&](mesh::RelayAnswer&& e) { relay(node, e); },
      [&](mesh::RefuseExchange&& e) { refuse(node, e); },
      [&](mesh::ExchangeSettled&& e) {
        if (!callers_.contains({&node, e.exchange})) node.settled.push_back(std::move(e));
      },
      [&](Drained&&) { node.drained = true; }, [](auto&&) {});
}

void KernelsInMemory::deliver(Node& from, const SendDatagram& effect) {
  from.sent.push_back(effect.datagram);
  if (Node* to = running_at(effect.to)) post(*to, DatagramReceived{from.at, effect.datagram});
}

void KernelsInMemory::ask(Node& from, const AskPeer& effect) {
  const auto question = wire::decode_question(effect.body);
  ASSERT_TRUE(question);
  if (std::holds_alternative<gossip::PullDescriptor>(*question)) ++from.descriptor_pulls;
  Node* to = running_at(effect.at);
  if (to == nullptr || (effect.node && *effect.node != to->identity.id())) {
    return post(from, PeerFailed{effect.request, PeerFailure::unreachable});
  }
  questions_[++numbers_] = {&from, effect.request};
  post(*to, PeerAsked{numbers_, from.identity.id(), from.at, effect.body});
}

// ---- calls ----

mesh::ExchangeId KernelsInMemory::call(Node& from, std::string capability, mesh::Headers headers) {
  const mesh::ExchangeId id{++numbers_};
  mesh::CallRequest request{.capability = std::move(capability),
                            .method = "GET",
                            .rest = "",
                            .headers = std::move(headers),
                            .body_size = 0,
                            .body_start = {}};
  requests_[{&from, id}] = request;
  feed(from, CallArrived{id, mesh::FromAgent{}, std::move(request)});
  return id;
}

void KernelsInMemory::attempt(Node& from, const mesh::StartAttempt& effect) {
  if (std::holds_alternative<mesh::ToAgent>(effect.to)) {
    ++from.agent_calls;
    waiting_[{&from, effect.exchange}] = effect.attempt;
    if (from.agent_answers) answer_waiting(from);
    return;
  }
  const base::NodeId& peer = std::get<mesh::ToPeer>(effect.to).node;
  const auto to = std::ranges::find_if(
      nodes_, [&](const auto& node) { return node->kernel && node->identity.id() == peer; });
  if (to == nodes_.end()) {
    return post(from,
                AttemptFailed{effect.exchange, effect.attempt, mesh::AttemptFailure::unreachable});
  }
  mesh::CallRequest request = requests_.at({&from, effect.exchange});
  put(request.headers, effect.set);
  const mesh::ExchangeId id{++numbers_};
  callers_[{to->get(), id}] = {&from, effect.exchange, effect.attempt};
  requests_[{to->get(), id}] = request;
  post(**to, CallArrived{id, mesh::FromPeer{from.identity.id()}, std::move(request)});
}

void KernelsInMemory::answer_waiting(Node& node) {
  for (auto at = waiting_.begin(); at != waiting_.end();) {
    const auto [exchange, attempt] = *at;
    if (exchange.first != &node) {
      ++at;
      continue;
    }
    at = waiting_.erase(at);
    post(node,
         AttemptAnswered{exchange.second, attempt, {.status = 200, .headers = {}, .body_size = 2}});
  }
}

void KernelsInMemory::relay(Node& node, const mesh::RelayAnswer& effect) {
  post(node, AnswerStarted{effect.exchange});
  post(node, AttemptCompleted{effect.exchange, effect.attempt});
  const auto caller = callers_.find({&node, effect.exchange});
  if (caller == callers_.end()) return;
  const Attempt& back = caller->second;
  post(*back.node,
       AttemptAnswered{
           back.exchange, back.attempt, {.status = 200, .headers = effect.set, .body_size = 2}});
}

void KernelsInMemory::refuse(Node& node, const mesh::RefuseExchange& effect) {
  const auto caller = callers_.find({&node, effect.exchange});
  if (caller == callers_.end()) {
    node.refused.push_back(effect.problem);
    return;
  }
  const Attempt& back = caller->second;
  mesh::AnswerHead head{
      .status = mesh::http_status(effect.problem.code), .headers = effect.set, .body_size = 2};
  head.headers.push_back({"parley-error", std::string(mesh::to_string(effect.problem.code))});
  post(*back.node, AttemptAnswered{back.exchange, back.attempt, std::move(head)});
}

}  // namespace kernel
