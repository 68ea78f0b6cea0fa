#include "transport/peer_stream.h"

#include "base/check.h"

#include <utility>

namespace transport {

WaitingStream::WaitingStream(std::optional<base::NodeId> node, RequestHead head, Receiver& receiver,
                             base::Instant deadline)
    : wanted_(node), receiver_(&receiver), deadline_(deadline), head_(std::move(head)) {}

WaitingStream::~WaitingStream() {
  if (forget_) forget_(*this);
}

void WaitingStream::attach(
    const base::NodeId& peer,
    const std::function<std::unique_ptr<Stream>(RequestHead, Receiver&)>& open) {
  forget_ = nullptr;
  peer_ = peer;
  inner_ = open(std::move(head_), *receiver_);
  if (!body_.empty()) inner_->send_data(body_);
  body_ = {};
  if (end_) inner_->send_end(std::move(*end_));
}

void WaitingStream::fail(StreamError error) {
  forget_ = nullptr;
  failed_ = true;
  body_ = {};
  receiver_->on_failed(error);
}

// Only who answers sets a receiver or sends a head, and this asks.
void WaitingStream::set_receiver(Receiver& /*receiver*/) {
  CHECK(false);
}
void WaitingStream::send_response_head(ResponseHead /*head*/) {
  CHECK(false);
}

void WaitingStream::send_data(base::ByteView bytes) {
  if (inner_) return inner_->send_data(bytes);
  if (!failed_) body_.insert(body_.end(), bytes.begin(), bytes.end());
}

void WaitingStream::send_end(Headers trailers) {
  if (inner_) return inner_->send_end(std::move(trailers));
  end_ = std::move(trailers);
}

std::size_t WaitingStream::unsent() const {
  return inner_ ? inner_->unsent() : body_.size();
}

void WaitingStream::consumed(std::size_t bytes) {
  if (inner_) inner_->consumed(bytes);
}

}  // namespace transport
