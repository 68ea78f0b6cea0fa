// The agent-facing side of the node: what arrives on the API's port. A call goes to the exchanges,
// everything else to the resources of api/. Requests that a foreign web page could have made are
// refused before either sees them.
#pragma once

#include "api/http.h"
#include "node/exchanges.h"
#include "node/whole_request.h"
#include "transport/service.h"

#include <asio/io_context.hpp>

#include <functional>
#include <memory>
#include <optional>

namespace node {

class AgentGateway final : public transport::Service {
 public:
  // Answers one of the node's own resources, now or later, and carries out what comes of it.
  using Resources =
      std::function<void(const api::Request&, std::unique_ptr<transport::Stream> stream)>;
  // The refusal of a foreign Host or Origin, or nothing.
  using Guard = std::function<std::optional<api::Response>(std::string_view authority,
                                                           const transport::Headers& headers)>;

  AgentGateway(asio::io_context& io, Exchanges& exchanges, Resources resources, Guard guard);

  void on_request(transport::RequestHead head, std::unique_ptr<transport::Stream> stream,
                  const transport::RequestOrigin& origin) override;

  struct Counters {
    std::uint64_t requests = 0;
    std::uint64_t refused = 0;  // foreign Host or Origin, or a body that is too large
  };
  [[nodiscard]] const Counters& counters() const { return counters_; }

 private:
  Exchanges& exchanges_;
  const Resources resources_;
  const Guard guard_;
  Counters counters_;
  RequestCollector collector_;
};

}  // namespace node
