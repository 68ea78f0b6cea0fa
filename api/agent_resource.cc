#include "api/agent_resource.h"

#include "api/json_body.h"
#include "api/problem.h"

#include <nlohmann/json.hpp>

namespace api {
namespace {

using Json = nlohmann::ordered_json;

std::optional<Json> parse_object(std::string_view text) {
  if (!is_shallow(text)) return std::nullopt;
  Json value = Json::parse(text, nullptr, false);
  if (!value.is_object()) return std::nullopt;
  return value;
}

Response not_an_object() {
  return problem(400, "bad_request",
                 "the body must be one JSON object, the agent: block of the configuration; see "
                 "/openapi.json");
}

Response change_to(const View& view, const Json& block) {
  std::string text = block.dump(-1, ' ', false, Json::error_handler_t::replace);
  auto parsed = view.parse_agent(text);
  if (!parsed) return problem(400, "bad_request", parsed.error());
  Response response;
  response.body = text;
  response.commands.emplace_back(kernel::AgentConfigured{std::move(parsed->descriptor)});
  response.agent = AgentChange{std::move(parsed->url), std::move(text)};
  return response;
}

}  // namespace

Response get_agent(const View& view) {
  if (view.agent_block.empty()) {
    return problem(404, "not_found", "this node has no agent; PUT /v1/agent registers one");
  }
  Response response;
  response.body = view.agent_block;
  return response;
}

Response put_agent(const View& view, const Request& request) {
  const auto block = parse_object(request.body);
  if (!block) return not_an_object();
  return change_to(view, *block);
}

Response patch_agent(const View& view, const Request& request) {
  const auto patch = parse_object(request.body);
  if (!patch) return not_an_object();
  Json block = Json::object();
  if (auto current = parse_object(view.agent_block)) block = std::move(*current);
  block.merge_patch(*patch);
  return change_to(view, block);
}

Response delete_agent(const View& view) {
  if (view.agent_block.empty()) return problem(404, "not_found", "this node has no agent");
  Response response;
  response.status = 204;
  response.commands.emplace_back(kernel::AgentConfigured{std::nullopt});
  response.agent = AgentChange{};
  return response;
}

}  // namespace api
