#include "node/peer_gateway.h"

#include "api/problem.h"
#include "base/check.h"
#include "node/http_answer.h"
#include "transport/peer_links.h"

#include <utility>

namespace node {

PeerGateway::PeerGateway(asio::io_context& io, Exchanges& exchanges)
    : exchanges_(exchanges),
      collector_(
          io, {},
          [this](WholeRequest whole, std::unique_ptr<transport::Stream> stream) {
            const std::uint64_t question = ++last_question_;
            questions_.emplace(question, std::move(stream));
            if (questions_.size() > questions_max) questions_.erase(questions_.begin());
            driver_->feed(kernel::PeerAsked{question, *whole.origin.peer, std::move(whole.body)});
          },
          [](std::unique_ptr<transport::Stream> stream) {
            answer(*stream, api::problem({.code = mesh::ProblemCode::body_too_large,
                                          .detail = "a question between nodes takes at most 1 MiB",
                                          .retry_after = std::nullopt,
                                          .path = {}}));
          }) {}

void PeerGateway::on_request(transport::RequestHead head, std::unique_ptr<transport::Stream> stream,
                             const transport::RequestOrigin& origin) {
  CHECK(driver_ != nullptr);
  CHECK(origin.peer.has_value());  // links hand over nothing before the handshake
  if (std::optional<CallTarget> target = parse_call_target(head.target)) {
    exchanges_.arrive(mesh::FromPeer{*origin.peer}, std::move(head), std::move(*target),
                      std::move(stream));
    return;
  }
  if (head.method == "POST" && head.target == transport::ask_target) {
    collector_.collect(std::move(head), std::move(stream), origin);
    return;
  }
  answer(*stream, api::problem(404, "bad_request", "peers may ask and call, and nothing else"));
}

void PeerGateway::answer_question(std::uint64_t question, const base::Bytes& body) {
  const auto found = questions_.find(question);
  if (found == questions_.end()) return;  // pushed out by newer ones
  transport::Stream& stream = *found->second;
  stream.send_response_head({.status = 200,
                             .headers = {{"content-type", "application/x-capnp"}},
                             .body_size = body.size()});
  if (!body.empty()) stream.send_data(body);
  stream.send_end({});
  questions_.erase(found);
}

}  // namespace node
