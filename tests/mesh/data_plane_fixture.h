// Node a's data plane, told what it hears; keeps the effects of the last input. For tests only.
#pragma once

#include "mesh/data_plane.h"
#include "tests/mesh/node_of.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mesh {

inline const base::NodeId a = node_of(0xaa);
inline const base::NodeId b = node_of(0xbb);
inline const base::NodeId c = node_of(0xcc);
inline const base::NodeId d = node_of(0xdd);

inline AgentDescriptor agent_with(std::string capability) {
  Capability out;
  out.name = std::move(capability);
  AgentDescriptor descriptor;
  descriptor.capabilities.push_back(std::move(out));
  return descriptor;
}

class DataPlaneTest : public testing::Test {
 protected:
  explicit DataPlaneTest(Options options = {}) : plane(std::move(options), a, "a", base::Rng(7)) {}

  void provide(const base::NodeId& node, std::string name,
               Availability availability = Availability::serving,
               std::string capability = "text.count") {
    plane.on_provider(
        node,
        {.name = std::move(name),
         .availability = availability,
         .load = {},
         .descriptor = std::make_shared<const AgentDescriptor>(agent_with(std::move(capability)))},
        now, effects);
    sort_out_phases();
  }
  void serve(std::uint32_t concurrency = 0, std::string health_path = "") {
    AgentDescriptor descriptor = agent_with("text.count");
    descriptor.capabilities[0].path = "/count";
    descriptor.concurrency = concurrency;
    descriptor.health.path = std::move(health_path);
    effects.clear();
    plane.on_agent(std::move(descriptor), now, effects);
  }
  ExchangeId call(Headers headers = {}, std::string method = "GET", Origin origin = FromAgent{},
                  std::string capability = "text.count") {
    effects.clear();
    const ExchangeId id{++last_id};
    plane.on_call(id, origin,
                  {.capability = std::move(capability),
                   .method = std::move(method),
                   .rest = "/x?y=1",
                   .headers = std::move(headers),
                   .body_size = 0,
                   .body_start = {}},
                  now, effects);
    sort_out_phases();
    return id;
  }
  ExchangeId call_from(const base::NodeId& peer, Headers headers = {}, std::string method = "GET") {
    return call(std::move(headers), std::move(method), FromPeer{peer});
  }
  void answer(ExchangeId id, std::uint32_t attempt, int status = 200, Headers headers = {},
              std::optional<std::uint64_t> size = 10) {
    effects.clear();
    plane.on_answered(id, attempt,
                      {.status = status, .headers = std::move(headers), .body_size = size}, now,
                      effects);
    sort_out_phases();
  }
  void complete(ExchangeId id, std::uint32_t attempt) {
    effects.clear();
    plane.on_completed(id, attempt, now, effects);
    sort_out_phases();
  }
  void fail(ExchangeId id, std::uint32_t attempt, AttemptFailure failure) {
    effects.clear();
    plane.on_failed(id, attempt, failure, now, effects);
    sort_out_phases();
  }
  void pass(base::Duration duration) {
    now = now + duration;
    effects.clear();
    plane.on_time(now, effects);
    sort_out_phases();
  }
  void serve_whole(ExchangeId id, std::uint32_t attempt = 1) {
    answer(id, attempt);
    plane.on_answer_started(id);
    complete(id, attempt);
  }

  // Takes the phases of calls out of the effects, and notes them as "from -> to".
  void sort_out_phases() {
    std::erase_if(effects, [&](const Effect& effect) {
      const auto* transition = std::get_if<base::Transition>(&effect);
      if (transition == nullptr || transition->machine != "call") return false;
      phases.push_back(std::string(transition->from) + " -> " + std::string(transition->to));
      return true;
    });
  }

  template <class Kind>
  const Kind* only() const {
    const Kind* found = nullptr;
    for (const Effect& effect : effects) {
      if (const auto* kind = std::get_if<Kind>(&effect)) {
        EXPECT_EQ(found, nullptr) << "more than one";
        found = kind;
      }
    }
    return found;
  }
  template <class Kind>
  std::size_t count() const {
    std::size_t out = 0;
    for (const Effect& effect : effects) out += std::holds_alternative<Kind>(effect) ? 1U : 0U;
    return out;
  }
  // The peer that an attempt was started at; the zero id if at none.
  base::NodeId peer_asked() const {
    const auto* start = only<StartAttempt>();
    if (start == nullptr || !std::holds_alternative<ToPeer>(start->to)) return {};
    return std::get<ToPeer>(start->to).node;
  }
  bool agent_asked() const {
    const auto* start = only<StartAttempt>();
    return start != nullptr && std::holds_alternative<ToAgent>(start->to);
  }
  std::string set_header(std::string_view name) const {
    const auto* start = only<StartAttempt>();
    if (start == nullptr) return "no attempt";
    return std::string(find_header(start->set, name).value_or("absent"));
  }
  // The code and detail of the refusal in the last effects.
  std::string refusal() const {
    const auto* refused = only<RefuseExchange>();
    if (refused == nullptr) return "none";
    return std::string(to_string(refused->problem.code)) + ": " + refused->problem.detail;
  }
  bool marked_not_processed() const {
    const auto* refused = only<RefuseExchange>();
    return refused != nullptr && find_header(refused->set, "parley-not-processed") == "1";
  }

  base::Instant now = base::Instant::from_nanoseconds(1'000'000'000'000);
  DataPlane plane;
  Effects effects;
  std::vector<std::string> phases;  // of all calls since the beginning
  std::uint64_t last_id = 0;
};

inline const std::string hop_a = "aaaaaaaaaaaaaaaa";
inline const std::string hop_b = "bbbbbbbbbbbbbbbb";
inline const std::string hop_c = "cccccccccccccccc";
inline const std::string call_id = "0123456789abcdef0123456789abcdef";
inline const std::string trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

}  // namespace mesh
