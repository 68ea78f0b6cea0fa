#include "api/calls_resource.h"

#include "api/json_body.h"
#include "api/json_response.h"
#include "api/problem.h"
#include "mesh/catalogue.h"
#include "node/kernel/kernel.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

namespace api {

namespace {

using Json = nlohmann::ordered_json;

}  // namespace

Response get_breakers(const View& view) {
  using State = mesh::resilience::Breaker::State;
  Json rows = Json::array();
  for (const auto& [capability, offers] : view.kernel.data_plane().catalogue().by_capability()) {
    for (const mesh::Catalogue::Offer& offer : offers) {
      const mesh::resilience::Breaker& breaker = offer.standing->breaker;
      if (breaker.state() == State::closed) continue;
      const base::Duration wait = std::max(breaker.retry_at() - view.now, base::Duration::zero());
      const bool open = breaker.state() == State::open;
      rows.push_back({{"agent", offer.entry->provider.name},
                      {"node", offer.entry->node.hex()},
                      {"capability", capability},
                      {"state", to_string(breaker.state())},
                      {"probes_in_seconds", open ? Json(base::in_seconds(wait)) : Json()},
                      {"opened", breaker.opened()}});
    }
  }
  return json_response(rows);
}

Response post_feedback(const View& view, const Request& request) {
  if (request.body.size() > feedback_bytes_max || !is_shallow(request.body)) {
    return problem(413, "body_too_large", "feedback is one small object: call and quality");
  }
  const Json body = Json::parse(request.body, nullptr, false);
  const bool complete = body.is_object() && body.contains("call") && body["call"].is_string() &&
                        body.contains("quality") && body["quality"].is_number();
  if (!complete) {
    return problem(400, "bad_request",
                   R"(the body must be {"call": "the answer's Parley-Call", "quality": 0 to 1})");
  }
  const double quality = body["quality"].get<double>();
  if (!(quality >= 0 && quality <= 1)) {
    return problem(400, "bad_request", "quality must be a number from 0 to 1");
  }
  std::string call = body["call"].get<std::string>();
  if (!view.kernel.data_plane().knows_call(call)) {
    return problem(404, "not_found",
                   "this node knows no such call; it remembers the last 4,096 that its own agent "
                   "made and got an answer to");
  }
  Response response;
  response.status = 202;
  response.body = "{}";
  response.commands.emplace_back(kernel::CallJudged{std::move(call), quality});
  return response;
}

}  // namespace api
