#include "node/exchange.h"

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

  void on_response_head(transport::ResponseHead head) override {
    exchange.answered(std::move(head));
  }
  void on_data(base::ByteView bytes) override { exchange.answer_data(bytes); }
  void on_end(transport::Headers trailers) override { exchange.answer_end(std::move(trailers)); }
  void on_failed(transport::StreamError error) override { exchange.attempt_failed(error); }
  void on_writable() override { exchange.pass_back_credit(); }

  Exchange& exchange;
  const std::uint32_t number;
  std::unique_ptr<transport::Stream> stream;  // empty once it ended or was dropped
};

Exchange::Exchange(mesh::ExchangeId id, transport::RequestHead head, std::string peer_target,
                   std::unique_ptr<transport::Stream> caller, Host& host)
    : id_(id),
      head_(std::move(head)),
      peer_target_(std::move(peer_target)),
      host_(host),
      caller_(std::move(caller)) {}

Exchange::~Exchange() = default;

// ---- effects ----

void Exchange::start(mesh::StartAttempt effect) {
  drop_attempt();
  if (body_lost_) {  // it outgrew what is kept after this attempt was decided on
    host_.feed(kernel::AttemptFailed{id_, effect.attempt, mesh::AttemptFailure::broken});
    return;
  }
  transport::RequestHead head = effect.last ? std::move(head_) : head_;
  apply(head.headers, std::move(effect.set));
  if (auto* agent = std::get_if<mesh::ToAgent>(&effect.to)) {
    head.target = std::move(agent->target);
  } else {
    head.target = effect.last ? std::move(peer_target_) : peer_target_;
  }
  attempt_ = std::make_unique<Attempt>(*this, effect.attempt);
  attempt_->stream = host_.open(effect, std::move(head), *attempt_);
  if (!attempt_->stream) {
    drop_attempt();
    host_.feed(kernel::AttemptFailed{id_, effect.attempt, mesh::AttemptFailure::unreachable});
    return;
  }
  send_request(*attempt_, effect);
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
  if (attempt_ && attempt_->number == attempt) drop_attempt();
}

void Exchange::relay(mesh::RelayAnswer effect) {
  if (!caller_ || !attempt_ || attempt_->number != effect.attempt) return;
  if (answer_ != Answer::undecided) return;
  apply(answer_head_.headers, std::move(effect.set));
  const bool small = answer_head_.body_size && *answer_head_.body_size <= held_answer_max;
  const base::Bytes early = std::exchange(held_, {});
  if (effect.hold && small) {
    answer_ = Answer::holding;
  } else {
    send_head();
    if (effect.hold) host_.feed(kernel::AnswerStarted{id_});
  }
  if (!early.empty()) answer_data(early);
  if (answer_trailers_) answer_end(std::move(*answer_trailers_));
}

void Exchange::refuse(const mesh::RefuseExchange& effect) {
  drop_attempt();
  if (!caller_ || answer_ == Answer::flowing || answer_ == Answer::done) return;
  api::Response problem = api::problem(effect.problem);
  answer_head_ = response_head(problem);
  apply(answer_head_.headers, effect.set);
  caller_->send_response_head(std::move(answer_head_));
  caller_->send_data(base::as_bytes(problem.body));
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
  drop_attempt();
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
  if (attempt_ && attempt_->stream) attempt_->stream->send_data(bytes);
  shed_kept();
  pass_back_credit();
}

// What an attempt has got need not be kept for ever. Without one, as a duplicate waits for its
// original, these are the only bytes there are, and the caller's window bounds them.
void Exchange::shed_kept() {
  if (!keeping_ || !attempt_ || kept_.size() <= kept_body_max) return;
  stop_keeping();
  host_.feed(kernel::BodyUnrepeatable{id_});
}

void Exchange::on_end(transport::Headers trailers) {
  request_ended_ = true;
  request_trailers_ = std::move(trailers);
  if (attempt_ && attempt_->stream) attempt_->stream->send_end(request_trailers_);
}

void Exchange::on_failed(transport::StreamError /*error*/) {
  caller_.reset();
  host_.feed(kernel::CallerGone{id_});
}

void Exchange::on_writable() {
  if (!attempt_ || !attempt_->stream) return;
  attempt_->stream->consumed(std::exchange(answer_credit_owed_, 0));
}

// Lets the caller send on, unless the attempt is behind with sending, or enough waits for one.
void Exchange::pass_back_credit() {
  if (!caller_ || credit_owed_ == 0) return;
  const bool behind =
      attempt_ && attempt_->stream && attempt_->stream->unsent() > transport::Stream::high_water;
  const bool nowhere = !attempt_ && (!keeping_ || kept_.size() > kept_body_max);
  if (behind || nowhere) return;
  caller_->consumed(std::exchange(credit_owed_, 0));
}

void Exchange::drop_attempt() {
  if (!attempt_) return;
  attempt_->stream.reset();
  host_.bury(std::move(attempt_));
  if (answer_ == Answer::undecided || answer_ == Answer::holding) answer_ = Answer::none;
  held_ = {};
  answer_trailers_.reset();
  answer_credit_owed_ = 0;
}

// ---- from the attempt ----

void Exchange::answered(transport::ResponseHead head) {
  const std::uint32_t attempt = attempt_->number;
  mesh::AnswerHead seen{
      .status = head.status, .headers = deciding(head.headers), .body_size = head.body_size};
  answer_head_ = std::move(head);
  answer_ = Answer::undecided;
  host_.feed(kernel::AttemptAnswered{id_, attempt, std::move(seen)});
}

void Exchange::answer_data(base::ByteView bytes) {
  if (answer_ == Answer::undecided) {
    held_.insert(held_.end(), bytes.begin(), bytes.end());
    return;
  }
  if (answer_ == Answer::holding) {
    held_.insert(held_.end(), bytes.begin(), bytes.end());
    attempt_->stream->consumed(bytes.size());
    return;
  }
  if (answer_ != Answer::flowing || !caller_) return;
  if (record_ && recorded_.size() <= KeptAnswers::answer_bytes_max) {
    recorded_.insert(recorded_.end(), bytes.begin(), bytes.end());
  }
  caller_->send_data(bytes);
  if (caller_->unsent() > transport::Stream::high_water) {
    answer_credit_owed_ += bytes.size();
  } else {
    attempt_->stream->consumed(bytes.size());
  }
}

void Exchange::answer_end(transport::Headers trailers) {
  if (!caller_ || !attempt_) return;
  const std::uint32_t attempt = attempt_->number;
  if (answer_ == Answer::undecided) {
    answer_trailers_ = std::move(trailers);
    return;
  }
  if (answer_ == Answer::holding) {
    base::Bytes body = std::move(held_);
    send_head();
    if (!body.empty()) caller_->send_data(body);
    if (record_) recorded_ = std::move(body);
  }
  if (answer_ != Answer::flowing) return;
  if (record_) {
    host_.kept_answers().put(id_, {answer_head_, std::move(recorded_), trailers});
  }
  finish(std::move(trailers));
  host_.feed(kernel::AttemptCompleted{id_, attempt});
}

void Exchange::attempt_failed(transport::StreamError error) {
  const std::uint32_t attempt = attempt_->number;
  drop_attempt();
  host_.feed(kernel::AttemptFailed{id_, attempt, failure_of(error)});
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
