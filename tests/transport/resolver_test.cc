#include "transport/resolver.h"

#include "tests/transport/loopback.h"

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>

#include <atomic>
#include <future>

namespace transport {
namespace {

using Resolved = Resolver::Resolved;

const base::Endpoint found = base::Endpoint::v4({10, 0, 0, 1}, 7400);

class ResolverTest : public testing::Test {
 protected:
  using Result = std::shared_ptr<std::optional<Resolved>>;

  void make(ResolverOptions options) {
    resolver = std::make_unique<Resolver>(
        loop, options,
        [count = lookups, opened = gate_opened](const std::string& host, std::uint16_t) {
          ++*count;
          if (host == "hanging") opened.wait();
          return Resolved(Resolver::Endpoints{found});
        });
  }
  static asio::awaitable<void> resolve_into(Resolver& resolver, std::string text,
                                            base::Duration timeout, Result result) {
    result->emplace(co_await resolver.resolve(std::move(text), timeout));
  }
  Result begin(std::string text, base::Duration timeout = std::chrono::seconds(10)) {
    auto result = std::make_shared<std::optional<Resolved>>();
    asio::co_spawn(loop, resolve_into(*resolver, std::move(text), timeout, result), asio::detached);
    return result;
  }
  Resolved ask(std::string text, base::Duration timeout = std::chrono::seconds(10)) {
    const Result result = begin(std::move(text), timeout);
    EXPECT_TRUE(run_until(loop, [&] { return result->has_value(); }));
    return **result;
  }

  // With the threads, which outlive the resolver.
  std::shared_ptr<std::atomic<int>> lookups = std::make_shared<std::atomic<int>>(0);
  std::promise<void> gate;
  std::shared_future<void> gate_opened = gate.get_future().share();
  asio::io_context loop{1};
  std::unique_ptr<Resolver> resolver;
};

TEST_F(ResolverTest, NumbersAndLocalhostNeedNoLookup) {
  make({});
  EXPECT_EQ(ask("127.0.0.1:80").value(), std::vector{base::Endpoint::v4({127, 0, 0, 1}, 80)});
  EXPECT_EQ(ask("[::1]:443").value(), std::vector{*base::Endpoint::parse("[::1]:443")});
  const std::vector<base::Endpoint> here = {base::Endpoint::v4({127, 0, 0, 1}, 7400),
                                            *base::Endpoint::parse("[::1]:7400")};
  EXPECT_EQ(ask("localhost:7400").value(), here);
  EXPECT_EQ(ask("Agent.LocalHost.:7400").value(), here);
  for (const char* text : {"", "a", ":80", "a:", "a:x", "a:65536"}) {
    EXPECT_FALSE(ask(text).has_value()) << text;
  }
  EXPECT_EQ(*lookups, 0);
}

TEST_F(ResolverTest, ALookupThatHangsHoldsUpNobodyForLongerThanItsTimeout) {
  make({});
  const auto hanging = begin("hanging:80", std::chrono::milliseconds(20));
  const auto patient = begin("hanging:80");
  EXPECT_EQ(ask("other:7400").value(), std::vector{found});
  ASSERT_TRUE(run_until(loop, [&] { return hanging->has_value(); }));
  EXPECT_EQ((*hanging)->error(), std::errc::timed_out);
  EXPECT_FALSE(patient->has_value());
  EXPECT_EQ(*lookups, 2);  // one for both who want the same
}

TEST_F(ResolverTest, AnswersThatCameLateAreThereForTheNext) {
  make({});
  EXPECT_FALSE(ask("hanging:80", std::chrono::milliseconds(1)).has_value());
  const auto patient = begin("hanging:80");
  gate.set_value();
  ASSERT_TRUE(run_until(loop, [&] { return patient->has_value(); }));
  EXPECT_EQ((*patient)->value(), std::vector{found});
  EXPECT_EQ(ask("hanging:80").value(), std::vector{found});
  EXPECT_EQ(*lookups, 1);
}

TEST_F(ResolverTest, RemembersANameUntilItIsForgotten) {
  make({});
  EXPECT_TRUE(ask("a:80").has_value());
  EXPECT_TRUE(ask("a:80").has_value());
  EXPECT_EQ(*lookups, 1);
  resolver->forget("a", 80);
  EXPECT_TRUE(ask("a:80").has_value());
  EXPECT_EQ(*lookups, 2);
  make({.kept_for = base::Duration::zero()});
  EXPECT_TRUE(ask("a:80").has_value());
  EXPECT_TRUE(ask("a:80").has_value());
  EXPECT_EQ(*lookups, 4);
}

TEST_F(ResolverTest, LooksUpSoManyAtOnceAndNoMore) {
  make({.running_max = 1, .names_max = 2});
  const auto first = begin("hanging:80");
  const auto second = begin("b:80", std::chrono::milliseconds(20));
  EXPECT_EQ(ask("c:80").error(), std::errc::resource_unavailable_try_again);
  ASSERT_TRUE(run_until(loop, [&] { return second->has_value(); }));
  EXPECT_EQ((*second)->error(), std::errc::timed_out);
  EXPECT_EQ(*lookups, 1);
}

TEST_F(ResolverTest, MayGoWhileALookupHangs) {
  make({});
  const auto waiting = begin("hanging:80", std::chrono::milliseconds(20));
  ASSERT_TRUE(run_until(loop, [&] { return *lookups == 1; }));
  resolver.reset();
  ASSERT_TRUE(run_until(loop, [&] { return waiting->has_value(); }));
  EXPECT_EQ((*waiting)->error(), std::errc::timed_out);
}

}  // namespace
}  // namespace transport
