#include "node/agent_prober.h"

#include <asio/post.hpp>
#include <asio/steady_timer.hpp>

#include <utility>

namespace node {

class AgentProber::Probe final : public transport::Receiver {
 public:
  Probe(AgentProber& prober, std::uint64_t number, base::Duration timeout)
      : prober_(prober), number_(number), timer_(prober.io_) {
    timer_.expires_after(timeout);
    timer_.async_wait([&prober, number](const std::error_code& error) {
      if (!error) prober.finish(number, std::nullopt);
    });
  }

  void on_response_head(transport::ResponseHead head) override {
    prober_.finish(number_, head.status);
  }
  void on_data(base::ByteView /*bytes*/) override {}
  void on_end(transport::Headers /*trailers*/) override {}
  void on_failed(transport::StreamError /*error*/) override {
    prober_.finish(number_, std::nullopt);
  }
  void on_writable() override {}

  std::unique_ptr<transport::Stream> stream;

 private:
  AgentProber& prober_;
  const std::uint64_t number_;
  asio::steady_timer timer_;
};

AgentProber::AgentProber(asio::io_context& io, transport::AgentClient& client)
    : io_(io), client_(client) {}

AgentProber::~AgentProber() = default;

void AgentProber::probe(const mesh::ProbeAgent& effect,
                        const std::optional<transport::AgentUrl>& agent) {
  auto [entry, added] =
      probes_.emplace(effect.probe, std::make_unique<Probe>(*this, effect.probe, effect.timeout));
  if (!added) return;
  if (!agent) {
    finish(effect.probe, std::nullopt);
    return;
  }
  transport::RequestHead head{.method = "GET",
                              .target = effect.target,
                              .authority = {},
                              .headers = {{"user-agent", "parley-health"}},
                              .body_size = 0};
  entry->second->stream =
      client_.open(*agent, std::move(head), *entry->second, {.connect_timeout = effect.timeout});
  entry->second->stream->send_end({});
}

void AgentProber::finish(std::uint64_t probe, std::optional<int> status) {
  const auto found = probes_.find(probe);
  if (found == probes_.end()) return;
  std::unique_ptr<Probe> ended = std::move(found->second);
  probes_.erase(found);
  ended->stream.reset();
  // It may be calling us right now; owned by the posted handler alone, which asio may copy.
  asio::post(io_, [kept = std::shared_ptr<Probe>(std::move(ended))] {});
  driver_->feed(kernel::ProbeAnswered{probe, status});
}

}  // namespace node
