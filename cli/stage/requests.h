// One HTTP request that does not block, answered whole: what played agents and callers ask.
#pragma once

#include "base/headers.h"
#include "base/time.h"
#include "transport/agent_client.h"

#include <asio/io_context.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace cli::stage {

struct Request {
  std::string method = "GET";
  std::string target;
  base::Headers headers;
};

struct WholeAnswer {
  int status = 0;  // 0: no whole answer came
  base::Headers headers;
  std::string body;
};

class Requests {
 public:
  using Done = std::function<void(WholeAnswer)>;

  explicit Requests(asio::io_context& loop);
  // No Done is called any more.
  ~Requests();
  Requests(const Requests&) = delete;
  Requests& operator=(const Requests&) = delete;

  // `done` is called once from the loop, never from inside. Returns what cancel() takes.
  std::uint64_t send(const transport::AgentUrl& url, Request request, base::Duration patience,
                     Done done);
  // Hangs up; `done` is not called any more, unless it was to be called already.
  void cancel(std::uint64_t number);

 private:
  class Pending;
  void finish(std::uint64_t number, WholeAnswer answer);

  asio::io_context& loop_;
  transport::AgentClient client_;
  std::uint64_t last_number_ = 0;
  std::map<std::uint64_t, std::unique_ptr<Pending>> pending_;
};

}  // namespace cli::stage
