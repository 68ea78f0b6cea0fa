#include "node/peer_gateway.h"

#include "tests/node/fake_stream.h"
#include "tests/node/lone_node.h"
#include "transport/peer_links.h"

#include <asio/post.hpp>
#include <gtest/gtest.h>

#include <deque>

namespace node {
namespace {

crypto::Identity identity_of(std::uint8_t number) {
  crypto::Seed seed;
  seed.bytes.fill(std::byte{number});
  return crypto::Identity::from_seed(seed);
}

// A gateway in front of a real kernel.
class PeerGatewayTest : public testing::Test, private EffectSink {
 protected:
  PeerGatewayTest() {
    gateway.connect(driver);
    driver.feed(kernel::Started{});
  }
  ~PeerGatewayTest() override { driver.stop(); }

  StreamLog& ask(std::string_view body) {
    io.poll();
    StreamLog& log = logs.emplace_back();
    gateway.on_request({.method = "POST",
                        .target = std::string(transport::ask_target),
                        .authority = {},
                        .headers = {},
                        .body_size = body.size()},
                       std::make_unique<FakeStream>(log),
                       {.remote = {}, .peer = identity_of(2).id()});
    log.receiver->on_data(base::as_bytes(body));
    log.receiver->on_end({});
    return log;
  }

  std::deque<StreamLog> logs;
  asio::io_context io{1};
  kernel::Kernel kernel{alone(), identity_of(1), {}, base::Rng(1)};
  Driver driver{io, kernel, *this};
  transport::AgentClient agent{io, {}};
  Exchanges exchanges{io, agent, [](const base::NodeId&) { return std::nullopt; },
                      [](std::string_view) { return false; }, [](mesh::ExchangeId, KeptRequest) {}};
  AgreementChannels channels{io,
                             {},
                             [](const base::NodeId&) { return std::nullopt; },
                             [](const base::NodeId&, base::Bytes) {}};
  PeerGateway gateway{io, exchanges, channels};

 private:
  void carry_out(kernel::Effect effect) override {
    if (const auto* persist = std::get_if<kernel::Persist>(&effect)) {
      asio::post(io, [this, epoch = persist->epoch] { driver.persisted(epoch); });
    }
    const auto* answer = std::get_if<kernel::AnswerPeer>(&effect);
    if (answer != nullptr) gateway.answer_question(answer->question, answer->body);
  }
  void on_disk_late(std::uint64_t /*epoch*/) override {}
};

TEST_F(PeerGatewayTest, AnswersWhatIsNoQuestion) {
  const StreamLog& log = ask("no question");
  ASSERT_TRUE(log.head.has_value());
  EXPECT_EQ(log.head->status, 400);
  EXPECT_TRUE(log.ended);
  EXPECT_EQ(kernel.undecodable(), 1U);
}

}  // namespace
}  // namespace node
