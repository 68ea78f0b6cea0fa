// The PeerStreams that PeerLinks gives out: a thin cover of the link's own stream, and one that
// keeps head and body until there is a link.
#pragma once

#include "base/bytes.h"
#include "base/ids.h"
#include "base/time.h"
#include "transport/peer_links.h"
#include "transport/stream.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace transport {

// Over a link that is there.
class LinkStream final : public PeerStream {
 public:
  LinkStream(const base::NodeId& peer, std::unique_ptr<Stream> inner)
      : peer_(peer), inner_(std::move(inner)) {}

  [[nodiscard]] const base::NodeId* peer() const override { return &peer_; }
  void set_receiver(Receiver& receiver) override { inner_->set_receiver(receiver); }
  void send_response_head(ResponseHead head) override {
    inner_->send_response_head(std::move(head));
  }
  void send_data(base::ByteView bytes) override { inner_->send_data(bytes); }
  void send_end(Headers trailers) override { inner_->send_end(std::move(trailers)); }
  [[nodiscard]] std::size_t unsent() const override { return inner_->unsent(); }
  void consumed(std::size_t bytes) override { inner_->consumed(bytes); }

 private:
  const base::NodeId peer_;
  const std::unique_ptr<Stream> inner_;
};

class WaitingStream final : public PeerStream {
 public:
  WaitingStream(std::optional<base::NodeId> node, RequestHead head, Receiver& receiver,
                base::Instant deadline);
  ~WaitingStream() override;

  // Called when the user lets go of it before it was attached or failed.
  void on_gone(std::function<void(WaitingStream&)> forget) { forget_ = std::move(forget); }
  [[nodiscard]] const std::optional<base::NodeId>& wanted() const { return wanted_; }
  [[nodiscard]] base::Instant deadline() const { return deadline_; }

  // One of the two, once. The second tells the receiver, which may destroy this.
  void attach(const base::NodeId& peer,
              const std::function<std::unique_ptr<Stream>(RequestHead, Receiver&)>& open);
  void fail(StreamError error);

  [[nodiscard]] const base::NodeId* peer() const override { return peer_ ? &*peer_ : nullptr; }
  void set_receiver(Receiver& receiver) override;
  void send_response_head(ResponseHead head) override;
  void send_data(base::ByteView bytes) override;
  void send_end(Headers trailers) override;
  [[nodiscard]] std::size_t unsent() const override;
  void consumed(std::size_t bytes) override;

 private:
  std::optional<base::NodeId> wanted_;
  std::optional<base::NodeId> peer_;
  Receiver* receiver_;
  base::Instant deadline_;
  std::function<void(WaitingStream&)> forget_;
  std::unique_ptr<Stream> inner_;  // once there is a link
  bool failed_ = false;

  // Until then:
  RequestHead head_;
  base::Bytes body_;
  std::optional<Headers> end_;
};

}  // namespace transport
