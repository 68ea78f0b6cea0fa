#include "node/agreement_channels.h"

#include "transport/steady_clock.h"

#include <asio/post.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <system_error>
#include <utility>

namespace node {

namespace {

constexpr std::size_t length_bytes = 4;
constexpr base::Duration sweep_period = std::chrono::seconds(5);

std::array<std::byte, length_bytes> length_of(std::size_t size) {
  std::array<std::byte, length_bytes> out{};
  for (std::size_t i = 0; i < length_bytes; ++i)
    out.at(i) = static_cast<std::byte>(size >> (8 * i));
  return out;
}

}  // namespace

class AgreementChannels::Outgoing final : public transport::Receiver {
 public:
  Outgoing(AgreementChannels& channels, const base::NodeId& peer)
      : channels_(channels), peer_(peer) {}

  void start(std::unique_ptr<transport::Stream> stream) { stream_ = std::move(stream); }
  bool send(base::ByteView frame) {
    if (stream_->unsent() + frame.size() > channels_.options_.unsent_bytes_max) return false;
    stream_->send_data(length_of(frame.size()));
    stream_->send_data(frame);
    used = transport::steady_now();
    return true;
  }

  void send_end() { stream_->send_end({}); }

  // An answer of any kind is the end: the other side takes no frames.
  void on_response_head(transport::ResponseHead /*head*/) override { end(); }
  void on_data(base::ByteView /*bytes*/) override {}
  void on_end(transport::Headers /*trailers*/) override { end(); }
  void on_failed(transport::StreamError /*error*/) override { end(); }
  void on_writable() override {}

  base::Instant used = transport::steady_now();

 private:
  void end() {
    channels_.broken_[peer_] = transport::steady_now() + channels_.options_.retry_after;
    channels_.end(channels_.outgoing_, peer_, this);
  }

  AgreementChannels& channels_;
  const base::NodeId peer_;
  std::unique_ptr<transport::Stream> stream_;
};

class AgreementChannels::Incoming final : public transport::Receiver {
 public:
  Incoming(AgreementChannels& channels, const base::NodeId& peer,
           std::unique_ptr<transport::Stream> stream)
      : channels_(channels), peer_(peer), stream_(std::move(stream)) {}

  void start() { stream_->set_receiver(*this); }

  void on_response_head(transport::ResponseHead /*head*/) override {}
  void on_data(base::ByteView bytes) override {
    used = transport::steady_now();
    stream_->consumed(bytes.size());
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    while (take_frame()) {
    }
  }
  void on_end(transport::Headers /*trailers*/) override { end(); }
  void on_failed(transport::StreamError /*error*/) override { end(); }
  void on_writable() override {}

  base::Instant used = transport::steady_now();

 private:
  // False: there is none, or this channel is over.
  bool take_frame() {
    if (over_ || bytes_.size() < length_bytes) return false;
    std::size_t length = 0;
    for (std::size_t i = 0; i < length_bytes; ++i) {
      length |= std::to_integer<std::size_t>(bytes_[i]) << (8 * i);
    }
    if (length > channels_.options_.frame_bytes_max) {
      end();
      return false;
    }
    if (bytes_.size() < length_bytes + length) return false;
    const auto first = bytes_.begin() + length_bytes;
    const auto last = first + static_cast<std::ptrdiff_t>(length);
    base::Bytes frame(first, last);
    bytes_.erase(bytes_.begin(), last);
    channels_.arrived_(peer_, std::move(frame));
    return true;
  }
  void end() {
    if (std::exchange(over_, true)) return;
    channels_.end(channels_.incoming_, peer_, this);
  }

  AgreementChannels& channels_;
  const base::NodeId peer_;
  std::unique_ptr<transport::Stream> stream_;
  base::Bytes bytes_;  // at most a frame and what came with it
  bool over_ = false;
};

AgreementChannels::AgreementChannels(asio::io_context& io, Options options, Lookup lookup,
                                     Arrived arrived)
    : io_(io),
      options_(options),
      lookup_(std::move(lookup)),
      arrived_(std::move(arrived)),
      timer_(io) {}

AgreementChannels::~AgreementChannels() = default;

void AgreementChannels::send(const base::NodeId& to, base::ByteView frame) {
  if (draining_) {
    ++dropped_;
    return;
  }
  auto found = outgoing_.find(to);
  if (found == outgoing_.end()) {
    const auto broken = broken_.find(to);
    const bool too_soon = broken != broken_.end() && transport::steady_now() < broken->second;
    const auto at = too_soon ? std::nullopt : lookup_(to);
    if (!at || outgoing_.size() >= options_.channels_max) {
      ++dropped_;
      return;
    }
    broken_.erase(to);
    found = outgoing_.emplace(to, std::make_unique<Outgoing>(*this, to)).first;
    transport::RequestHead head{.method = "POST",
                                .target = std::string(agreement_target),
                                .authority = {},
                                .headers = {},
                                .body_size = std::nullopt};
    found->second->start(
        links_->open(to, *at, std::move(head), *found->second, options_.connect_timeout));
    arm();
  }
  if (!found->second->send(frame)) ++dropped_;
}

void AgreementChannels::accept(const base::NodeId& from,
                               std::unique_ptr<transport::Stream> stream) {
  if (draining_) return;
  const auto found = incoming_.find(from);
  if (found == incoming_.end() && incoming_.size() >= options_.channels_max) return;
  if (found != incoming_.end()) end(incoming_, from, found->second.get());
  auto channel = std::make_unique<Incoming>(*this, from, std::move(stream));
  Incoming& started = *channel;
  incoming_[from] = std::move(channel);
  started.start();
  arm();
}

// Each goes once the other side has heard of its end; theirs need not be waited for.
void AgreementChannels::drain() {
  if (std::exchange(draining_, true)) return;
  for (const auto& [peer, channel] : outgoing_) channel->send_end();
  incoming_.clear();
}

void AgreementChannels::shut_down() {
  outgoing_.clear();
  incoming_.clear();
  timer_.cancel();
}

// It may be calling us right now; owned by the posted handler alone, which asio may copy.
template <class Channels>
void AgreementChannels::end(Channels& channels, const base::NodeId& peer, const void* which) {
  const auto found = channels.find(peer);
  if (found == channels.end() || found->second.get() != which) return;
  using Channel = typename Channels::mapped_type::element_type;
  asio::post(io_, [kept = std::shared_ptr<Channel>(std::move(found->second))] {});
  channels.erase(found);
}

void AgreementChannels::arm() {
  if (std::exchange(armed_, true)) return;
  timer_.expires_after(sweep_period);
  timer_.async_wait([this](const std::error_code& error) {
    if (error) return;
    armed_ = false;
    sweep();
  });
}

void AgreementChannels::sweep() {
  const base::Instant now = transport::steady_now();
  const auto idle = [&](const auto& entry) {
    return now - entry.second->used > options_.idle_timeout;
  };
  std::erase_if(outgoing_, idle);
  std::erase_if(incoming_, idle);
  std::erase_if(broken_, [&](const auto& entry) { return entry.second < now; });
  if (!outgoing_.empty() || !incoming_.empty()) arm();
}

}  // namespace node
