#include "transport/peer_ask.h"

#include "base/check.h"

#include <utility>

namespace transport {

PeerAsk::PeerAsk(std::size_t bytes_max, base::Instant deadline,
                 std::function<void(PeerLinks::Answer)> callback,
                 std::function<void(PeerAsk&)> finished)
    : bytes_max_(bytes_max),
      deadline_(deadline),
      callback_(std::move(callback)),
      finished_(std::move(finished)) {}

void PeerAsk::start(std::unique_ptr<PeerStream> stream, base::ByteView body) {
  stream_ = std::move(stream);
  stream_->send_data(body);
  stream_->send_end({});
}

void PeerAsk::fail(StreamError error) {
  finish(base::Unexpected{error});
}

void PeerAsk::on_response_head(ResponseHead head) {
  if (head.status != 200) return fail(StreamError::refused);
  if (head.body_size.value_or(0) > bytes_max_) return fail(StreamError::protocol_error);
}

void PeerAsk::on_data(base::ByteView bytes) {
  if (bytes.size() > bytes_max_ - answer_.size()) return fail(StreamError::protocol_error);
  answer_.insert(answer_.end(), bytes.begin(), bytes.end());
  stream_->consumed(bytes.size());
}

void PeerAsk::on_end(Headers /*trailers*/) {
  CHECK(stream_->peer() != nullptr);
  finish(std::pair(*stream_->peer(), std::move(answer_)));
}

void PeerAsk::on_failed(StreamError error) {
  fail(error);
}

void PeerAsk::finish(PeerLinks::Answer answer) {
  stream_.reset();
  const auto callback = std::exchange(callback_, nullptr);
  const auto finished = std::exchange(finished_, nullptr);
  callback(std::move(answer));
  finished(*this);
}

}  // namespace transport
