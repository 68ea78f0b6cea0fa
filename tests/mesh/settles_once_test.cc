// Whatever order the shell's words come in, every exchange settles exactly once, and nothing is
// said of it afterwards.
#include "tests/mesh/data_plane_fixture.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace mesh {
namespace {

class RandomShell {
 public:
  RandomShell(std::uint64_t seed, const std::vector<Policy>& policies)
      : rng_(seed), plane_(bounded(policies), a, "a", rng_.fork("p")) {
    const Capability capability = agent_with("text.count").capabilities.front();
    own_.capabilities = {capability};
    own_.concurrency = 3;
    plane_.on_agent(own_, now_, effects_);
  }

  void step() {
    now_ = now_ + std::chrono::milliseconds(rng_.below(200));
    const ExchangeId id{rng_.below(last_id_ + 2)};
    const auto attempt = static_cast<std::uint32_t>(rng_.below(4));
    switch (rng_.below(12)) {
      case 0:
      case 1:
      case 2:
        call();
        break;
      case 3:
        plane_.on_time(now_, effects_);
        break;
      case 4:
        plane_.on_provider(peer(), provider(), now_, effects_);
        break;
      case 5:
        plane_.on_provider_gone(peer(), now_);
        break;
      case 6:
      case 7:
        answer(id, attempt);
        break;
      case 8:
        plane_.on_completed(id, attempt, now_, effects_);
        break;
      case 9:
        if (const auto open = open_.find(id); open != open_.end() && open->second == attempt) {
          open_.erase(open);  // it is over without a word of ours
        }
        plane_.on_failed(id, attempt, failure(), now_, effects_);
        break;
      case 10:
        plane_.on_probe(rng_.below(20), 200, now_, effects_);
        break;
      case 11:
        interrupt(id);
        break;
      default:
        break;
    }
    check();
  }

  void finish() {
    for (int i = 0; i < 100; ++i) {
      now_ = now_ + std::chrono::hours(2);
      for (std::uint64_t id = 1; id <= last_id_; ++id) {
        plane_.on_caller_gone(ExchangeId{id}, now_, effects_);
      }
      plane_.on_time(now_, effects_);
      check();
    }
    EXPECT_EQ(settled_.size(), last_id_);
    EXPECT_EQ(plane_.exchanges(), 0U);
    EXPECT_EQ(plane_.in_flight(), 0U);
    EXPECT_TRUE(kept_.empty());
    for (const auto& [node, entry] : plane_.catalogue().providers()) {
      EXPECT_EQ(entry->reach.outstanding, 0U);
    }
  }

 private:
  static Options bounded(const std::vector<Policy>& policies) {
    Options options;
    options.policies = policies;
    options.exchanges_max = 20;
    options.duplicates_max = 10;
    options.kept_answers_max = 4;
    options.waiting_duplicates_max = 2;
    return options;
  }
  base::NodeId peer() { return node_of(static_cast<std::uint8_t>(1 + rng_.below(4))); }
  Provider provider() {
    return {.name = "p",
            .availability = static_cast<Availability>(rng_.below(8)),
            .load = {},
            .descriptor = std::make_shared<const AgentDescriptor>(agent_with("text.count"))};
  }
  AttemptFailure failure() { return static_cast<AttemptFailure>(rng_.below(6)); }
  void call() {
    Headers headers;
    if (rng_.below(2) == 0) {
      headers.push_back({"idempotency-key", std::to_string(rng_.below(3))});
    }
    if (rng_.below(3) == 0) headers.push_back({"parley-deadline", "1s"});
    Origin origin = FromAgent{};
    if (rng_.below(2) == 0) origin = FromPeer{peer()};
    call(origin, std::move(headers));
  }
  void call(const Origin& origin, Headers headers) {
    plane_.on_call(ExchangeId{++last_id_}, origin,
                   {.capability = "text.count",
                    .method = rng_.below(2) == 0 ? "GET" : "POST",
                    .rest = "",
                    .headers = std::move(headers),
                    .body_size = 0,
                    .body_start = {}},
                   now_, effects_);
  }
  void answer(ExchangeId id, std::uint32_t attempt) {
    AnswerHead head{.status = rng_.below(3) == 0 ? 503 : 200, .headers = {}, .body_size = {}};
    if (rng_.below(2) == 0) head.body_size = 10;
    if (rng_.below(4) == 0) head.headers.push_back({"parley-error", "overloaded"});
    plane_.on_answered(id, attempt, head, now_, effects_);
  }
  void interrupt(ExchangeId id) {
    switch (rng_.below(5)) {
      case 0:
        plane_.on_caller_gone(id, now_, effects_);
        break;
      case 3:
        on_disk();
        break;
      case 1:
        plane_.on_unrepeatable(id);
        break;
      case 2:
        plane_.on_answer_started(id);
        break;
      default:
        plane_.on_drain(rng_.below(3) == 0);
        break;
    }
  }

  // The disk says what became of the oldest call that it was to keep, or brings one in.
  void on_disk() {
    if (!deferring_.empty()) {
      const DeferCall order = deferring_.front();
      deferring_.erase(deferring_.begin());
      std::optional<std::uint64_t> bytes = 10;
      if (rng_.below(4) == 0) bytes.reset();
      plane_.on_kept(order.exchange, order.id, bytes, "no", now_, effects_);
    } else if (!delivering_.empty()) {
      const CallId id = delivering_.front();
      delivering_.erase(delivering_.begin());
      if (rng_.below(4) == 0)
        return plane_.on_kept_unreadable(id, rng_.below(2) == 0, now_, effects_);
      call(FromQueue{id}, {{"idempotency-key", std::string(id)}});
    }
  }

  void check() {
    for (const Effect& effect : effects_) {
      if (const auto* settled = std::get_if<ExchangeSettled>(&effect)) {
        EXPECT_TRUE(settled_.insert(settled->exchange).second) << settled->exchange.value;
        open_.erase(settled->exchange);
      } else if (const auto* start = std::get_if<StartAttempt>(&effect)) {
        EXPECT_FALSE(settled_.contains(start->exchange));
        EXPECT_TRUE(open_.emplace(start->exchange, start->attempt).second) << "two at once";
      } else if (const auto* made_up = std::get_if<FabricateAnswer>(&effect)) {
        EXPECT_FALSE(settled_.contains(made_up->exchange));
        EXPECT_TRUE(open_.emplace(made_up->exchange, made_up->attempt).second) << "two at once";
      } else if (const auto* order = std::get_if<DeferCall>(&effect)) {
        EXPECT_FALSE(settled_.contains(order->exchange));
        deferring_.push_back(*order);
      } else if (const auto* accept = std::get_if<AcceptExchange>(&effect)) {
        EXPECT_FALSE(settled_.contains(accept->exchange));
        EXPECT_NE(plane_.deferrals().find(accept->deferred.view()), nullptr);
      } else if (const auto* deliver = std::get_if<DeliverCall>(&effect)) {
        delivering_.push_back(deliver->id);
      } else if (const auto* cancel = std::get_if<CancelAttempt>(&effect)) {
        EXPECT_EQ(open_.erase(cancel->exchange), 1U);
      } else if (const auto* relay = std::get_if<RelayAnswer>(&effect)) {
        EXPECT_FALSE(settled_.contains(relay->exchange));
      } else if (const auto* keep = std::get_if<KeepAnswer>(&effect)) {
        EXPECT_TRUE(kept_.insert(keep->exchange).second);
      } else if (const auto* forget = std::get_if<ForgetAnswer>(&effect)) {
        EXPECT_EQ(kept_.erase(forget->exchange), 1U);
      } else if (const auto* replay = std::get_if<ReplayAnswer>(&effect)) {
        EXPECT_TRUE(kept_.contains(replay->original));
      }
    }
    effects_.clear();
    EXPECT_LE(plane_.exchanges(), 20U);
    EXPECT_LE(plane_.deferrals().waiting(), 5U);
    EXPECT_LE(plane_.in_flight(), 3U);
  }

  base::Rng rng_;
  base::Instant now_ = base::Instant::from_nanoseconds(1);
  DataPlane plane_;
  Effects effects_;
  AgentDescriptor own_;
  std::uint64_t last_id_ = 0;
  std::set<ExchangeId> settled_;
  std::map<ExchangeId, std::uint32_t> open_;
  std::set<ExchangeId> kept_;
  std::vector<DeferCall> deferring_;
  std::vector<CallId> delivering_;
};

void run_all(const std::vector<Policy>& policies) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    RandomShell shell(seed, policies);
    for (int i = 0; i < 300; ++i) shell.step();
    shell.finish();
    if (testing::Test::HasFailure()) {
      FAIL() << "seed " << seed;
    }
  }
}

TEST(SettlesOnceTest, ForRandomWordsOfTheShell) {
  run_all({});
}

TEST(SettlesOnceTest, WithFaultsAndDeferral) {
  Policy policy;
  policy.deferral = Deferral{.age_max = std::chrono::minutes(1), .calls_max = 5};
  policy.idle_timeout = std::chrono::seconds(1);
  policy.faults = {{.share = 300'000,
                    .agent = "",
                    .delay = std::chrono::milliseconds(300),
                    .abort = std::nullopt,
                    .answer = std::nullopt},
                   {.share = 300'000,
                    .agent = "",
                    .delay = std::chrono::milliseconds(300),
                    .abort = 503,
                    .answer = std::nullopt},
                   {.share = 300'000, .agent = "", .abort = std::nullopt, .answer = "x"}};
  run_all({policy});
}

}  // namespace
}  // namespace mesh
