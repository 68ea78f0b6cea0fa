#include "node/agent_gateway.h"

#include "api/problem.h"
#include "base/bytes.h"
#include "node/http_answer.h"

#include <chrono>
#include <utility>

namespace node {

namespace {

api::Request api_request(WholeRequest whole) {
  api::Request request;
  request.method = std::move(whole.head.method);
  const std::string_view target = whole.head.target;
  const std::size_t question = target.find('?');
  request.path = target.substr(0, question);
  if (question != std::string_view::npos) request.query = target.substr(question + 1);
  request.authority = std::move(whole.head.authority);
  for (transport::HeaderField& field : whole.head.headers) {
    request.headers.push_back({std::move(field.name), std::move(field.value)});
  }
  request.body = base::as_text(whole.body);
  return request;
}

// gRPC clients cannot put a prefix before the path of their service, so a request may name its
// capability in a header instead; its whole target is then the rest.
std::optional<CallTarget> call_of(const transport::RequestHead& head) {
  if (std::optional<CallTarget> target = parse_call_target(head.target)) return target;
  if (const auto capability = transport::find_header(head.headers, "parley-capability")) {
    return CallTarget{std::string(*capability), head.target};
  }
  return std::nullopt;
}

}  // namespace

AgentGateway::AgentGateway(asio::io_context& io, Exchanges& exchanges, Resources resources,
                           Guard guard)
    : exchanges_(exchanges),
      resources_(std::move(resources)),
      guard_(std::move(guard)),
      collector_(
          io, {.timeout = std::chrono::seconds(30)},
          [this](WholeRequest whole, std::unique_ptr<transport::Stream> stream) {
            resources_(api_request(std::move(whole)), std::move(stream));
          },
          [this](std::unique_ptr<transport::Stream> stream) {
            ++counters_.refused;
            answer(*stream, api::problem({.code = mesh::ProblemCode::body_too_large,
                                          .detail = "the node's own resources take at most 1 MiB",
                                          .retry_after = std::nullopt,
                                          .path = {}}));
          }) {}

void AgentGateway::on_request(transport::RequestHead head,
                              std::unique_ptr<transport::Stream> stream,
                              const transport::RequestOrigin& origin) {
  ++counters_.requests;
  if (const std::optional<api::Response> refusal = guard_(head.authority, head.headers)) {
    ++counters_.refused;
    answer(*stream, *refusal);
    return;
  }
  if (std::optional<CallTarget> target = call_of(head)) {
    exchanges_.arrive(mesh::FromAgent{}, std::move(head), std::move(*target), std::move(stream));
    return;
  }
  collector_.collect(std::move(head), std::move(stream), origin);
}

}  // namespace node
