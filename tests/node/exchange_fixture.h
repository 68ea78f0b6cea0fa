// An exchange between a caller and attempts that are written down, and a host that keeps what it is
// told. For tests only.
#pragma once

#include "node/exchange.h"
#include "tests/node/fake_stream.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace node {

inline constexpr mesh::ExchangeId id{7};

class FakeHost final : public Exchange::Host {
 public:
  void feed(kernel::Input input) override { inputs.push_back(std::move(input)); }
  std::unique_ptr<transport::Stream> open(const mesh::StartAttempt& /*effect*/,
                                          transport::RequestHead head,
                                          transport::Receiver& receiver) override {
    if (unreachable) return nullptr;
    heads.push_back(std::move(head));
    attempts.emplace_back();
    attempts.back().receiver = &receiver;
    return std::make_unique<FakeStream>(attempts.back());
  }
  void retire(mesh::ExchangeId /*exchange*/) override { retired = true; }
  void bury(std::unique_ptr<transport::Receiver> receiver) override {
    graveyard.push_back(std::move(receiver));
  }
  KeptAnswers& kept_answers() override { return kept; }
  void keep_call(mesh::ExchangeId /*exchange*/, KeptRequest request) override {
    kept_requests.push_back(std::move(request));
  }
  [[nodiscard]] base::Instant now() const override { return time; }
  void wake(mesh::ExchangeId /*exchange*/, base::Instant at) override { wakes.push_back(at); }

  template <class T>
  [[nodiscard]] std::size_t count() const {
    return static_cast<std::size_t>(std::count_if(
        inputs.begin(), inputs.end(), [](const auto& i) { return std::holds_alternative<T>(i); }));
  }

  bool unreachable = false;
  bool retired = false;
  std::vector<kernel::Input> inputs;
  std::vector<transport::RequestHead> heads;
  std::deque<StreamLog> attempts;
  std::vector<std::unique_ptr<transport::Receiver>> graveyard;
  KeptAnswers kept;
  base::Instant time = base::Instant::from_nanoseconds(1);
  std::vector<base::Instant> wakes;
  std::vector<KeptRequest> kept_requests;
};

class ExchangeTest : public testing::Test {
 protected:
  ExchangeTest()
      : exchange(id,
                 {.method = "POST",
                  .target = "/call/text.count",
                  .authority = "localhost",
                  .headers = {{"accept", "text/plain"}},
                  .body_size = std::nullopt},
                 "/call/text.count", std::make_unique<FakeStream>(caller), host) {}

  void start(std::uint32_t attempt, bool keep_body = true) {
    exchange.start({.exchange = id,
                    .attempt = attempt,
                    .to = mesh::ToAgent{"/count"},
                    .set = {{"parley-call", "c1"}},
                    .keep_body = keep_body,
                    .last = !keep_body});
  }
  StreamLog& attempt() { return host.attempts.back(); }
  void answer(std::optional<std::uint64_t> size) {
    attempt().receiver->on_response_head({.status = 200, .headers = {}, .body_size = size});
  }
  void relay(std::uint32_t number, bool hold) {
    exchange.relay({.exchange = id,
                    .attempt = number,
                    .set = {{"parley-attempts", "1"}},
                    .hold = hold,
                    .idle = std::nullopt});
  }
  static base::ByteView bytes(std::string_view text) { return base::as_bytes(text); }

  FakeHost host;
  StreamLog caller;
  Exchange exchange;
};

}  // namespace node
