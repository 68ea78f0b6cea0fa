#include "node/kept_calls.h"

#include "api/problem.h"
#include "base/check.h"
#include "node/clock.h"
#include "node/http_answer.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace node {

namespace {

std::uint64_t bytes_of(const KeptRequest& request) {
  std::uint64_t bytes = request.body.size();
  for (const base::Header& field : request.headers) bytes += field.name.size() + field.value.size();
  return bytes;
}

storage::DeferredAnswer too_large_to_keep() {
  const api::Response problem = api::problem(
      413, "body_too_large", "the call was delivered, but its answer was too large to be kept");
  const base::ByteView body = base::as_bytes(problem.body);
  return {.status = problem.status,
          .headers = response_head(problem).headers,
          .body = {body.begin(), body.end()}};
}

}  // namespace

// Where an exchange sends the answer of a delivery. It may outlive what it writes to.
class KeptCalls::AnswerStream final : public transport::Stream {
 public:
  explicit AnswerStream(std::shared_ptr<Delivery> delivery) : delivery_(std::move(delivery)) {}

  void set_receiver(transport::Receiver& /*receiver*/) override {}
  void send_response_head(transport::ResponseHead head) override {
    delivery_->answer.status = head.status;
    delivery_->answer.headers = std::move(head.headers);
  }
  void send_data(base::ByteView bytes) override {
    base::Bytes& body = delivery_->answer.body;
    if (body.size() + bytes.size() > answer_bytes_max) delivery_->too_large = true;
    if (!delivery_->too_large) body.insert(body.end(), bytes.begin(), bytes.end());
  }
  void send_end(transport::Headers /*trailers*/) override {}
  [[nodiscard]] std::size_t unsent() const override { return 0; }
  void consumed(std::size_t /*bytes*/) override {}

 private:
  const std::shared_ptr<Delivery> delivery_;  // shared with deliveries_
};

KeptCalls::KeptCalls(storage::Store& store, Exchanges& exchanges)
    : store_(store), exchanges_(exchanges) {}
KeptCalls::~KeptCalls() = default;

void KeptCalls::keep(mesh::ExchangeId exchange, KeptRequest request) {
  const std::uint64_t bytes = bytes_of(request);
  const mesh::CallId id = request.order.id;
  const std::int64_t now = wall_now().milliseconds;
  const auto age =
      std::chrono::duration_cast<std::chrono::milliseconds>(request.order.age_max).count();
  storage::DeferredCall call{.id = id,
                             .capability = std::move(request.order.capability),
                             .key = std::move(request.order.key),
                             .method = std::move(request.method),
                             .rest = std::move(request.rest),
                             .headers = std::move(request.headers),
                             .body = std::move(request.body),
                             .since_ms = now,
                             .until_ms = now + age};
  store_.save_call(std::move(call), [this, exchange, id, bytes](bool stored) {
    kernel::CallKept kept{exchange, id, std::nullopt, {}};
    if (stored) {
      kept.bytes = bytes;
    } else {
      kept.why = "the disk of this node does not take it";
    }
    driver_->feed(std::move(kept));
  });
}

void KeptCalls::answer(const std::string& id, std::unique_ptr<transport::Stream> stream) {
  const std::uint64_t question = ++last_question_;
  questions_.emplace(question, std::move(stream));
  store_.load_answer(id, [this, question](const std::optional<storage::DeferredAnswer>& found) {
    auto waiting = questions_.extract(question);
    if (waiting.empty()) return;  // the node ends
    const std::unique_ptr<transport::Stream> asker = std::move(waiting.mapped());
    if (!found) {
      node::answer(*asker, api::problem(404, "not_found", "this answer is not kept any more"));
      return;
    }
    asker->send_response_head(
        {.status = found->status, .headers = found->headers, .body_size = found->body.size()});
    if (!found->body.empty()) asker->send_data(found->body);
    asker->send_end({});
  });
}

void KeptCalls::carry_out(const mesh::DeliverCall& effect) {
  store_.load_call(effect.id,
                   [this, id = effect.id](bool read, std::optional<storage::DeferredCall> call) {
                     if (call) {
                       deliver(id, std::move(*call));
                     } else {
                       driver_->feed(kernel::KeptUnreadable{id, read});
                     }
                   });
}

void KeptCalls::deliver(const mesh::CallId& id, storage::DeferredCall call) {
  auto delivery = std::make_shared<Delivery>();
  deliveries_.insert_or_assign(call.id, delivery);
  transport::RequestHead head{.method = std::move(call.method),
                              .target = "/call/" + call.capability + call.rest,
                              .authority = {},
                              .headers = std::move(call.headers),
                              .body_size = call.body.size()};
  exchanges_.deliver(mesh::FromQueue{id}, std::move(head),
                     CallTarget{std::move(call.capability), std::move(call.rest)}, call.body,
                     std::make_unique<AnswerStream>(std::move(delivery)));
}

void KeptCalls::carry_out(const mesh::EndDelivery& effect) {
  auto ended = deliveries_.extract(effect.id);
  if (!effect.keep || ended.empty()) return;
  Delivery& delivery = *ended.mapped();
  store_.save_answer(effect.id,
                     delivery.too_large ? too_large_to_keep() : std::move(delivery.answer));
}

void KeptCalls::carry_out(const mesh::ForgetCall& effect) {
  store_.forget_call(effect.id);
}

std::vector<mesh::Deferrals::Kept> kept_calls(const std::vector<storage::DeferredRow>& rows,
                                              base::WallTime now) {
  std::vector<mesh::Deferrals::Kept> out;
  out.reserve(rows.size());
  for (const storage::DeferredRow& row : rows) {
    if (row.id.empty() || row.id.size() > 32) continue;
    const std::chrono::milliseconds age(std::max<std::int64_t>(now.milliseconds - row.since_ms, 0));
    const std::chrono::milliseconds left(
        std::max<std::int64_t>(row.until_ms - now.milliseconds, 0));
    out.push_back({.id = mesh::CallId(row.id),
                   .capability = row.capability,
                   .key = row.key,
                   .bytes = row.bytes,
                   .age = age,
                   .left = left,
                   .status = row.status});
  }
  return out;
}

}  // namespace node
