#include "node/whole_request.h"

#include "node/clock.h"

#include <asio/post.hpp>

#include <algorithm>
#include <utility>

namespace node {

class RequestCollector::Pending final : public transport::Receiver {
 public:
  Pending(RequestCollector& collector, std::uint64_t number, WholeRequest begun,
          std::unique_ptr<transport::Stream> its_stream)
      : request(std::move(begun)),
        stream(std::move(its_stream)),
        deadline(steady_now() + collector.options_.timeout),
        collector_(collector),
        number_(number) {}

  void on_response_head(transport::ResponseHead /*head*/) override {}  // we are the one who answers
  void on_data(base::ByteView bytes) override {
    if (over_) return;
    if (request.body.size() + bytes.size() > collector_.options_.body_bytes_max) {
      over_ = true;
      collector_.too_large_(std::move(stream));
      collector_.remove(number_);
      return;
    }
    request.body.insert(request.body.end(), bytes.begin(), bytes.end());
    stream->consumed(bytes.size());
    collector_.bytes_ += bytes.size();
    collector_.shed_bytes();
  }
  void on_end(transport::Headers /*trailers*/) override {
    if (!over_) collector_.finish(number_);
  }
  void on_failed(transport::StreamError /*error*/) override {
    if (!over_) collector_.remove(number_);
  }
  void on_writable() override {}

  // Nothing more is heard of it.
  void drop() {
    over_ = true;
    stream.reset();
  }

  WholeRequest request;
  std::unique_ptr<transport::Stream> stream;
  const base::Instant deadline;

 private:
  RequestCollector& collector_;
  const std::uint64_t number_;
  bool over_ = false;  // answered, waiting to be destroyed
};

RequestCollector::RequestCollector(asio::io_context& io, Options options, Whole whole,
                                   TooLarge too_large)
    : io_(io),
      options_(options),
      whole_(std::move(whole)),
      too_large_(std::move(too_large)),
      timer_(io) {}

RequestCollector::~RequestCollector() = default;

void RequestCollector::collect(transport::RequestHead head,
                               std::unique_ptr<transport::Stream> stream,
                               const transport::RequestOrigin& origin) {
  make_room(origin.peer);
  const std::uint64_t number = ++last_number_;
  transport::Stream& taken = *stream;
  auto pending = std::make_unique<Pending>(*this, number, WholeRequest{std::move(head), origin, {}},
                                           std::move(stream));
  taken.set_receiver(*pending);
  pending_.emplace(number, std::move(pending));
  arm();
}

void RequestCollector::make_room(const std::optional<base::NodeId>& peer) {
  const auto of_peer = [&](const auto& entry) { return entry.second->request.origin.peer == peer; };
  const auto share = static_cast<std::ptrdiff_t>(options_.requests_per_peer_max);
  if (peer && std::ranges::count_if(pending_, of_peer) >= share) {
    remove(std::ranges::find_if(pending_, of_peer)->first);
  } else if (pending_.size() >= options_.requests_max) {
    remove(pending_.begin()->first);
  }
}

void RequestCollector::shed_bytes() {
  while (bytes_ > options_.bytes_max && !pending_.empty()) remove(pending_.begin()->first);
}

// All have the same time, so the oldest is the next to be late.
void RequestCollector::arm() {
  if (armed_ || pending_.empty()) return;
  armed_ = true;
  timer_.expires_after(pending_.begin()->second->deadline - steady_now());
  timer_.async_wait([this](const std::error_code& error) {
    if (error) return;  // this is gone
    armed_ = false;
    const base::Instant now = steady_now();
    while (!pending_.empty() && pending_.begin()->second->deadline <= now) {
      remove(pending_.begin()->first);
    }
    arm();
  });
}

void RequestCollector::finish(std::uint64_t number) {
  Pending& pending = *pending_.at(number);
  bytes_ -= pending.request.body.size();
  WholeRequest request = std::move(pending.request);
  std::unique_ptr<transport::Stream> stream = std::move(pending.stream);
  stream->set_receiver(nobody_);
  remove(number);
  whole_(std::move(request), std::move(stream));
}

void RequestCollector::remove(std::uint64_t number) {
  const auto found = pending_.find(number);
  if (found == pending_.end()) return;
  bytes_ -= found->second->request.body.size();
  found->second->drop();
  // It is calling us right now: it may go only when this turn is over. Owned by the posted handler
  // alone, which asio may copy.
  asio::post(io_, [kept = std::shared_ptr<Pending>(std::move(found->second))] {});
  pending_.erase(found);
}

}  // namespace node
