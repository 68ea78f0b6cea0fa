#include "node/exchanges.h"

#include "api/problem.h"
#include "base/check.h"

#include <asio/post.hpp>

#include <chrono>
#include <utility>

namespace node {

namespace {

constexpr std::string_view call_prefix = "/call/";
constexpr base::Duration connect_timeout = std::chrono::seconds(2);

// The fields that the kernel has to see; those that each node sets anew do not stay behind.
base::Headers take_deciding(base::Headers& headers) {
  base::Headers out;
  out.reserve(headers.size());
  std::size_t kept = 0;
  for (base::Header& field : headers) {
    if (mesh::is_set_anew(field.name)) {
      out.push_back(std::move(field));
      continue;
    }
    if (mesh::decides_calls(field.name)) out.push_back(field);
    if (&headers[kept] != &field) headers[kept] = std::move(field);
    ++kept;
  }
  headers.resize(kept);
  return out;
}

}  // namespace

std::optional<CallTarget> parse_call_target(std::string_view target) {
  if (!target.starts_with(call_prefix)) return std::nullopt;
  target.remove_prefix(call_prefix.size());
  const std::size_t end = target.find_first_of("/?");
  if (end == std::string_view::npos) return CallTarget{std::string(target), {}};
  return CallTarget{std::string(target.substr(0, end)), std::string(target.substr(end))};
}

Exchanges::Exchanges(asio::io_context& io, transport::AgentClient& agent, Locate locate,
                     ReadsBodies reads_bodies, KeepCall keep_call)
    : io_(io),
      agent_(agent),
      locate_(std::move(locate)),
      reads_bodies_(std::move(reads_bodies)),
      keep_call_(std::move(keep_call)),
      timer_(io) {}

void Exchanges::connect(Driver& driver, transport::PeerLinks& links) {
  driver_ = &driver;
  links_ = &links;
}

Exchange& Exchanges::open(mesh::ExchangeId id, const mesh::Origin& origin,
                          transport::RequestHead head, const mesh::CallRequest& request,
                          std::unique_ptr<transport::Stream> stream) {
  std::string peer_target;  // of a peer's call there is none: it goes to the agent here
  if (!std::holds_alternative<mesh::FromPeer>(origin)) {
    peer_target.append(call_prefix).append(request.capability).append(request.rest);
  }
  transport::Stream& caller = *stream;
  auto exchange = std::make_unique<Exchange>(id, std::move(head), std::move(peer_target),
                                             std::move(stream), *this);
  caller.set_receiver(*exchange);
  return *exchanges_.emplace(id.value, Held{.exchange = std::move(exchange)})
              .first->second.exchange;
}

void Exchanges::arrive(mesh::Origin origin, transport::RequestHead head, CallTarget target,
                       std::unique_ptr<transport::Stream> stream) {
  const mesh::ExchangeId id{++last_id_};
  mesh::CallRequest request{.capability = std::move(target.capability),
                            .method = head.method,
                            .rest = std::move(target.rest),
                            .headers = take_deciding(head.headers),
                            .body_size = head.body_size,
                            .body_start = {}};
  const bool look_at_body = std::holds_alternative<mesh::FromAgent>(origin) &&
                            head.body_size != 0 && reads_bodies_(request.capability);
  Exchange& arrived = open(id, origin, std::move(head), request, std::move(stream));
  arrived.arrive({id, std::move(origin), std::move(request)}, look_at_body);
}

void Exchanges::deliver(mesh::Origin origin, transport::RequestHead head, CallTarget target,
                        const base::Bytes& body, std::unique_ptr<transport::Stream> stream) {
  const mesh::ExchangeId id{++last_id_};
  const std::size_t start = std::min(body.size(), Exchange::body_start_max);
  mesh::CallRequest request{
      .capability = std::move(target.capability),
      .method = head.method,
      .rest = std::move(target.rest),
      .headers = take_deciding(head.headers),
      .body_size = body.size(),
      .body_start = std::string(base::as_text(base::ByteView(body).first(start)))};
  Exchange& delivery = open(id, origin, std::move(head), request, std::move(stream));
  // All of it is there before anybody decides.
  if (!body.empty()) delivery.on_data(body);
  delivery.on_end({});
  delivery.arrive({id, std::move(origin), std::move(request)}, false);
}

// ---- effects ----

void Exchanges::carry_out(mesh::StartAttempt&& effect) {
  if (Exchange* exchange = find(effect.exchange)) exchange->start(std::move(effect));
}
void Exchanges::carry_out(const mesh::FabricateAnswer& effect) {
  if (Exchange* exchange = find(effect.exchange)) exchange->fabricate(effect);
}
void Exchanges::carry_out(const mesh::CancelAttempt& effect) {
  if (Exchange* exchange = find(effect.exchange)) exchange->cancel(effect.attempt);
}
void Exchanges::carry_out(const mesh::InspectAnswer& effect) {
  if (Exchange* exchange = find(effect.exchange)) exchange->inspect(effect);
}
void Exchanges::carry_out(mesh::RelayAnswer&& effect) {
  if (Exchange* exchange = find(effect.exchange)) exchange->relay(std::move(effect));
}
void Exchanges::carry_out(const mesh::RefuseExchange& effect) {
  if (Exchange* exchange = find(effect.exchange)) exchange->refuse(effect);
}
void Exchanges::carry_out(mesh::DeferCall&& effect) {
  if (Exchange* exchange = find(effect.exchange)) exchange->defer(std::move(effect));
}
void Exchanges::carry_out(const mesh::AcceptExchange& effect) {
  if (Exchange* exchange = find(effect.exchange)) exchange->accept(effect);
}
void Exchanges::carry_out(const mesh::KeepAnswer& effect) {
  if (Exchange* exchange = find(effect.exchange)) exchange->keep_answer();
}
void Exchanges::carry_out(const mesh::ForgetAnswer& effect) {
  kept_.forget(effect.exchange);
}

void Exchanges::carry_out(const mesh::ReplayAnswer& effect) {
  Exchange* exchange = find(effect.exchange);
  if (exchange == nullptr) return;
  if (const KeptAnswer* answer = kept_.find(effect.original)) {
    exchange->replay(*answer, effect.set);
    return;
  }
  // It was too large to keep, or the bound on all kept answers pushed it out.
  exchange->refuse({.exchange = effect.exchange,
                    .problem = {.code = mesh::ProblemCode::bad_request,
                                .detail = "this call was carried out before and its answer is no "
                                          "longer kept; use a new Idempotency-Key to run it again",
                                .retry_after = std::nullopt,
                                .path = {}},
                    .set = effect.set});
}

void Exchanges::carry_out(const mesh::ExchangeSettled& effect) {
  if (Exchange* exchange = find(effect.exchange)) exchange->settle();
}

// ---- Exchange::Host ----

void Exchanges::feed(kernel::Input input) {
  CHECK(driver_ != nullptr);
  driver_->feed(std::move(input));
}

std::unique_ptr<transport::Stream> Exchanges::open(const mesh::StartAttempt& effect,
                                                   transport::RequestHead head,
                                                   transport::Receiver& receiver) {
  if (const auto* peer = std::get_if<mesh::ToPeer>(&effect.to)) {
    const std::optional<base::Endpoint> at = locate_(peer->node);
    if (!at) return nullptr;
    return links_->open(peer->node, *at, std::move(head), receiver, connect_timeout);
  }
  if (!agent_url_) return nullptr;
  head.authority.clear();  // the agent's own, not the one that the caller used
  return agent_.open(*agent_url_, std::move(head), receiver, {.connect_timeout = connect_timeout});
}

void Exchanges::retire(mesh::ExchangeId exchange) {
  const auto found = exchanges_.find(exchange.value);
  if (found == exchanges_.end()) return;
  wakes_.erase({found->second.wakes, exchange});
  bury(std::move(found->second.exchange));
  exchanges_.erase(found);
}

void Exchanges::bury(std::unique_ptr<transport::Receiver> receiver) {
  if (graveyard_.empty()) asio::post(io_, [this] { graveyard_.clear(); });
  graveyard_.push_back(std::move(receiver));
}

void Exchanges::wake(mesh::ExchangeId exchange, base::Instant at) {
  const auto found = exchanges_.find(exchange.value);
  if (found == exchanges_.end()) return;
  wakes_.erase({found->second.wakes, exchange});
  found->second.wakes = at;
  wakes_.emplace(at, exchange);
  arm();
}

void Exchanges::arm() {
  if (wakes_.empty() || wakes_.begin()->first >= armed_for_) return;
  armed_for_ = wakes_.begin()->first;
  timer_.expires_at(std::chrono::steady_clock::time_point(
      std::chrono::duration_cast<std::chrono::steady_clock::duration>(
          std::chrono::nanoseconds(armed_for_.nanoseconds()))));
  timer_.async_wait([this](const std::error_code& error) {
    if (error) return;  // armed again for an earlier one, or stopped
    armed_for_ = base::Instant::never();
    const base::Instant time = now();
    while (!wakes_.empty() && wakes_.begin()->first <= time) {
      const mesh::ExchangeId due = wakes_.begin()->second;
      wakes_.erase(wakes_.begin());
      if (Exchange* exchange = find(due)) exchange->on_time(time);
    }
    arm();
  });
}

Exchange* Exchanges::find(mesh::ExchangeId exchange) {
  const auto found = exchanges_.find(exchange.value);
  return found == exchanges_.end() ? nullptr : found->second.exchange.get();
}

}  // namespace node
