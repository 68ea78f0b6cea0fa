// What the tests of streams share: a receiver that remembers, services that echo or wait, nodes on
// one loop, and a loop that runs until something is so.
#pragma once

#include "base/bytes.h"
#include "crypto/identity.h"
#include "transport/http2_connection.h"
#include "transport/peer_links.h"
#include "transport/service.h"
#include "transport/stream.h"

#include <asio/io_context.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

// Other tests of this folder have echoes and collectors of their own.
namespace transport::link_fixture {

// Runs the loop until `is_so`; false if that does not come in time.
inline bool run_until(asio::io_context& loop, const std::function<bool()>& is_so) {
  const auto watchdog = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  loop.restart();
  while (!is_so()) {
    if (std::chrono::steady_clock::now() > watchdog) return false;
    if (loop.run_one_for(std::chrono::milliseconds(100)) == 0) loop.restart();
  }
  return true;
}

inline crypto::Identity identity_of(std::uint8_t number) {
  crypto::Seed seed;
  seed.bytes.fill(std::byte{number});
  return crypto::Identity::from_seed(seed);
}
inline base::MeshId mesh_of(std::uint8_t number) {
  base::MeshId mesh;
  mesh.bytes.fill(std::byte{number});
  return mesh;
}

struct Collector : Receiver {
  std::optional<ResponseHead> head;
  base::Bytes body;
  std::optional<Headers> trailers;
  std::optional<StreamError> error;
  int writable = 0;
  bool consume = true;
  std::size_t held = 0;  // not consumed
  Stream* stream = nullptr;
  std::function<void()> after_data;

  void on_response_head(ResponseHead given) override { head = std::move(given); }
  void on_data(base::ByteView bytes) override {
    body.insert(body.end(), bytes.begin(), bytes.end());
    if (consume) {
      stream->consumed(bytes.size());
    } else {
      held += bytes.size();
    }
    if (after_data) after_data();
  }
  void on_end(Headers given) override { trailers = std::move(given); }
  void on_failed(StreamError given) override { error = given; }
  void on_writable() override { ++writable; }
  [[nodiscard]] bool done() const { return trailers || error; }
};

// Answers with what it is sent, and with a trailer.
class EchoService : public Service {
 public:
  struct Exchange final : Receiver {
    EchoService* service = nullptr;
    std::unique_ptr<Stream> stream;
    RequestHead head;
    RequestOrigin origin;
    std::size_t received = 0;
    std::size_t owed = 0;  // echoed only when there is room

    void on_response_head(ResponseHead /*head*/) override { FAIL() << "we answer"; }
    void on_data(base::ByteView bytes) override {
      received += bytes.size();
      if (service->consumes) {
        stream->consumed(bytes.size());
        stream->send_data(bytes);
      } else {
        owed += bytes.size();
      }
    }
    void on_end(Headers /*trailers*/) override {
      stream->send_end({{.name = "x-count", .value = std::to_string(received)}});
      if (service->forgets) stream.reset();
    }
    void on_failed(StreamError error) override { service->failures.push_back(error); }
    void on_writable() override {}
  };

  void on_request(RequestHead head, std::unique_ptr<Stream> stream,
                  const RequestOrigin& origin) override {
    Exchange& exchange = exchanges.emplace_back();
    exchange.service = this;
    exchange.stream = std::move(stream);
    exchange.head = std::move(head);
    exchange.origin = origin;
    if (!accepts) return;
    exchange.stream->set_receiver(exchange);
    if (exchange.head.method == "REFUSE") {
      exchange.stream.reset();
      return;
    }
    exchange.stream->send_response_head({.status = 200,
                                         .headers = {{.name = "x-echo", .value = "yes"}},
                                         .body_size = std::nullopt});
  }

  bool accepts = true;
  bool consumes = true;
  bool forgets = true;
  std::list<Exchange> exchanges;
  std::vector<StreamError> failures;
};

inline RequestHead request(std::string method = "POST", std::string target = "/echo") {
  return {.method = std::move(method),
          .target = std::move(target),
          .authority = "node",
          .headers = {{.name = "x-test", .value = "1"}},
          .body_size = std::nullopt};
}

struct TestNode {
  explicit TestNode(asio::io_context& loop, std::uint8_t number, PeerLinksOptions options = {},
                    std::uint8_t mesh = 1)
      : identity(identity_of(number)),
        links(std::make_unique<PeerLinks>(
            loop, identity, mesh_of(mesh), service,
            PeerLinksHooks{
                .wall_clock = [this] { return clock; },
                .admit = [this](const auto&) { return admits; },
                .on_link_lost = [this](const auto& id) { lost.push_back(id); },
                .on_handshake_failed = [this](const auto& text) { texts.push_back(text); },
            },
            options)) {}

  const base::NodeId& id() const { return identity.id(); }
  base::Endpoint listen() {
    auto bound = links->listen(base::Endpoint::v4({127, 0, 0, 1}, 0), {});
    EXPECT_TRUE(bound.has_value());
    return *bound;
  }
  std::unique_ptr<PeerStream> open(const std::optional<base::NodeId>& node,
                                   const base::Endpoint& at, Collector& receiver,
                                   RequestHead head = request()) {
    auto stream = links->open(node, at, std::move(head), receiver, std::chrono::seconds(5));
    receiver.stream = stream.get();
    return stream;
  }

  base::WallTime clock{1'700'000'000'000};
  bool admits = true;
  std::vector<base::NodeId> lost;
  std::vector<std::string> texts;
  crypto::Identity identity;
  EchoService service;
  std::unique_ptr<PeerLinks> links;
};

}  // namespace transport::link_fixture
