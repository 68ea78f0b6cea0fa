#include "node/whole_request.h"

#include <asio/post.hpp>

#include <utility>

namespace node {

class RequestCollector::Pending final : public transport::Receiver {
 public:
  Pending(RequestCollector& collector, std::uint64_t number, WholeRequest begun,
          std::unique_ptr<transport::Stream> its_stream)
      : request(std::move(begun)),
        stream(std::move(its_stream)),
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
  }
  void on_end(transport::Headers /*trailers*/) override {
    if (!over_) collector_.finish(number_);
  }
  void on_failed(transport::StreamError /*error*/) override {
    if (!over_) collector_.remove(number_);
  }
  void on_writable() override {}

  WholeRequest request;
  std::unique_ptr<transport::Stream> stream;

 private:
  RequestCollector& collector_;
  const std::uint64_t number_;
  bool over_ = false;  // answered, waiting to be destroyed
};

RequestCollector::RequestCollector(asio::io_context& io, Options options, Whole whole,
                                   TooLarge too_large)
    : io_(io), options_(options), whole_(std::move(whole)), too_large_(std::move(too_large)) {}

RequestCollector::~RequestCollector() = default;

void RequestCollector::collect(transport::RequestHead head,
                               std::unique_ptr<transport::Stream> stream,
                               const transport::RequestOrigin& origin) {
  if (pending_.size() >= options_.requests_max) return;  // the stream goes, and with it the request
  const std::uint64_t number = ++last_number_;
  transport::Stream& taken = *stream;
  auto pending = std::make_unique<Pending>(*this, number, WholeRequest{std::move(head), origin, {}},
                                           std::move(stream));
  taken.set_receiver(*pending);
  pending_.emplace(number, std::move(pending));
}

void RequestCollector::finish(std::uint64_t number) {
  Pending& pending = *pending_.at(number);
  WholeRequest request = std::move(pending.request);
  std::unique_ptr<transport::Stream> stream = std::move(pending.stream);
  stream->set_receiver(nobody_);
  remove(number);
  whole_(std::move(request), std::move(stream));
}

void RequestCollector::remove(std::uint64_t number) {
  const auto found = pending_.find(number);
  if (found == pending_.end()) return;
  // It is calling us right now: it may go only when this turn is over. Owned by the posted handler
  // alone, which asio may copy.
  asio::post(io_, [kept = std::shared_ptr<Pending>(std::move(found->second))] {});
  pending_.erase(found);
}

}  // namespace node
