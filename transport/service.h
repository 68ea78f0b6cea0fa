// What answers HTTP requests: those of agents on the local listener and those of other nodes on
// links. The service owns each stream that it is given; it calls set_receiver() on it when it is
// ready to take the body, which may be later, and answers with send_response_head(), send_data(),
// send_end().
#pragma once

#include "base/endpoint.h"
#include "base/ids.h"
#include "transport/stream.h"

#include <memory>
#include <optional>

namespace transport {

struct RequestOrigin {
  base::Endpoint remote;
  std::optional<base::NodeId> peer;  // over a link: who the other side proved to be
};

class Service {
 public:
  virtual ~Service() = default;

  // Destroying the stream before the answer is complete aborts the exchange.
  virtual void on_request(RequestHead head, std::unique_ptr<Stream> stream,
                          const RequestOrigin& origin) = 0;
};

}  // namespace transport
