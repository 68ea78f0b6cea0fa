// The handshakes that we began, and the streams that wait for each: all that want the same node at
// the same address share one. Whoever cannot have its link is told from the loop, never from inside
// a call.
#pragma once

#include "base/endpoint.h"
#include "base/ids.h"
#include "base/time.h"
#include "transport/link_handshake.h"
#include "transport/link_table.h"
#include "transport/peer_stream.h"
#include "transport/stream.h"

#include <asio/io_context.hpp>

#include <list>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace transport {

// Owners: PeerLinks, and handlers under way.
class LinkDials : public std::enable_shared_from_this<LinkDials> {
 public:
  explicit LinkDials(asio::io_context& loop) : loop_(loop) {}

  // False: nobody dials there yet, so add() a handshake for it.
  [[nodiscard]] bool join(WaitingStream& stream, const base::Endpoint& at);
  void add(std::shared_ptr<LinkHandshake> handshake, WaitingStream& stream);
  // The user let go of it.
  void forget(WaitingStream& stream);

  // Another node answered than the one that this handshake was for.
  [[nodiscard]] std::optional<base::NodeId> expected_instead(const LinkHandshake& handshake) const;
  // Nobody was there at an address at which nobody in particular was expected, such as a seed's.
  // Whoever asked learns it from the stream, and says it as rarely as it is news.
  [[nodiscard]] bool knocked_in_vain(const LinkHandshake& handshake) const;
  // Gives the link, or else the error, to everyone who waited for this handshake.
  void settle(const LinkHandshake& handshake, Link* link, StreamError error);
  void fail_later(WaitingStream& stream, StreamError error);

  [[nodiscard]] base::Instant next_deadline() const;
  void on_time(base::Instant now);
  void cut();  // silently

 private:
  struct Dial {
    std::shared_ptr<LinkHandshake> handshake;
    std::optional<base::NodeId> node;
    std::vector<WaitingStream*> waiting;  // users own them
  };

  [[nodiscard]] std::list<Dial>::const_iterator of(const LinkHandshake& handshake) const;
  void post_failures();

  asio::io_context& loop_;
  std::list<Dial> dials_;
  std::vector<std::pair<WaitingStream*, StreamError>> failing_;  // to be told from the loop
  bool failures_posted_ = false;
};

}  // namespace transport
