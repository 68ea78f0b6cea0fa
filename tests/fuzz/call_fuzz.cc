// A caller, a peer and a provider with words of their own: any headers in requests and answers, in
// any order with failures and time. Every exchange settles exactly once, nothing is said of it
// afterwards, and what the mesh sets in a head can stand in one.
#include "base/check.h"
#include "base/rng.h"
#include "mesh/data_plane.h"
#include "tests/fuzz/fuzzed_input.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr std::array<std::string_view, 21> names{
    "parley-call",        "parley-caller",  "parley-deadline",
    "parley-path",        "parley-prefer",  "parley-deadline-scope",
    "parley-require",     "parley-error",   "parley-served-by",
    "parley-again",       "parley-quality", "parley-complexity",
    "parley-priority",    "traceparent",    "parley-context-version",
    "parley-retry-after", "tracestate",     "parley-failed-further-on",
    "idempotency-key",    "retry-after",    "content-type"};

mesh::Policy policy_of(std::uint8_t number) {
  mesh::Policy policy;
  policy.route = static_cast<mesh::RoutePolicy>(number % 7);
  if ((number & 1) != 0) policy.deferral.emplace();
  if ((number & 2) != 0) policy.fallback = {"c.d"};
  if ((number & 4) != 0) {
    policy.hedge = mesh::HedgePolicy{.enabled = true, .after = std::chrono::milliseconds(40)};
  }
  if ((number & 8) != 0) policy.per_try_timeout = std::chrono::milliseconds(60);
  if ((number & 16) != 0) {
    policy.faults = {{.share = 300'000, .agent = {}, .delay = std::chrono::milliseconds(30)},
                     {.share = 300'000, .agent = {}, .abort = 503},
                     {.share = 300'000, .agent = {}, .answer = "injected"}};
  }
  if ((number & 32) != 0) policy.quality = mesh::QualityTiers{0.9, 0.8, 0.5};
  if ((number & 64) != 0) policy.idle_timeout = std::chrono::milliseconds(80);
  if ((number & 128) != 0) {
    policy.rate = mesh::RateLimits{.per_caller = mesh::Rate{.per_second = 3, .burst = 2}};
  }
  return policy;
}

base::NodeId node_of(std::uint8_t number) {
  base::NodeId node;
  node.bytes.fill(std::byte{number});
  return node;
}

mesh::AgentDescriptor descriptor_of(std::uint8_t number) {
  mesh::Capability capability;
  capability.name = "a.b";
  capability.attributes = {{"warehouse", {"A", "B"}}};
  capability.version = {.major = 1, .minor = number, .patch = 2};
  capability.cost_micros = number * 1000;
  capability.path = "/x";
  mesh::AgentDescriptor out;
  out.capabilities.push_back(std::move(capability));
  out.concurrency = number;
  return out;
}

// As a parser lets values through: printable, obs-text and tabs.
std::string value_of(std::string text) {
  std::erase_if(text, [](char c) { return (c >= 0 && c < 0x20 && c != '\t') || c == 0x7f; });
  return text;
}

class Shell {
 public:
  Shell(const std::uint8_t* data, std::size_t size)
      : input_(data, size), plane_(options(), node_of(0xaa), "a", base::Rng(7)) {
    plane_.on_agent(descriptor_of(2), now_, effects_);
    for (std::uint8_t number = 1; number <= 3; ++number) provide(number);
  }

  void run() {
    while (!input_.empty()) {
      step();
      check();
    }
    plane_.on_leave(now_, effects_);
    check();
    for (std::uint64_t id = 1; id <= last_id_; ++id) {
      plane_.on_caller_gone(mesh::ExchangeId{id}, now_, effects_);
    }
    check();
    CHECK(settled_.size() == last_id_);
    CHECK(plane_.exchanges() == 0);
    CHECK(plane_.in_flight() == 0);
  }

 private:
  static mesh::Options options(std::uint8_t policy = 0) {
    mesh::Options options;
    options.exchanges_max = 20;
    options.duplicates_max = 10;
    options.kept_answers_max = 4;
    options.path_hops_max = 4;
    if (policy != 0) options.policies = {policy_of(policy)};
    return options;
  }

  void step() {
    const mesh::ExchangeId id{last_id_ - std::min<std::uint64_t>(last_id_, input_.below(3))};
    switch (input_.below(18)) {
      case 0:
      case 1:
        return call();
      case 2:
      case 3:
        return answer(id);
      case 4:
        return plane_.on_completed(id, attempt(), now_, effects_);
      case 5:
        return plane_.on_failed(id, attempt(), static_cast<mesh::AttemptFailure>(input_.below(5)),
                                now_, effects_);
      case 6:
        return plane_.on_answer_started(id);
      case 7:
        return plane_.on_caller_gone(id, now_, effects_);
      case 8:
        return provide(input_.byte());
      case 9:
        static_cast<void>(plane_.explain(input_.text(), value_of(input_.text()), now_));
        return;
      case 10:
        return plane_.on_probe(input_.byte(), input_.byte() * 4, now_, effects_);
      case 11:
        return inspected(id);
      case 12:
        return kept(id);
      case 13:
        return deferred_is_gone();
      case 14:
        return judge();
      case 15:
        return reload();
      case 16:
        return plane_.on_unrepeatable(id);
      default:
        now_ = now_ + std::chrono::milliseconds(input_.byte() * 20);
        return plane_.on_time(now_, effects_);
    }
  }
  std::uint32_t attempt() { return static_cast<std::uint32_t>(1 + input_.below(3)); }

  mesh::Headers headers() {
    mesh::Headers out;
    for (std::size_t i = input_.below(5); i > 0; --i) {
      const std::string_view name = names[input_.below(names.size())];
      out.push_back({std::string(name), value_of(input_.text())});
    }
    return out;
  }
  void call() {
    constexpr std::array<std::string_view, 4> methods{"GET", "POST", "DELETE", "X"};
    mesh::Origin origin = mesh::FromAgent{};
    if (input_.yes()) origin = mesh::FromPeer{node_of(static_cast<std::uint8_t>(input_.below(4)))};
    mesh::CallRequest request{.capability = input_.below(4) == 0 ? value_of(input_.text()) : "a.b",
                              .method = std::string(methods[input_.below(methods.size())]),
                              .rest = "/x",
                              .headers = headers(),
                              .body_size = {}};
    plane_.on_call(mesh::ExchangeId{++last_id_}, origin, std::move(request), now_, effects_);
  }
  void answer(mesh::ExchangeId id) {
    constexpr std::array<int, 5> statuses{200, 404, 500, 503, 429};
    mesh::AnswerHead head{
        .status = statuses[input_.below(statuses.size())], .headers = headers(), .body_size = {}};
    if (input_.yes()) head.body_size = input_.byte();
    plane_.on_answered(id, attempt(), head, now_, effects_);
  }
  void inspected(mesh::ExchangeId id) {
    std::optional<std::string> body;
    if (input_.yes()) body = input_.text();
    plane_.on_inspected(id, attempt(), body, now_, effects_);
  }
  void kept(mesh::ExchangeId id) {
    if (!deferring_) return;
    std::optional<std::uint64_t> bytes;
    if (input_.yes()) bytes = input_.byte();
    if (input_.yes()) id = deferring_->first;
    plane_.on_kept(id, deferring_->second, bytes, "the disk is full", now_, effects_);
  }
  void deferred_is_gone() {
    if (!deferring_) return;
    if (input_.yes()) return plane_.on_cancelled(deferring_->second, effects_);
    plane_.on_kept_unreadable(deferring_->second, input_.yes(), now_, effects_);
  }
  void judge() {
    const std::string call = input_.text();
    if (!plane_.knows_call(call)) return;
    plane_.on_feedback(call, static_cast<double>(input_.byte()) / 255, now_);
  }
  void reload() { plane_.on_options(options(input_.byte())); }
  // What the queue brings in again comes as an exchange of its own.
  void deliver(const mesh::DeliverCall& deliver) {
    mesh::CallRequest request{
        .capability = "a.b", .method = "POST", .rest = "/x", .headers = headers(), .body_size = {}};
    to_deliver_.push_back({deliver.id, std::move(request)});
  }
  void provide(std::uint8_t number) {
    const base::NodeId node = node_of(static_cast<std::uint8_t>(1 + number % 3));
    if (number % 16 == 15) return plane_.on_provider_gone(node, now_);
    plane_.on_provider(
        node,
        {.name = "p" + std::to_string(number % 3),
         .availability = mesh::Availability::serving,
         .load = {},
         .descriptor = std::make_shared<const mesh::AgentDescriptor>(descriptor_of(number % 4))},
        now_, effects_);
  }

  static void can_stand_in_a_head(const mesh::Headers& set) {
    for (const mesh::Header& field : set) {
      CHECK(!field.name.empty());
      for (const char c : field.name) CHECK((c >= 'a' && c <= 'z') || c == '-');
      CHECK(value_of(field.value) == field.value);
    }
  }
  void check() {
    for (const mesh::Effect& effect : effects_) {
      if (const auto* settled = std::get_if<mesh::ExchangeSettled>(&effect)) {
        CHECK(settled_.insert(settled->exchange).second);
      } else if (const auto* start = std::get_if<mesh::StartAttempt>(&effect)) {
        CHECK(!settled_.contains(start->exchange));
        can_stand_in_a_head(start->set);
      } else if (const auto* relay = std::get_if<mesh::RelayAnswer>(&effect)) {
        CHECK(!settled_.contains(relay->exchange));
        can_stand_in_a_head(relay->set);
      } else if (const auto* refuse = std::get_if<mesh::RefuseExchange>(&effect)) {
        CHECK(!settled_.contains(refuse->exchange));
        can_stand_in_a_head(refuse->set);
      } else if (const auto* defer = std::get_if<mesh::DeferCall>(&effect)) {
        deferring_.emplace(defer->exchange, defer->id);
      } else if (const auto* accept = std::get_if<mesh::AcceptExchange>(&effect)) {
        CHECK(!settled_.contains(accept->exchange));
        can_stand_in_a_head(accept->set);
      } else if (const auto* again = std::get_if<mesh::DeliverCall>(&effect)) {
        deliver(*again);
      }
    }
    effects_.clear();
    for (auto& [id, request] : std::exchange(to_deliver_, {})) {
      plane_.on_call(mesh::ExchangeId{++last_id_}, mesh::FromQueue{id}, std::move(request), now_,
                     effects_);
    }
    CHECK(plane_.exchanges() <= 20);
  }

  fuzz::Input input_;
  base::Instant now_ = base::Instant::from_nanoseconds(1);
  mesh::DataPlane plane_;
  mesh::Effects effects_;
  std::uint64_t last_id_ = 0;
  std::set<mesh::ExchangeId> settled_;
  std::optional<std::pair<mesh::ExchangeId, mesh::CallId>> deferring_;  // the last one
  std::vector<std::pair<mesh::CallId, mesh::CallRequest>> to_deliver_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Shell(data, size).run();
  return 0;
}
