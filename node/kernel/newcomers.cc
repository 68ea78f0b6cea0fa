#include "node/kernel/newcomers.h"

#include "base/match.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace kernel {

namespace {

constexpr base::Duration patience = std::chrono::seconds(1);

std::size_t size_of(const Newcomers::Request& request) {
  return base::match(
      request, [](const PeerAsked& asked) { return asked.body.size(); },
      [](const CallArrived& call) { return call.request.body_start.size(); });
}

}  // namespace

bool Newcomers::hold(const base::NodeId& from, Request& request, base::Instant now) {
  if (closed_ || held_.size() >= held_max || size_of(request) > bytes_max) return false;
  held_.push_back({.from = from, .since = now, .request = std::move(request)});
  return true;
}

std::vector<Newcomers::Request> Newcomers::admitted(const base::NodeId& id, base::Instant now) {
  std::vector<Request> out;
  for (Held& held : held_) {
    if (held.from != id) continue;
    if (auto* call = std::get_if<CallArrived>(&held.request)) {
      call->request.waited += now - held.since;
    }
    out.push_back(std::move(held.request));
  }
  std::erase_if(held_, [&](const Held& held) { return held.from == id; });
  return out;
}

std::vector<Newcomers::Request> Newcomers::expired(base::Instant now) {
  std::vector<Request> out;
  const auto until = std::find_if(held_.begin(), held_.end(),
                                  [&](const Held& held) { return now < held.since + patience; });
  for (auto held = held_.begin(); held != until; ++held) out.push_back(std::move(held->request));
  held_.erase(held_.begin(), until);
  return out;
}

std::vector<Newcomers::Request> Newcomers::close() {
  closed_ = true;
  return expired(base::Instant::never());
}

bool Newcomers::on_caller_gone(mesh::ExchangeId exchange) {
  return 0 < std::erase_if(held_, [&](const Held& held) {
           const auto* call = std::get_if<CallArrived>(&held.request);
           return call != nullptr && call->exchange.value == exchange.value;
         });
}

base::Instant Newcomers::next_deadline() const {
  return held_.empty() ? base::Instant::never() : held_.front().since + patience;
}

}  // namespace kernel
