// Who proposed and waits for the decision: streams by the op that they wait for, answered when it
// is decided here or when their time is over.
#pragma once

#include "api/http.h"
#include "base/ids.h"
#include "base/time.h"
#include "node/kernel/effect.h"
#include "transport/stream.h"

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <utility>

namespace node {

class DecisionWaits {
 public:
  static constexpr std::size_t waits_max = 4'096;

  // The answer about an op, as it stands now.
  using Answer = std::function<api::Response(const base::Digest& op)>;

  DecisionWaits(asio::io_context& io, Answer answer) : answer_(std::move(answer)), timer_(io) {}

  // Answers at once where there is no room for one more.
  void wait(const api::DecisionWait& wait, std::unique_ptr<transport::Stream> stream);
  void on_decided(const kernel::StoreDecisions& decided);
  void shut_down();

 private:
  struct Waiting {
    std::unique_ptr<transport::Stream> stream;
    base::Instant until;
  };

  void answer(const base::Digest& op, Waiting&& waiting);
  void arm();
  void on_time();

  const Answer answer_;
  asio::steady_timer timer_;
  base::Instant armed_for_ = base::Instant::never();
  std::map<base::Digest, Waiting> waiting_;
  std::set<std::pair<base::Instant, base::Digest>> deadlines_;  // the same, by their time
};

}  // namespace node
