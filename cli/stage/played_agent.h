// An agent that this process plays for a real node: it answers HTTP on a port of its own, as a
// script says. All of it runs on the loop's one thread.
#pragma once

#include "base/endpoint.h"
#include "base/headers.h"
#include "base/result.h"
#include "node/whole_request.h"
#include "transport/http_listener.h"

#include <asio/io_context.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

namespace cli::stage {

// Whoever waits for an answer. An agent stops its work when nobody does any more.
class Asker {
 public:
  [[nodiscard]] bool gone() const { return gone_; }
  // What to stop when it goes; replaces what was there.
  void when_gone(std::function<void()> stop) { stop_ = std::move(stop); }
  void go() {
    gone_ = true;
    if (const auto stop = std::exchange(stop_, nullptr)) stop();
  }

 private:
  bool gone_ = false;
  std::function<void()> stop_;
};

struct PlayedRequest {
  std::string method;
  std::string target;
  base::Headers headers;
  std::string body;
  std::shared_ptr<Asker> asker;
};

struct PlayedAnswer {
  int status = 200;
  base::Headers headers;
  std::string body;
  bool breaks = false;  // instead of an answer the connection ends
};

class PlayedAgent final : public transport::Service {
 public:
  // Called once, now or later, on the loop; harmless when the asker left in the meantime.
  using Answer = std::function<void(PlayedAnswer)>;
  using Script = std::function<void(PlayedRequest, Answer)>;

  PlayedAgent(asio::io_context& loop, Script script);
  // Every Answer that is still to be called is gone by then.
  ~PlayedAgent() override;

  // Serves from now on, at a port of 127.0.0.1 that the system picks.
  [[nodiscard]] base::Result<void, std::string> listen();
  [[nodiscard]] std::string url() const;

 private:
  void on_request(transport::RequestHead head, std::unique_ptr<transport::Stream> stream,
                  const transport::RequestOrigin& origin) override;
  class Open;
  void on_whole(node::WholeRequest request, std::unique_ptr<transport::Stream> stream);
  void on_gone(std::uint64_t number);
  void answer(std::uint64_t number, const PlayedAnswer& answer);

  asio::io_context& loop_;
  const Script script_;
  std::uint64_t last_number_ = 0;
  std::map<std::uint64_t, std::shared_ptr<Open>> open_;  // not answered yet
  node::RequestCollector collector_;
  transport::HttpListener listener_;  // last: it calls the rest
};

}  // namespace cli::stage
