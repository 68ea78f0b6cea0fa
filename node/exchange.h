// One exchange in flight: the caller's stream on one side, the attempts that may answer it on the
// other (one, or two when the first is slow), and the bodies that pass between them. It decides
// nothing: the kernel is told what happened through Host::feed() and says what to do through the
// effects of mesh/call.h.
//
// Memory per exchange is bounded: the kept request body by kept_body_max (and, as long as there is
// no attempt, one window more), a held answer by held_answer_max, and both directions by the
// streams' windows (backpressure, no queue of its own). The kernel may be slow with its word, when
// it waits for the disk: what comes before it has spoken is kept, and the other side gets no leave
// to send more.
#pragma once

#include "base/bytes.h"
#include "mesh/call.h"
#include "mesh/deferred_call.h"
#include "node/kept_answers.h"
#include "node/kernel/input.h"
#include "transport/stream.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace node {

// A request that nobody could take, to be kept for later.
struct KeptRequest {
  mesh::DeferCall order;
  std::string method;
  std::string rest;  // what follows the capability in its target
  base::Headers headers;
  base::Bytes body;
};

class Exchange final : public transport::Receiver {
 public:
  static constexpr std::size_t kept_body_max = 256 * 1024;
  static constexpr std::size_t held_answer_max = 64 * 1024;
  static constexpr std::size_t body_start_max = 4 * 1024;
  // How long a call whose body is looked at waits for its beginning.
  static constexpr base::Duration body_start_wait = std::chrono::milliseconds(100);

  // What an exchange needs from the daemon around it; outlives it.
  class Host {
   public:
    virtual ~Host() = default;
    virtual void feed(kernel::Input input) = 0;
    // A stream to the agent or peer of `effect`, or nothing if there is no way to it.
    virtual std::unique_ptr<transport::Stream> open(const mesh::StartAttempt& effect,
                                                    transport::RequestHead head,
                                                    transport::Receiver& receiver) = 0;
    // Nothing more will happen: destroy the exchange, but not before the current turn is over.
    virtual void retire(mesh::ExchangeId exchange) = 0;
    // Keep this object alive until the current turn is over: it may be calling us right now.
    virtual void bury(std::unique_ptr<transport::Receiver> receiver) = 0;
    virtual KeptAnswers& kept_answers() = 0;
    // Keep this request on disk, and tell the kernel what came of it.
    virtual void keep_call(mesh::ExchangeId exchange, KeptRequest request) = 0;
    [[nodiscard]] virtual base::Instant now() const = 0;
    // Call on_time() of the exchange then; early and late is harmless.
    virtual void wake(mesh::ExchangeId exchange, base::Instant at) = 0;
  };

  // The caller stream's receiver is set by the owner, who then calls arrive().
  Exchange(mesh::ExchangeId id, transport::RequestHead head, std::string peer_target,
           std::unique_ptr<transport::Stream> caller, Host& host);
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  ~Exchange() override;

  // Tells the kernel of the call; with `look_at_body` only when its beginning is there, or was
  // waited for.
  void arrive(kernel::CallArrived call, bool look_at_body);
  void on_time(base::Instant now);

  // ---- effects ----
  void fabricate(const mesh::FabricateAnswer& effect);
  void start(mesh::StartAttempt effect);
  void cancel(std::uint32_t attempt);
  void inspect(const mesh::InspectAnswer& effect);
  void relay(mesh::RelayAnswer effect);
  void refuse(const mesh::RefuseExchange& effect);
  void defer(mesh::DeferCall effect);
  void accept(const mesh::AcceptExchange& effect);
  void replay(const KeptAnswer& answer, const mesh::Headers& set);
  void keep_answer();
  void settle();

  // ---- from the caller ----
  void on_response_head(transport::ResponseHead head) override;
  void on_data(base::ByteView bytes) override;
  void on_end(transport::Headers trailers) override;
  void on_failed(transport::StreamError error) override;
  void on_writable() override;

 private:
  // What comes back from one attempt.
  class Attempt;

  [[nodiscard]] Attempt* find(std::uint32_t attempt);
  void send_request(Attempt& attempt, const mesh::StartAttempt& effect);
  void stop_keeping();
  void pass_back_credit();
  void shed_kept();
  void drop_attempt(std::uint32_t attempt);
  void drop_attempts();
  // From the attempts.
  void answered(Attempt& attempt, transport::ResponseHead head);
  void answer_data(Attempt& attempt, base::ByteView bytes);
  void answer_end(Attempt& attempt, transport::Headers trailers);
  void attempt_failed(Attempt& attempt, transport::StreamError error);
  void pass_on(base::ByteView bytes);
  void end_answer(Attempt& attempt, transport::Headers trailers);
  void arrive_if_ready(base::Instant now);
  void watch(std::uint32_t attempt, std::optional<base::Duration> idle);
  void moved();
  void defer_if_whole();
  void send_head();
  void finish(transport::Headers trailers);

  const mesh::ExchangeId id_;
  transport::RequestHead head_;
  std::string peer_target_;  // /call/{capability}{rest}
  Host& host_;
  std::unique_ptr<transport::Stream> caller_;  // empty once the caller is answered or gone

  // Until the kernel knows of the call.
  std::optional<kernel::CallArrived> arriving_;
  base::Instant arrives_at_ = base::Instant::never();

  // The request's body.
  base::Bytes kept_;  // from its first byte, while keeping_
  bool keeping_ = true;
  bool body_lost_ = false;  // some of it went to an attempt and was not kept
  bool request_ended_ = false;
  transport::Headers request_trailers_;
  std::optional<mesh::DeferCall> deferral_;  // waits for the rest of it
  std::size_t credit_owed_ = 0;  // bytes taken from the caller and not yet said consumed()

  // The answer.
  std::vector<std::unique_ptr<Attempt>> attempts_;  // under way; at most two
  Attempt* answering_ = nullptr;                    // of these: whose answer is passed on
  transport::ResponseHead answer_head_;
  enum class Answer : std::uint8_t { none, holding, flowing, done };
  Answer answer_ = Answer::none;
  std::size_t answer_credit_owed_ = 0;
  std::optional<base::Duration> idle_;  // how long the answer may pause
  std::uint32_t watched_ = 0;           // the attempt that this holds for
  base::Instant moved_;                 // when the answer last did
  bool record_ = false;                 // KeepAnswer was asked for
  base::Bytes recorded_;
  bool settled_ = false;
};

}  // namespace node
