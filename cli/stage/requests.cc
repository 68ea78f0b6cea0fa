#include "cli/stage/requests.h"

#include <asio/post.hpp>
#include <asio/steady_timer.hpp>

#include <system_error>
#include <utility>

namespace cli::stage {

class Requests::Pending final : public transport::Receiver {
 public:
  Pending(Requests& requests, std::uint64_t number, base::Duration patience, Done done)
      : requests_(requests), number_(number), timer_(requests.loop_), done_(std::move(done)) {
    timer_.expires_after(patience);
    timer_.async_wait([&requests, number](const std::error_code& error) {
      if (!error) requests.finish(number, {});
    });
  }

  void on_response_head(transport::ResponseHead head) override {
    answer_.status = head.status;
    answer_.headers = std::move(head.headers);
  }
  void on_data(base::ByteView bytes) override {
    answer_.body.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    stream->consumed(bytes.size());
  }
  void on_end(transport::Headers /*trailers*/) override {
    requests_.finish(number_, std::move(answer_));
  }
  void on_failed(transport::StreamError /*error*/) override { requests_.finish(number_, {}); }
  void on_writable() override {}

  void done(WholeAnswer answer) { done_(std::move(answer)); }

  std::unique_ptr<transport::Stream> stream;

 private:
  Requests& requests_;
  const std::uint64_t number_;
  asio::steady_timer timer_;
  Done done_;
  WholeAnswer answer_;
};

Requests::Requests(asio::io_context& loop)
    : loop_(loop), client_(loop, {.connections_max = 4096, .idle_max = 256}) {}

Requests::~Requests() = default;

std::uint64_t Requests::send(const transport::AgentUrl& url, Request request,
                             base::Duration patience, Done done) {
  const std::uint64_t number = ++last_number_;
  auto& pending =
      *pending_.emplace(number, std::make_unique<Pending>(*this, number, patience, std::move(done)))
           .first->second;
  transport::RequestHead head{.method = std::move(request.method),
                              .target = std::move(request.target),
                              .authority = {},
                              .headers = std::move(request.headers),
                              .body_size = 0};
  pending.stream = client_.open(url, std::move(head), pending, {.connect_timeout = patience});
  pending.stream->send_end({});
  return number;
}

void Requests::cancel(std::uint64_t number) {
  pending_.erase(number);
}

void Requests::finish(std::uint64_t number, WholeAnswer answer) {
  auto entry = pending_.extract(number);
  if (entry.empty()) return;
  // It may be calling us right now; owned by the posted handler alone, which asio may copy.
  asio::post(loop_, [kept = std::shared_ptr<Pending>(std::move(entry.mapped())),
                     whole = std::move(answer)]() mutable {
    kept->stream.reset();
    kept->done(std::move(whole));
  });
}

}  // namespace cli::stage
