// Calls that wait on disk for their delivery: carries requests to the store and back, and answers
// to the store and to who asks for them. When, and what is dropped, the kernel says
// (mesh/deferrals.h).
#pragma once

#include "mesh/deferred_call.h"
#include "node/driver.h"
#include "node/exchange.h"
#include "node/exchanges.h"
#include "storage/store.h"
#include "transport/stream.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace node {

class KeptCalls {
 public:
  static constexpr std::size_t answer_bytes_max = 256 * 1024;  // a larger answer is not kept

  KeptCalls(storage::Store& store, Exchanges& exchanges);
  ~KeptCalls();
  void connect(Driver& driver) { driver_ = &driver; }
  // Streams that wait for the disk are dropped; call before the listener goes.
  void shut_down() { questions_.clear(); }

  void keep(mesh::ExchangeId exchange, KeptRequest request);
  // Answers the stream with what the delivered call got.
  void answer(const std::string& id, std::unique_ptr<transport::Stream> stream);

  // ---- effects ----
  void carry_out(const mesh::DeliverCall& effect);
  void carry_out(const mesh::EndDelivery& effect);
  void carry_out(const mesh::ForgetCall& effect);

 private:
  class AnswerStream;
  // What a delivery is answered with, as it comes.
  struct Delivery {
    storage::DeferredAnswer answer;
    bool too_large = false;
  };

  void deliver(const mesh::CallId& id, storage::DeferredCall call);

  storage::Store& store_;
  Exchanges& exchanges_;
  Driver* driver_ = nullptr;
  std::map<std::string, std::shared_ptr<Delivery>> deliveries_;  // shared with their streams
  std::uint64_t last_question_ = 0;
  std::map<std::uint64_t, std::unique_ptr<transport::Stream>> questions_;  // that wait for the disk
};

// What the last run kept, in the kernel's words.
[[nodiscard]] std::vector<mesh::Deferrals::Kept> kept_calls(
    const std::vector<storage::DeferredRow>& rows, base::WallTime now);

}  // namespace node
