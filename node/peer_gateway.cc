#include "node/peer_gateway.h"

#include "api/problem.h"
#include "base/check.h"
#include "node/http_answer.h"
#include "transport/peer_links.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace node {

PeerGateway::PeerGateway(asio::io_context& io, Exchanges& exchanges, AgreementChannels& channels)
    : exchanges_(exchanges),
      channels_(channels),
      collector_(
          io, {},
          [this](WholeRequest whole, std::unique_ptr<transport::Stream> stream) {
            on_question(std::move(whole), std::move(stream));
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
  if (head.method == "POST" && head.target == agreement_target) {
    channels_.accept(*origin.peer, std::move(stream));
    return;
  }
  answer(*stream, api::problem(404, "bad_request", "peers may ask and call, and nothing else"));
}

void PeerGateway::on_question(WholeRequest whole, std::unique_ptr<transport::Stream> stream) {
  const base::NodeId from = *whole.origin.peer;
  const auto of_peer = [&](const auto& entry) { return entry.second.from == from; };
  if (std::ranges::count_if(questions_, of_peer) >= std::ptrdiff_t{questions_per_peer_max}) {
    questions_.erase(std::ranges::find_if(questions_, of_peer));
  } else if (questions_.size() >= questions_max) {
    questions_.erase(questions_.begin());
  }
  const std::uint64_t question = ++last_question_;
  questions_.emplace(question, Question{from, std::move(stream)});
  driver_->feed(kernel::PeerAsked{question, from, whole.origin.remote, std::move(whole.body)});
}

void PeerGateway::answer_question(std::uint64_t question, const base::Bytes& body) {
  const auto found = questions_.find(question);
  if (found == questions_.end()) return;  // pushed out by newer ones
  const std::unique_ptr<transport::Stream> kept = std::move(found->second.stream);
  questions_.erase(found);
  if (body.empty()) {
    return answer(*kept, api::problem(400, "bad_request",
                                      "this is no question between nodes, or not from a member"));
  }
  transport::Stream& stream = *kept;
  stream.send_response_head({.status = 200,
                             .headers = {{"content-type", "application/x-capnp"}},
                             .body_size = body.size()});
  stream.send_data(body);
  stream.send_end({});
}

}  // namespace node
