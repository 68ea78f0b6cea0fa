// N memberships in one process on a virtual clock: packets and questions are delivered after a
// delay, or lost, or cut off by a partition. Just enough to see the parts work together; sim/ is
// the real one.
#pragma once

#include "base/check.h"
#include "base/rng.h"
#include "crypto/identity.h"
#include "gossip/membership.h"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace gossip::test {

using namespace std::chrono_literals;

struct Node {
  explicit Node(crypto::Identity who) : identity(std::move(who)) {}
  crypto::Identity identity;
  base::Endpoint endpoint;
  std::unique_ptr<Membership> membership;
  std::uint64_t epoch = 0;
  bool running = false;
  bool stopped = false;                        // as by SIGSTOP: inputs wait
  std::vector<std::function<void()>> waiting;  // while stopped
  base::Duration reads_late{};                 // so long packets lie in its queue
  std::uint64_t datagrams = 0;
  std::uint64_t bytes = 0;
  std::vector<base::NodeId> declared_dead;
};

class VirtualMesh {
 public:
  explicit VirtualMesh(std::size_t count, Options given = {}) : options(given), rng_(7) {
    for (std::size_t i = 0; i < count; ++i) add_node();
  }

  std::size_t add_node() {
    const std::size_t i = nodes.size();
    crypto::Seed seed;
    seed.bytes[0] = std::byte(i & 0xff);
    seed.bytes[1] = std::byte(i >> 8);
    seed.bytes[2] = std::byte{1};
    nodes.emplace_back(crypto::Identity::from_seed(seed));
    nodes.back().endpoint = address(i);
    by_endpoint[nodes.back().endpoint] = i;
    index[nodes.back().identity.id()] = i;
    return i;
  }

  static base::Endpoint address(std::size_t i) {
    return base::Endpoint::v4(
        {10, 0, static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)}, 7400);
  }

  void start(std::size_t i, std::vector<std::size_t> seeds, std::vector<SignedRecord> known = {}) {
    Node& node = nodes[i];
    Self self{.mesh = mesh,
              .name = "n" + std::to_string(i),
              .endpoint = node.endpoint,
              .seeds = {},
              .epoch_before = node.epoch,
              .known = std::move(known)};
    for (const std::size_t seed : seeds) self.seeds.push_back(nodes[seed].endpoint);
    node.membership = std::make_unique<Membership>(options, self, node.identity,
                                                   rng_.fork("node", i * 1000 + node.epoch));
    node.running = true;
    node.stopped = false;
    run(i, [&](Membership& m, Effects& e) { m.on_start(wall(), now, e); });
  }
  // Everybody knows the first node.
  void start_all(std::size_t seeds = 1) {
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      std::vector<std::size_t> doors;
      for (std::size_t s = 0; s < seeds; ++s) {
        if (s != i) doors.push_back(s);
      }
      start(i, i == 0 ? std::vector<std::size_t>{} : doors);
      pass(20ms);
    }
  }
  void kill(std::size_t i) { nodes[i].running = false; }
  void stop(std::size_t i) { nodes[i].stopped = true; }
  void resume(std::size_t i) {
    nodes[i].stopped = false;
    auto inputs = std::move(nodes[i].waiting);
    nodes[i].waiting.clear();
    for (const auto& input : inputs) input();
    run(i, [&](Membership& m, Effects& e) { m.on_time(now, e); });
  }

  void run(std::size_t i, const std::function<void(Membership&, Effects&)>& input) {
    Node& node = nodes[i];
    if (!node.running) return;
    if (node.stopped) {
      node.waiting.push_back([this, i, input] { run(i, input); });
      return;
    }
    Effects effects;
    input(*node.membership, effects);
    for (Effect& effect : effects) {
      carry_out(i, effect);
      on_effect(i, effect);
    }
  }

  void pass(base::Duration duration) {
    const base::Instant end = now + duration;
    while (true) {
      base::Instant next = end;
      if (!events.empty()) next = std::min(next, events.begin()->first);
      for (const Node& node : nodes) {
        if (node.running && !node.stopped) next = std::min(next, node.membership->next_deadline());
      }
      now = std::max(now, next);
      while (!events.empty() && events.begin()->first <= now)
        events.extract(events.begin()).mapped()();
      for (std::size_t i = 0; i < nodes.size(); ++i) {
        Node& node = nodes[i];
        if (!node.running || node.stopped || node.membership->next_deadline() > now) continue;
        run(i, [&](Membership& m, Effects& e) { m.on_time(now, e); });
      }
      if (now >= end) return;
    }
  }
  // Passes until `done`, in steps; how long it took, or nothing after `limit`.
  std::optional<base::Duration> pass_until(const std::function<bool()>& done, base::Duration limit,
                                           base::Duration step = 20ms) {
    const base::Instant begun = now;
    while (!done()) {
      if (now - begun >= limit) return std::nullopt;
      pass(step);
    }
    return now - begun;
  }

  [[nodiscard]] const base::NodeId& id(std::size_t i) const { return nodes[i].identity.id(); }
  void inject(std::size_t from, std::size_t to, Packet packet) {
    run(to, [this, from, packet](Membership& m, Effects& e) {
      m.on_packet(id(from), nodes[from].endpoint, packet, now, e);
    });
  }

  Options options;
  base::MeshId mesh;
  base::Instant now = base::Instant::from_nanoseconds(1'000'000'000);
  std::vector<Node> nodes;
  std::map<base::Endpoint, std::size_t> by_endpoint;
  std::map<base::NodeId, std::size_t> index;
  // May a message go from one to the other? Loss and partitions are made of this.
  std::function<bool(std::size_t, std::size_t)> passes = [](std::size_t, std::size_t) {
    return true;
  };
  // Sees every effect, after it was carried out.
  std::function<void(std::size_t, const Effect&)> on_effect = [](std::size_t, const Effect&) {};
  std::uint32_t loss_ppm = 0;
  std::uint64_t deliveries = 0;

 private:
  [[nodiscard]] base::WallTime wall() const {
    return {1'700'000'000'000 + now.nanoseconds() / 1'000'000};
  }
  void later(base::Duration delay, std::function<void()> event) {
    events.emplace(now + delay, std::move(event));
  }
  base::Duration delay() { return std::chrono::microseconds(rng_.between(200, 900)); }

  void carry_out(std::size_t i, Effect& effect) {
    if (auto* packet = std::get_if<SendPacket>(&effect)) deliver(i, std::move(*packet));
    if (auto* ask = std::get_if<Ask>(&effect)) deliver(i, std::move(*ask));
    if (auto* answer = std::get_if<Answer>(&effect)) answers_[answer->question] = answer->reply;
    if (const auto* change = std::get_if<MemberChanged>(&effect)) {
      if (change->after == MemberState::dead) nodes[i].declared_dead.push_back(change->id);
    }
    if (const auto* claim = std::get_if<ClaimEpoch>(&effect)) nodes[i].epoch = claim->epoch;
    if (auto* check = std::get_if<CheckSignatures>(&effect)) {
      std::vector<crypto::Verdict> verdicts;
      for (const crypto::SignatureCheck& each : check->checks) verdicts.push_back(verdict(each));
      const std::uint64_t batch = check->batch;
      later(1ms, [this, i, batch, verdicts, who = nodes[i].membership.get()] {
        if (nodes[i].membership.get() != who) return;
        run(i, [this, batch, verdicts](Membership& m, Effects& e) {
          m.on_signatures_checked(batch, verdicts, now, e);
        });
      });
    }
  }
  // The same signature is checked by every node; once is enough for a test.
  crypto::Verdict verdict(const crypto::SignatureCheck& check) {
    const auto key = std::make_tuple(check.signer, check.statement, check.signature);
    const auto found = verdicts_.find(key);
    if (found != verdicts_.end()) return found->second;
    return verdicts_.emplace(key, crypto::check(check)).first->second;
  }
  void deliver(std::size_t i, SendPacket sent) {
    ++nodes[i].datagrams;
    nodes[i].bytes += size_bound(sent.packet) + 40;
    const auto to = by_endpoint.find(sent.at);
    if (to == by_endpoint.end() || id(to->second) != sent.to) return;
    if (!passes(i, to->second) || rng_.chance(loss_ppm)) return;
    ++deliveries;
    const base::Duration waits = nodes[to->second].reads_late;
    later(delay() + waits, [this, i, waits, to = to->second, packet = std::move(sent.packet)] {
      run(to, [this, i, arrived = now - waits, packet](Membership& m, Effects& e) {
        m.on_waited(now - arrived, now);
        m.on_packet(id(i), nodes[i].endpoint, packet, now, e);
      });
    });
  }
  void deliver(std::size_t i, Ask ask) {
    const auto to = by_endpoint.find(ask.at);
    const bool there = to != by_endpoint.end() && nodes[to->second].running &&
                       passes(i, to->second) && passes(to->second, i) &&
                       (!ask.node || *ask.node == id(to->second));
    if (!there || nodes[to->second].stopped) {
      later(there ? ask.timeout : 1ms, [this, i, request = ask.request] {
        run(i, [this, request](Membership& m, Effects& e) { m.on_ask_failed(request, now, e); });
      });
      return;
    }
    later(2ms, [this, i, to = to->second, ask] {
      const std::uint64_t number = next_question_++;
      run(to, [this, i, number, ask](Membership& m, Effects& e) {
        m.on_question(number, id(i), nodes[i].endpoint, ask.question, now, e);
      });
      const auto answer = answers_.extract(number);
      later(2ms, [this, i, to, request = ask.request,
                  reply = answer ? std::optional(answer.mapped()) : std::nullopt] {
        run(i, [this, request, reply, to](Membership& m, Effects& e) {
          if (reply) return m.on_reply(request, id(to), *reply, now, e);
          m.on_ask_failed(request, now, e);
        });
      });
    });
  }

  base::Rng rng_;
  std::multimap<base::Instant, std::function<void()>> events;
  std::map<std::uint64_t, Reply> answers_;
  std::uint64_t next_question_ = 1;
  std::map<std::tuple<base::NodeId, crypto::Statement, crypto::Signature>, crypto::Verdict>
      verdicts_;
};

}  // namespace gossip::test
