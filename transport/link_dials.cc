#include "transport/link_dials.h"

#include <asio/post.hpp>

#include <algorithm>

namespace transport {

bool LinkDials::join(WaitingStream& stream, const base::Endpoint& at) {
  const auto found = std::find_if(dials_.begin(), dials_.end(), [&](const Dial& dial) {
    return dial.node == stream.wanted() && dial.handshake->at == at && !dial.handshake->timed_out;
  });
  if (found == dials_.end()) return false;
  found->waiting.push_back(&stream);
  return true;
}

void LinkDials::add(std::shared_ptr<LinkHandshake> handshake, WaitingStream& stream) {
  dials_.push_back(
      {.handshake = std::move(handshake), .node = stream.wanted(), .waiting = {&stream}});
}

void LinkDials::forget(WaitingStream& stream) {
  for (Dial& dial : dials_) std::erase(dial.waiting, &stream);
  std::erase_if(failing_, [&](const auto& entry) { return entry.first == &stream; });
}

std::list<LinkDials::Dial>::const_iterator LinkDials::of(const LinkHandshake& handshake) const {
  return std::find_if(dials_.begin(), dials_.end(), [&](const Dial& candidate) {
    return candidate.handshake.get() == &handshake;
  });
}

std::optional<base::NodeId> LinkDials::expected_instead(const LinkHandshake& handshake) const {
  const auto dial = of(handshake);
  if (dial == dials_.end() || !dial->node || *dial->node == handshake.peer) return std::nullopt;
  return dial->node;
}

bool LinkDials::knocked_in_vain(const LinkHandshake& handshake) const {
  const auto dial = of(handshake);
  return dial != dials_.end() && !dial->node && handshake.tls == nullptr;
}

void LinkDials::settle(const LinkHandshake& handshake, Link* link, StreamError error) {
  const auto dial = of(handshake);
  if (dial == dials_.end()) return;
  for (WaitingStream* stream : dial->waiting) {
    if (link == nullptr) {
      fail_later(*stream, error);
      continue;
    }
    stream->attach(link->node, [link](RequestHead head, Receiver& receiver) {
      return link->connection->open(std::move(head), receiver);
    });
  }
  dials_.erase(dial);
}

void LinkDials::fail_later(WaitingStream& stream, StreamError error) {
  failing_.emplace_back(&stream, error);
  post_failures();
}

void LinkDials::post_failures() {
  if (failures_posted_ || failing_.empty()) return;
  failures_posted_ = true;
  asio::post(loop_, [self = shared_from_this()] {
    // Those that are added meanwhile wait for the next turn: a user may try again at once, for
    // ever.
    for (std::size_t count = self->failing_.size(); count > 0; --count) {
      if (self->failing_.empty()) break;
      const auto [failed, why] = self->failing_.front();
      self->failing_.erase(self->failing_.begin());
      failed->fail(why);
    }
    self->failures_posted_ = false;
    self->post_failures();
  });
}

base::Instant LinkDials::next_deadline() const {
  base::Instant next = base::Instant::never();
  for (const Dial& dial : dials_) {
    next = std::min(next, dial.handshake->deadline);
    for (const WaitingStream* stream : dial.waiting) next = std::min(next, stream->deadline());
  }
  return next;
}

void LinkDials::on_time(base::Instant now) {
  for (Dial& dial : dials_) {
    std::erase_if(dial.waiting, [&](WaitingStream* stream) {
      if (now < stream->deadline()) return false;
      fail_later(*stream, StreamError::timed_out);
      return true;
    });
    if (now < dial.handshake->deadline && !dial.waiting.empty()) continue;
    std::error_code ignored;
    dial.handshake->timed_out = true;
    dial.handshake->socket.close(ignored);
  }
}

void LinkDials::cut() {
  std::error_code ignored;
  for (const Dial& dial : dials_) dial.handshake->socket.close(ignored);
  dials_.clear();
  failing_.clear();
}

}  // namespace transport
