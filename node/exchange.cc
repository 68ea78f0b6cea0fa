#include "node/exchange.h"

#include "api/deferred_resource.h"
#include "api/problem.h"
#include "base/check.h"
#include "node/http_answer.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace node {

namespace {

// `set` takes the place of fields of the same name; an empty value only removes them.
void apply(base::Headers& headers, base::Headers set) {
  std::erase_if(headers, [&](const base::Header& have) {
    return base::find_header(set, have.name).has_value();
  });
  headers.reserve(headers.size() + set.size());
  for (base::Header& field : set) {
    if (!field.value.empty()) headers.push_back(std::move(field));
  }
}

mesh::AttemptFailure failure_of(transport::StreamError error) {
  switch (error) {
    case transport::StreamError::connect_failed:
    case transport::StreamError::wrong_identity:
      return mesh::AttemptFailure::unreachable;
    case transport::StreamError::refused:
      return mesh::AttemptFailure::refused;
    case transport::StreamError::connection_lost:
    case transport::StreamError::cancelled:
      return mesh::AttemptFailure::broken;
    case transport::StreamError::timed_out:
      return mesh::AttemptFailure::timed_out;
    case transport::StreamError::protocol_error:
      return mesh::AttemptFailure::protocol_error;
  }
  CHECK(false);
  return {};
}

std::string text_of(const base::Bytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// The same path and query below another capability: /call/{capability}{rest}.
std::string retarget(const std::string& target, const std::string& capability) {
  constexpr std::size_t start = std::string_view("/call/").size();
  const std::size_t end = std::min(target.find_first_of("/?", start), target.size());
  return target.substr(0, start) + capability + target.substr(end);
}

std::string rest_of(const std::string& target) {
  constexpr std::size_t start = std::string_view("/call/").size();
  return target.substr(std::min(target.find_first_of("/?", start), target.size()));
}

// What the kernel has to see of a head's fields.
base::Headers deciding(const base::Headers& headers) {
  const auto decides = [](const base::Header& field) { return mesh::decides_calls(field.name); };
  base::Headers out;
  out.reserve(static_cast<std::size_t>(std::ranges::count_if(headers, decides)));
  std::ranges::copy_if(headers, std::back_inserter(out), decides);
  return out;
}

}  // namespace

class Exchange::Attempt final : public transport::Receiver {
 public:
  Attempt(Exchange& owner, std::uint32_t its_number) : exchange(owner), number(its_number) {}

  void on_response_head(transport::ResponseHead head_come) override {
    exchange.answered(*this, std::move(head_come));
  }
  void on_data(base::ByteView bytes) override { exchange.answer_data(*this, bytes); }
  void on_end(transport::Headers trailers_come) override {
    exchange.answer_end(*this, std::move(trailers_come));
  }
  void on_failed(transport::StreamError error) override { exchange.attempt_failed(*this, error); }
  void on_writable() override { exchange.pass_back_credit(); }

  Exchange& exchange;
  const std::uint32_t number;
  std::unique_ptr<transport::Stream> stream;  // empty once it ended or was dropped

  // Until the kernel has said what becomes of its answer.
  bool has_head = false;
  transport::ResponseHead head;
  std::optional<std::uint64_t> inspected_max;  // its body is to be handed over, up to so much
  base::Bytes held;
  std::size_t uncredited = 0;                  // of these, not yet said consumed()
  std::optional<transport::Headers> trailers;  // it ended meanwhile
};

Exchange::Exchange(mesh::ExchangeId id, transport::RequestHead head, std::string peer_target,
                   std::unique_ptr<transport::Stream> caller, Host& host)
    : id_(id),
      head_(std::move(head)),
      peer_target_(std::move(peer_target)),
      host_(host),
      caller_(std::move(caller)) {}

Exchange::~Exchange() = default;

// ---- arrival, time ----

void Exchange::arrive(kernel::CallArrived call, bool look_at_body) {
  if (!look_at_body) {
    host_.feed(std::move(call));
    return;
  }
  arriving_ = std::move(call);
  arrives_at_ = host_.now() + body_start_wait;
  host_.wake(id_, arrives_at_);
}

void Exchange::arrive_if_ready(base::Instant now) {
  if (!arriving_) return;
  const bool enough = request_ended_ || kept_.size() >= body_start_max ||
                      (head_.body_size && kept_.size() >= *head_.body_size);
  if (!enough && now < arrives_at_) return;
  const auto start = base::ByteView(kept_).first(std::min(kept_.size(), body_start_max));
  arriving_->request.body_start = base::as_text(start);
  host_.feed(*std::exchange(arriving_, std::nullopt));
}

void Exchange::on_time(base::Instant now) {
  arrive_if_ready(now);
  if (!idle_ || settled_) return;
  const base::Instant silent_at = moved_ + *idle_;
  if (now < silent_at) {
    host_.wake(id_, silent_at);
    return;
  }
  idle_.reset();
  if (find(watched_) == nullptr) return;
  drop_attempt(watched_);
  host_.feed(kernel::AttemptFailed{id_, watched_, mesh::AttemptFailure::silent});
}

// From now on the answer of this attempt must not pause for longer.
void Exchange::watch(std::uint32_t attempt, std::optional<base::Duration> idle) {
  idle_ = idle;
  if (!idle) return;
  watched_ = attempt;
  moved();
  host_.wake(id_, moved_ + *idle);
}

void Exchange::moved() {
  if (idle_) moved_ = host_.now();
}

// ---- effects ----

void Exchange::fabricate(const mesh::FabricateAnswer& effect) {
  Attempt& attempt = *attempts_.emplace_back(std::make_unique<Attempt>(*this, effect.attempt));
  const base::ByteView body = base::as_bytes(effect.body);
  attempt.held.assign(body.begin(), body.end());
  attempt.trailers.emplace();
  shed_kept();
  pass_back_credit();
  answered(attempt,
           {.status = effect.status, .headers = effect.headers, .body_size = effect.body.size()});
}

void Exchange::start(mesh::StartAttempt effect) {
  // It outgrew what is kept after this attempt was decided on, for which nobody is to blame.
  if (body_lost_) {
    host_.feed(kernel::AttemptFailed{id_, effect.attempt, mesh::AttemptFailure::not_sent});
    return;
  }
  if (!attempts_.empty() && !request_ended_) {  // the body has one reader
    host_.feed(kernel::AttemptFailed{id_, effect.attempt, mesh::AttemptFailure::not_sent});
    return;
  }
  transport::RequestHead head = effect.last ? std::move(head_) : head_;
  apply(head.headers, std::move(effect.set));
  if (auto* agent = std::get_if<mesh::ToAgent>(&effect.to)) {
    head.target = std::move(agent->target);
  } else {
    const auto& peer = std::get<mesh::ToPeer>(effect.to);
    head.target = peer.capability.empty() ? peer_target_ : retarget(peer_target_, peer.capability);
  }
  Attempt& attempt = *attempts_.emplace_back(std::make_unique<Attempt>(*this, effect.attempt));
  attempt.stream = host_.open(effect, std::move(head), attempt);
  if (!attempt.stream) {
    drop_attempt(effect.attempt);
    host_.feed(kernel::AttemptFailed{id_, effect.attempt, mesh::AttemptFailure::unreachable});
    return;
  }
  send_request(attempt, effect);
}

Exchange::Attempt* Exchange::find(std::uint32_t attempt) {
  const auto found =
      std::ranges::find_if(attempts_, [&](const auto& one) { return one->number == attempt; });
  return found == attempts_.end() ? nullptr : found->get();
}

void Exchange::send_request(Attempt& attempt, const mesh::StartAttempt& effect) {
  if (!kept_.empty()) attempt.stream->send_data(kept_);
  if (!effect.keep_body) stop_keeping();
  shed_kept();
  if (request_ended_) attempt.stream->send_end(request_trailers_);
  pass_back_credit();
}

void Exchange::stop_keeping() {
  body_lost_ = body_lost_ || !kept_.empty();
  keeping_ = false;
  kept_ = {};
}

void Exchange::cancel(std::uint32_t attempt) {
  drop_attempt(attempt);
}

void Exchange::inspect(const mesh::InspectAnswer& effect) {
  Attempt* attempt = find(effect.attempt);
  if (attempt == nullptr || !attempt->has_head || attempt == answering_) return;
  const bool whole = attempt->trailers.has_value();
  if (attempt->held.size() > effect.bytes_max) {
    host_.feed(kernel::AnswerInspected{id_, effect.attempt, std::nullopt});
  } else if (whole) {
    host_.feed(kernel::AnswerInspected{id_, effect.attempt, text_of(attempt->held)});
  } else {
    attempt->inspected_max = effect.bytes_max;
    watch(effect.attempt, effect.idle);
    attempt->stream->consumed(std::exchange(attempt->uncredited, 0));
  }
}

void Exchange::relay(mesh::RelayAnswer effect) {
  Attempt* attempt = find(effect.attempt);
  if (!caller_ || attempt == nullptr || !attempt->has_head || answer_ != Answer::none) return;
  answering_ = attempt;
  answer_head_ = std::move(attempt->head);
  apply(answer_head_.headers, std::move(effect.set));
  const bool small = answer_head_.body_size && *answer_head_.body_size <= held_answer_max;
  answer_ = Answer::holding;
  if (!effect.hold || !small) {
    send_head();
    if (effect.hold) host_.feed(kernel::AnswerStarted{id_});
    const base::Bytes early = std::exchange(attempt->held, {});
    if (!early.empty()) pass_on(early);
  }
  answer_credit_owed_ += std::exchange(attempt->uncredited, 0);
  if (!attempt->trailers) watch(effect.attempt, effect.idle);
  on_writable();
  if (attempt->trailers) end_answer(*attempt, std::move(*attempt->trailers));
}

void Exchange::refuse(const mesh::RefuseExchange& effect) {
  drop_attempts();
  if (!caller_ || answer_ == Answer::flowing || answer_ == Answer::done) return;
  api::Response problem = api::problem(effect.problem);
  answer_head_ = response_head(problem);
  apply(answer_head_.headers, effect.set);
  caller_->send_response_head(std::move(answer_head_));
  caller_->send_data(base::as_bytes(problem.body));
  finish({});
}

void Exchange::defer(mesh::DeferCall effect) {
  deferral_ = std::move(effect);
  defer_if_whole();
}

void Exchange::defer_if_whole() {
  if (!deferral_) return;
  const bool lost = body_lost_ || kept_.size() > deferral_->bytes_max;
  if (!lost && !request_ended_) return;
  mesh::DeferCall order = *std::exchange(deferral_, std::nullopt);
  if (lost) {
    const std::string bound = std::to_string(order.bytes_max / 1'024);
    host_.feed(
        kernel::CallKept{id_, order.id, std::nullopt, "its body has more than " + bound + " KiB"});
    return;
  }
  KeptRequest request{.order = std::move(order),
                      .method = head_.method,
                      .rest = rest_of(peer_target_),
                      .headers = head_.headers,
                      .body = kept_};
  apply(request.headers, request.order.set);
  host_.keep_call(id_, std::move(request));
}

void Exchange::accept(const mesh::AcceptExchange& effect) {
  if (!caller_ || answer_ != Answer::none) return;
  const api::Response accepted = api::deferred(effect.deferred, effect.left);
  transport::ResponseHead head = response_head(accepted);
  apply(head.headers, effect.set);
  caller_->send_response_head(std::move(head));
  caller_->send_data(base::as_bytes(accepted.body));
  finish({});
}

void Exchange::replay(const KeptAnswer& answer, const mesh::Headers& set) {
  if (!caller_ || answer_ != Answer::none) return;
  transport::ResponseHead head = answer.head;
  apply(head.headers, set);
  caller_->send_response_head(std::move(head));
  if (!answer.body.empty()) caller_->send_data(answer.body);
  finish(answer.trailers);
}

void Exchange::keep_answer() {
  record_ = true;
}

void Exchange::settle() {
  settled_ = true;
  drop_attempts();
  caller_.reset();  // aborts an answer that cannot be completed
  host_.retire(id_);
}

// ---- from the caller ----

void Exchange::on_response_head(transport::ResponseHead /*head*/) {}  // we are the one who answers

void Exchange::on_data(base::ByteView bytes) {
  credit_owed_ += bytes.size();
  if (keeping_) {
    kept_.insert(kept_.end(), bytes.begin(), bytes.end());
  } else {
    body_lost_ = true;
  }
  // While the body comes there is but one attempt.
  if (!attempts_.empty() && attempts_.front()->stream) attempts_.front()->stream->send_data(bytes);
  shed_kept();
  pass_back_credit();
  if (arriving_) arrive_if_ready(host_.now());
  defer_if_whole();
}

// What an attempt has got need not be kept for ever. Without one, as a duplicate waits for its
// original, these are the only bytes there are, and the caller's window bounds them.
void Exchange::shed_kept() {
  if (!keeping_ || attempts_.empty() || kept_.size() <= kept_body_max) return;
  stop_keeping();
  host_.feed(kernel::BodyUnrepeatable{id_});
}

void Exchange::on_end(transport::Headers trailers) {
  request_ended_ = true;
  request_trailers_ = std::move(trailers);
  for (const std::unique_ptr<Attempt>& attempt : attempts_) {
    if (attempt->stream) attempt->stream->send_end(request_trailers_);
  }
  if (arriving_) arrive_if_ready(host_.now());
  defer_if_whole();
}

void Exchange::on_failed(transport::StreamError /*error*/) {
  caller_.reset();
  if (arriving_) {  // nobody knows of it
    settle();
    return;
  }
  host_.feed(kernel::CallerGone{id_});
}

void Exchange::on_writable() {
  if (answering_ == nullptr || !answering_->stream || answer_credit_owed_ == 0) return;
  if (caller_ && caller_->unsent() > transport::Stream::high_water) return;
  moved();
  answering_->stream->consumed(std::exchange(answer_credit_owed_, 0));
}

// Lets the caller send on, unless an attempt is behind with sending, or enough waits for one.
void Exchange::pass_back_credit() {
  if (!caller_ || credit_owed_ == 0) return;
  const bool behind = std::ranges::any_of(attempts_, [](const auto& attempt) {
    return attempt->stream && attempt->stream->unsent() > transport::Stream::high_water;
  });
  const bool nowhere = attempts_.empty() && (!keeping_ || kept_.size() > kept_body_max);
  if (behind || nowhere) return;
  caller_->consumed(std::exchange(credit_owed_, 0));
}

void Exchange::drop_attempt(std::uint32_t number) {
  const auto found = std::ranges::find_if(
      attempts_, [&](const auto& attempt) { return attempt->number == number; });
  if (found == attempts_.end()) return;
  std::unique_ptr<Attempt> attempt = std::move(*found);
  attempts_.erase(found);
  attempt->stream.reset();
  if (answering_ == attempt.get()) {
    answering_ = nullptr;
    answer_credit_owed_ = 0;
    if (answer_ == Answer::holding) answer_ = Answer::none;
  }
  host_.bury(std::move(attempt));
}

void Exchange::drop_attempts() {
  while (!attempts_.empty()) drop_attempt(attempts_.back()->number);
}

// ---- from the attempts ----

void Exchange::answered(Attempt& attempt, transport::ResponseHead head) {
  mesh::AnswerHead seen{
      .status = head.status, .headers = deciding(head.headers), .body_size = head.body_size};
  attempt.head = std::move(head);
  attempt.has_head = true;
  host_.feed(kernel::AttemptAnswered{id_, attempt.number, std::move(seen)});
}

void Exchange::answer_data(Attempt& attempt, base::ByteView bytes) {
  if (attempt.number == watched_) moved();
  if (&attempt == answering_ && answer_ == Answer::flowing) {
    pass_on(bytes);
    answer_credit_owed_ += bytes.size();
    on_writable();
    return;
  }
  attempt.held.insert(attempt.held.end(), bytes.begin(), bytes.end());
  if (&attempt == answering_) {  // held back until it is whole
    attempt.stream->consumed(bytes.size());
    return;
  }
  attempt.uncredited += bytes.size();
  if (!attempt.inspected_max) return;
  if (attempt.held.size() > *attempt.inspected_max) {
    attempt.inspected_max.reset();
    host_.feed(kernel::AnswerInspected{id_, attempt.number, std::nullopt});
    return;
  }
  attempt.stream->consumed(std::exchange(attempt.uncredited, 0));
}

void Exchange::pass_on(base::ByteView bytes) {
  if (!caller_) return;
  if (record_ && recorded_.size() <= KeptAnswers::answer_bytes_max) {
    recorded_.insert(recorded_.end(), bytes.begin(), bytes.end());
  }
  caller_->send_data(bytes);
}

void Exchange::answer_end(Attempt& attempt, transport::Headers trailers) {
  if (!caller_) return;
  if (attempt.number == watched_) idle_.reset();
  if (&attempt == answering_) {
    end_answer(attempt, std::move(trailers));
    return;
  }
  attempt.trailers = std::move(trailers);
  if (!attempt.inspected_max) return;
  attempt.inspected_max.reset();
  host_.feed(kernel::AnswerInspected{id_, attempt.number, text_of(attempt.held)});
}

void Exchange::end_answer(Attempt& attempt, transport::Headers trailers) {
  const std::uint32_t number = attempt.number;
  if (answer_ == Answer::holding) {
    const base::Bytes body = std::exchange(attempt.held, {});
    send_head();
    if (!body.empty()) pass_on(body);
  }
  if (answer_ != Answer::flowing || !caller_) return;
  if (record_) {
    host_.kept_answers().put(id_, {answer_head_, std::move(recorded_), trailers});
  }
  finish(std::move(trailers));
  host_.feed(kernel::AttemptCompleted{id_, number});
}

void Exchange::attempt_failed(Attempt& attempt, transport::StreamError error) {
  const std::uint32_t number = attempt.number;
  drop_attempt(number);
  host_.feed(kernel::AttemptFailed{id_, number, failure_of(error)});
}

// The first byte of the answer goes out: from here on there is no other attempt.
void Exchange::send_head() {
  answer_ = Answer::flowing;
  stop_keeping();
  if (record_) {
    caller_->send_response_head(answer_head_);  // kept for a duplicate: copied, not moved
  } else {
    caller_->send_response_head(std::move(answer_head_));
  }
}

void Exchange::finish(transport::Headers trailers) {
  caller_->send_end(std::move(trailers));
  caller_.reset();
  answer_ = Answer::done;
}

}  // namespace node
