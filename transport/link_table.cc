#include "transport/link_table.h"

#include <algorithm>
#include <utility>

namespace transport {

LinkTable::LinkTable(Service& service, const PeerLinksOptions& options,
                     std::function<void(const base::NodeId&)> on_lost)
    : service_(service), options_(options), on_lost_(std::move(on_lost)) {}

bool LinkTable::make_room(const LinkHandshake& handshake) {
  if (handshake.side == TlsSide::server) {
    std::size_t held = 0;
    Link* stalest = nullptr;
    for (Link& link : links_) {
      if (link.dialled || link.node != handshake.peer) continue;
      ++held;
      if (stalest == nullptr || link.connection->last_used() < stalest->connection->last_used()) {
        stalest = &link;
      }
    }
    if (held >= options_.links_per_peer_max) {
      evict(*stalest);
      return true;
    }
  }
  if (links_.size() < options_.links_max) return true;
  Link* oldest = nullptr;
  for (Link& link : links_) {
    if (link.connection->open_streams() != 0) continue;
    if (oldest == nullptr || link.connection->last_used() < oldest->connection->last_used()) {
      oldest = &link;
    }
  }
  if (oldest == nullptr) return false;
  evict(*oldest);
  return true;
}

void LinkTable::evict(Link& link) {
  ++evicted_;
  const auto connection = link.connection;
  remove(link);
  connection->shut_down();
  connection->close(StreamError::refused);
}

Link& LinkTable::add(LinkHandshake& handshake) {
  Link& link = links_.emplace_back();
  link.node = handshake.peer;
  link.dialled = handshake.side == TlsSide::client;
  Http2Connection::Start start{
      .socket = std::move(handshake.socket),
      .side = link.dialled ? Http2Side::client : Http2Side::server,
      .options = options_.http2,
      .service = &service_,
      .origin = {.remote = handshake.at, .peer = handshake.peer},
      .tls = std::move(handshake.tls),
      .already_read = std::move(handshake.early),
      .on_ended =
          [this, &link](StreamError /*why*/) {
            const base::NodeId node = link.node;
            const bool lost = !link.connection->ended_in_order();
            remove(link);
            if (!lost) return;
            ++lost_;
            if (on_lost_) on_lost_(node);
          },
  };
  if (link.dialled) dialled_.emplace(link.node, &link);
  link.connection = Http2Connection::start(std::move(start), scratch_);
  return link;
}

void LinkTable::remove(Link& link) {
  gone_.bytes_in += link.connection->counters().bytes_in;
  gone_.bytes_out += link.connection->counters().bytes_out;
  std::erase_if(dialled_, [&](const auto& entry) { return entry.second == &link; });
  links_.remove_if([&](const Link& candidate) { return &candidate == &link; });
}

Link* LinkTable::usable(const base::NodeId& node) {
  const auto [first, last] = dialled_.equal_range(node);
  const auto found = std::find_if(
      first, last, [](const auto& entry) { return entry.second->connection->accepts_streams(); });
  return found == last ? nullptr : found->second;
}

bool LinkTable::has(const base::NodeId& node) const {
  return std::any_of(links_.begin(), links_.end(), [&](const Link& l) { return l.node == node; });
}

void LinkTable::drop(const base::NodeId& node) {
  for (auto link = links_.begin(); link != links_.end();) {
    Link& candidate = *link++;
    if (candidate.node != node) continue;
    const auto connection = candidate.connection;
    remove(candidate);
    connection->close(StreamError::connection_lost);
  }
}

void LinkTable::shut_down(base::Instant until) {
  for (Link& link : links_) {
    link.connection->shut_down();
    link.drain_deadline = std::min(link.drain_deadline, until);
  }
}

void LinkTable::cut() {
  for (const Link& link : links_) link.connection->cut();
  links_.clear();
  dialled_.clear();
}

void LinkTable::count_into(PeerLinksCounters& counters) const {
  counters.bytes_in = gone_.bytes_in;
  counters.bytes_out = gone_.bytes_out;
  for (const Link& link : links_) {
    counters.bytes_in += link.connection->counters().bytes_in;
    counters.bytes_out += link.connection->counters().bytes_out;
    counters.streams += link.connection->open_streams();
  }
  counters.links = links_.size();
  counters.links_lost = lost_;
  counters.links_evicted = evicted_;
}

void LinkTable::tend(base::Instant now) {
  for (auto next = links_.begin(); next != links_.end();) {
    Link& link = *next++;
    const auto connection = link.connection;
    if (now >= link.drain_deadline) {
      remove(link);
      connection->close(StreamError::connection_lost);
      continue;
    }
    connection->on_time(now);
    if (now - connection->last_used() >= tick) connection->rest();
    if (connection->open_streams() != 0) continue;
    // The side that dialled closes first, so that a request hardly ever meets a GOAWAY.
    const base::Duration patience = options_.idle_timeout * (link.dialled ? 1 : 2);
    if (now - connection->last_used() < patience) continue;
    connection->shut_down();
    link.drain_deadline = std::min(link.drain_deadline, now + options_.drain_timeout);
  }
}

}  // namespace transport
