// The links that are there: who is on the other side, which of them take requests, and when one
// that nobody needs goes away. It bounds them: the least recently used idle one makes room.
#pragma once

#include "base/ids.h"
#include "base/time.h"
#include "transport/http2_connection.h"
#include "transport/link_handshake.h"
#include "transport/peer_links.h"
#include "transport/service.h"

#include <chrono>
#include <functional>
#include <list>
#include <map>
#include <memory>

namespace transport {

struct Link {
  base::NodeId node;
  bool dialled = false;  // by us, so we are the one who asks
  std::shared_ptr<Http2Connection> connection;
  base::Instant drain_deadline = base::Instant::never();
};

class LinkTable {
 public:
  static constexpr base::Duration tick = std::chrono::milliseconds(500);  // tend() as often

  // `on_lost` is called when a link broke by itself.
  LinkTable(Service& service, const PeerLinksOptions& options,
            std::function<void(const base::NodeId&)> on_lost);

  // For the link of this handshake. False if links_max are all in use.
  [[nodiscard]] bool make_room(const LinkHandshake& handshake);
  // From a handshake that is done.
  Link& add(LinkHandshake& handshake);
  // One that we dialled and that takes a request; null: none.
  [[nodiscard]] Link* usable(const base::NodeId& node);
  [[nodiscard]] bool has(const base::NodeId& node) const;
  [[nodiscard]] bool empty() const { return links_.empty(); }

  void tend(base::Instant now);
  void drop(const base::NodeId& node);  // streams fail as connection_lost
  void shut_down(base::Instant until);  // what is in flight goes on
  void cut();                           // silently
  void count_into(PeerLinksCounters& counters) const;

 private:
  void remove(Link& link);
  void evict(Link& link);

  Service& service_;
  const PeerLinksOptions& options_;
  const std::function<void(const base::NodeId&)> on_lost_;
  Http2Scratch scratch_;
  std::list<Link> links_;
  std::multimap<base::NodeId, Link*> dialled_;
  Http2ConnectionCounters gone_;  // of those that are not there any more
  std::uint64_t lost_ = 0;
  std::uint64_t evicted_ = 0;
};

}  // namespace transport
