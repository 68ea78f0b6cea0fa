// Streams of decisions that clients hold open (text/event-stream). Each has its place and is sent
// what follows as fast as it reads: one that is slow waits at its place, holds no more than a
// stream's buffer, and is let go when it has taken nothing for a minute.
#pragma once

#include "api/http.h"
#include "api/view.h"
#include "base/time.h"
#include "node/agreement_disk.h"
#include "transport/stream.h"

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>

namespace node {

class DecisionFeeds {
 public:
  struct Options {
    std::size_t feeds_max = 64;
    std::size_t events_at_once = 64;
    base::Duration keep_alive = std::chrono::seconds(15);
    base::Duration stalled_max = std::chrono::seconds(60);
  };
  using Ask = std::function<api::Response(const api::View&)>;
  using Look = std::function<api::Response(const Ask&)>;

  DecisionFeeds(asio::io_context& io, Options options, AgreementDisk* disk, Look look);
  ~DecisionFeeds();
  DecisionFeeds(const DecisionFeeds&) = delete;
  DecisionFeeds& operator=(const DecisionFeeds&) = delete;

  void open(const api::DecisionFeed& from, std::unique_ptr<transport::Stream> stream);
  // Something was decided.
  void on_decided();
  // No callback follows.
  void shut_down();

  [[nodiscard]] std::size_t size() const { return feeds_.size(); }

 private:
  class Feed;

  void pump(Feed& feed);
  void read_archive(std::uint64_t id, Feed& feed);
  void close(std::uint64_t id);  // later: it may be calling us right now
  void arm();
  void on_time();

  asio::io_context& io_;
  const Options options_;
  AgreementDisk* const disk_;
  const Look look_;
  std::map<std::uint64_t, std::unique_ptr<Feed>> feeds_;
  std::uint64_t ids_ = 0;
  asio::steady_timer timer_;
  bool armed_ = false;
  bool pumping_ = false;  // a turn is posted
};

}  // namespace node
