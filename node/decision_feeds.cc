#include "node/decision_feeds.h"

#include "api/decision_feed.h"
#include "api/problem.h"
#include "base/bytes.h"
#include "node/http_answer.h"
#include "transport/steady_clock.h"

#include <asio/post.hpp>

#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace node {

class DecisionFeeds::Feed final : public transport::Receiver {
 public:
  Feed(DecisionFeeds& feeds, std::uint64_t number, const api::DecisionFeed& from,
       std::unique_ptr<transport::Stream> stream)
      : at(from), id(number), feeds_(feeds), stream_(std::move(stream)) {}

  void start() {
    stream_->send_response_head(
        {.status = 200,
         .headers = {{"content-type", "text/event-stream"}, {"cache-control", "no-store"}},
         .body_size = std::nullopt});
    send(": from here on\n\n");
    stream_->set_receiver(*this);
  }
  void send(const std::string& text) { stream_->send_data(base::as_bytes(text)); }
  void end() { stream_->send_end({}); }
  [[nodiscard]] std::size_t unsent() const { return stream_->unsent(); }

  void on_response_head(transport::ResponseHead /*head*/) override {}
  void on_data(base::ByteView bytes) override { stream_->consumed(bytes.size()); }
  void on_end(transport::Headers /*trailers*/) override {}
  void on_failed(transport::StreamError /*error*/) override { feeds_.close(id); }
  void on_writable() override { feeds_.pump(*this); }

  api::DecisionFeed at;
  const std::uint64_t id;
  bool reading = false;       // from the archive
  std::size_t stuck_at = 0;   // unsent bytes, when they were last looked at
  base::Instant stuck_since;  // and since when they did not get less

 private:
  DecisionFeeds& feeds_;
  const std::unique_ptr<transport::Stream> stream_;
};

DecisionFeeds::DecisionFeeds(asio::io_context& io, Options options, AgreementDisk* disk, Look look)
    : io_(io), options_(options), disk_(disk), look_(std::move(look)), timer_(io) {}

DecisionFeeds::~DecisionFeeds() = default;

void DecisionFeeds::open(const api::DecisionFeed& from, std::unique_ptr<transport::Stream> stream) {
  if (feeds_.size() >= options_.feeds_max) {
    return answer(*stream, api::problem(503, "overloaded",
                                        "this node serves as many streams of decisions as it may; "
                                        "ask another node"));
  }
  const std::uint64_t id = ++ids_;
  Feed& feed =
      *feeds_.emplace(id, std::make_unique<Feed>(*this, id, from, std::move(stream))).first->second;
  feed.start();
  pump(feed);
  arm();
}

// In a turn of its own: decisions come in the middle of one of the kernel's.
void DecisionFeeds::on_decided() {
  if (feeds_.empty() || std::exchange(pumping_, true)) return;
  asio::post(io_, [this] {
    pumping_ = false;
    for (const auto& [id, feed] : feeds_) pump(*feed);
  });
}

void DecisionFeeds::pump(Feed& feed) {
  while (!feed.reading && feed.unsent() < transport::Stream::high_water) {
    api::FeedPart part;
    static_cast<void>(look_([&](const api::View& view) {
      part = api::next_events(view, feed.at, options_.events_at_once);
      return api::Response{};
    }));
    if (!part.text.empty()) feed.send(part.text);
    if (part.from_archive) return read_archive(feed.id, feed);
    if (part.text.empty()) return;
  }
}

void DecisionFeeds::read_archive(std::uint64_t id, Feed& feed) {
  feed.reading = true;
  disk_->read_range(feed.at.height, [this, id](const std::vector<kernel::StoredDecision>& blocks) {
    const auto found = feeds_.find(id);
    if (found == feeds_.end()) return;
    Feed& reader = *found->second;
    reader.reading = false;
    std::string text;
    static_cast<void>(look_([&](const api::View& view) {
      text = api::archived_events(view, reader.at, blocks);
      return api::Response{};
    }));
    if (!text.empty()) reader.send(text);
    pump(reader);
  });
}

void DecisionFeeds::close(std::uint64_t id) {
  asio::post(io_, [this, id] { feeds_.erase(id); });
}

void DecisionFeeds::arm() {
  if (std::exchange(armed_, true)) return;
  timer_.expires_after(options_.keep_alive);
  timer_.async_wait([this](const std::error_code& error) {
    if (error) return;
    armed_ = false;
    on_time();
  });
}

// Life signs, so that both sides notice when the other is gone.
void DecisionFeeds::on_time() {
  const base::Instant now = transport::steady_now();
  for (auto at = feeds_.begin(); at != feeds_.end();) {
    Feed& feed = *at->second;
    const std::size_t unsent = feed.unsent();
    if (unsent == 0) feed.send(": still here\n\n");
    if (unsent == 0 || unsent < feed.stuck_at) feed.stuck_since = now;
    if (feed.stuck_at == 0) feed.stuck_since = now;
    feed.stuck_at = unsent;
    const bool stalled = unsent > 0 && now - feed.stuck_since > options_.stalled_max;
    at = stalled ? feeds_.erase(at) : std::next(at);
  }
  if (!feeds_.empty()) arm();
}

void DecisionFeeds::shut_down() {
  for (const auto& [id, feed] : feeds_) feed->end();
  feeds_.clear();
  timer_.cancel();
}

}  // namespace node
