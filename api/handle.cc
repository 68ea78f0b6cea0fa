#include "api/handle.h"

#include "api/agent_resource.h"
#include "api/calls_resource.h"
#include "api/decisions_resource.h"
#include "api/deferred_resource.h"
#include "api/exposition.h"
#include "api/health.h"
#include "api/hosts.h"
#include "api/invitations_resource.h"
#include "api/json_body.h"
#include "api/json_response.h"
#include "api/metrics.h"
#include "api/node_resource.h"
#include "api/problem.h"
#include "api/rows.h"
#include "api/target.h"
#include "base/strings.h"
#include "node/kernel/kernel.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace api {
namespace {

using Json = nlohmann::ordered_json;

// ---- resources; `parameter` is what stands for {...} in the path, decoded ----

Response members(const View& view, const Request&, const std::string&) {
  const gossip::Membership& membership = view.kernel.membership();
  return json_text(member_rows(membership.members(), membership.self(), view.now));
}

Response agents(const View& view, const Request&, const std::string&) {
  return json_text(
      agent_rows(view.kernel.data_plane().catalogue(), view.kernel.membership().self()));
}

Response capabilities(const View& view, const Request&, const std::string&) {
  return json_text(capability_rows(view.kernel.data_plane().catalogue()));
}

Response routes(const View& view, const Request& request, const std::string& capability) {
  if (!mesh::is_capability_name(capability)) {
    return problem(400, "bad_request",
                   "\"" + capability +
                       "\" is not the name of a capability; it has parts of "
                       "letters, digits, '_' and '-' joined by dots");
  }
  const std::string require = query_value(request.query, "require").value_or("");
  return json_text(route_rows(view.kernel.data_plane().explain(capability, require, view.now)));
}

Response breakers(const View& view, const Request&, const std::string&) {
  return get_breakers(view);
}
Response feedback(const View& view, const Request& request, const std::string&) {
  return post_feedback(view, request);
}

Response deferred_all(const View& view, const Request&, const std::string&) {
  return get_deferred(view);
}
Response deferred_one(const View& view, const Request&, const std::string& id) {
  return get_deferred(view, id);
}
Response deferred_answer(const View& view, const Request&, const std::string& id) {
  return get_deferred_answer(view, id);
}
Response deferred_delete(const View& view, const Request&, const std::string& id) {
  return delete_deferred(view, id);
}

Response node(const View& view, const Request&, const std::string&) {
  return get_node(view);
}

Response agent(const View& view, const Request&, const std::string&) {
  return get_agent(view);
}
Response agent_put(const View& view, const Request& request, const std::string&) {
  return put_agent(view, request);
}
Response agent_patch(const View& view, const Request& request, const std::string&) {
  return patch_agent(view, request);
}
Response agent_delete(const View& view, const Request&, const std::string&) {
  return delete_agent(view);
}

Response accepted(kernel::Input command, const Json& body) {
  Response response = json_text(body.dump());
  response.status = 202;
  response.commands.push_back(std::move(command));
  return response;
}

Response join(const View&, const Request& request, const std::string&) {
  const Json body = is_shallow(request.body) ? Json::parse(request.body, nullptr, false) : Json();
  std::optional<base::Endpoint> seed;
  if (body.is_object() && body.contains("seed") && body["seed"].is_string()) {
    seed = base::Endpoint::parse(body["seed"].get<std::string>());
  }
  if (!seed || seed->port == 0 || seed->is_unspecified()) {
    return problem(400, "bad_request",
                   "the body must be {\"seed\": \"IP:PORT\"}, the mesh address of a member");
  }
  return accepted(kernel::JoinRequested{*seed},
                  {{"status", "joining"}, {"seed", seed->to_string()}});
}

Response leave(const View&, const Request&, const std::string&) {
  return accepted(kernel::DrainRequested{.leave = true}, {{"status", "leaving"}});
}
Response drain(const View&, const Request&, const std::string&) {
  return accepted(kernel::DrainRequested{.leave = false}, {{"status", "draining"}});
}
Response resume(const View&, const Request&, const std::string&) {
  return accepted(kernel::ResumeRequested{}, {{"status", "serving"}});
}

Response health(const View& view, const Request& request, std::optional<Condition::Of> only,
                bool none) {
  std::vector<Condition> conditions;
  if (!none) conditions = conditions_of(view);
  if (only) {
    std::erase_if(conditions, [&](const Condition& condition) { return condition.of != *only; });
  }
  return health_response(conditions, query_value(request.query, "verbose").has_value());
}
Response livez(const View& view, const Request& request, const std::string&) {
  return health(view, request, std::nullopt, true);
}
Response startupz(const View& view, const Request& request, const std::string&) {
  return health(view, request, Condition::Of::startup, false);
}
Response healthz(const View& view, const Request& request, const std::string&) {
  return health(view, request, Condition::Of::health, false);
}
Response readyz(const View& view, const Request& request, const std::string&) {
  return health(view, request, std::nullopt, false);
}

Response metrics_page(const View& view, const Request&, const std::string&) {
  Response response;
  response.content_type = std::string(Exposition::content_type);
  response.body = metrics(view);
  return response;
}

Response description(const View& view, const Request&, const std::string&) {
  return json_text(openapi(view.version));
}

Response proposal(const View& view, const Request& request, const std::string&) {
  return post_proposal(view, request, query_value(request.query, "wait"));
}
Response decisions(const View& view, const Request& request, const std::string&) {
  return get_decisions(view, request);
}
Response decision(const View& view, const Request&, const std::string& id) {
  return get_decision(view, id);
}
Response proof(const View& view, const Request& request, const std::string& id) {
  return get_proof(view, id, query_value(request.query, "checkpoint"));
}
Response ballots(const View& view, const Request& request, const std::string&) {
  return get_ballots(view, request);
}
Response documents(const View& view, const Request& request, const std::string&) {
  return get_documents(view, request);
}
Response invitation(const View& view, const Request& request, const std::string&) {
  return post_invitation(view, request);
}
Response agreement(const View& view, const Request&, const std::string&) {
  return get_agreement(view);
}

// ---- the table ----

using Handler = Response (*)(const View&, const Request&, const std::string& parameter);

constexpr std::array<Resource, 33> table{{
    {"GET", "/v1/members"},
    {"GET", "/v1/agents"},
    {"GET", "/v1/capabilities"},
    {"GET", "/v1/routes/{capability}"},
    {"GET", "/v1/breakers"},
    {"GET", "/v1/node"},
    {"GET", "/v1/agent"},
    {"PUT", "/v1/agent"},
    {"PATCH", "/v1/agent"},
    {"DELETE", "/v1/agent"},
    {"POST", "/v1/join"},
    {"POST", "/v1/leave"},
    {"POST", "/v1/drain"},
    {"POST", "/v1/resume"},
    {"GET", "/livez"},
    {"GET", "/healthz"},
    {"GET", "/readyz"},
    {"GET", "/startupz"},
    {"GET", "/metrics"},
    {"GET", "/openapi.json"},
    {"POST", "/v1/feedback"},
    {"GET", "/v1/deferred"},
    {"GET", "/v1/deferred/{id}"},
    {"GET", "/v1/deferred/{id}/answer"},
    {"DELETE", "/v1/deferred/{id}"},
    {"POST", "/v1/proposals"},
    {"GET", "/v1/decisions"},
    {"GET", "/v1/decisions/{id}"},
    {"GET", "/v1/proofs/{id}"},
    {"GET", "/v1/ballots"},
    {"GET", "/v1/documents"},
    {"GET", "/v1/agreement"},
    {"POST", "/v1/invitations"},
}};
constexpr std::array<Handler, table.size()> handlers{
    members,         agents,      capabilities, routes,       breakers,     node,
    agent,           agent_put,   agent_patch,  agent_delete, join,         leave,
    drain,           resume,      livez,        healthz,      readyz,       startupz,
    metrics_page,    description, feedback,     deferred_all, deferred_one, deferred_answer,
    deferred_delete, proposal,    decisions,    decision,     proof,        ballots,
    documents,       agreement,   invitation};

// What stands for the parameter of `pattern` in `path`; "" if it has none; nothing if they differ.
std::optional<std::string> match_path(std::string_view pattern, std::string_view path) {
  const auto brace = pattern.find('{');
  if (brace == std::string_view::npos) {
    if (pattern != path) return std::nullopt;
    return std::string();
  }
  const std::string_view before = pattern.substr(0, brace);
  const std::string_view after = pattern.substr(pattern.find('}') + 1);
  const bool fits = path.size() > before.size() + after.size() && path.starts_with(before) &&
                    path.ends_with(after);
  if (!fits) return std::nullopt;
  const std::string_view rest =
      path.substr(before.size(), path.size() - before.size() - after.size());
  if (rest.find('/') != std::string_view::npos) return std::nullopt;
  return decoded(rest, false);
}

Response no_such_path(const std::string& path) {
  std::vector<std::string_view> paths;
  paths.reserve(table.size());
  for (const Resource& resource : table) paths.push_back(resource.path);
  std::string detail = "there is no \"" + path + "\" here; ";
  const auto nearest = base::nearest_word(path, paths);
  detail += nearest ? "did you mean " + std::string(*nearest) + "?" : "see /openapi.json";
  return problem(404, "not_found", detail);
}

Response wrong_method(const Request& request, const std::string& allowed) {
  Response response =
      problem(405, "method_not_allowed",
              request.path + " does not take " + request.method + ", but " + allowed);
  response.headers.push_back({"allow", allowed});
  return response;
}

}  // namespace

std::span<const Resource> resources() {
  return table;
}

namespace {

Response answer_of(const View& view, const Request& request) {
  if (auto refusal = refuse_foreign(request.authority, request.headers, view.access)) {
    return std::move(*refusal);
  }
  const bool head = request.method == "HEAD";
  const std::string_view method = head ? "GET" : std::string_view(request.method);
  std::string allowed;
  for (std::size_t i = 0; i < table.size(); ++i) {
    const auto parameter = match_path(table.at(i).path, request.path);
    if (!parameter) continue;
    if (table.at(i).method == method) {
      Response response = handlers.at(i)(view, request, *parameter);
      if (head) response.body.clear();
      return response;
    }
    if (!allowed.empty()) allowed += ", ";
    allowed += table.at(i).method;
    if (table.at(i).method == "GET") allowed += ", HEAD";
  }
  if (!allowed.empty()) return wrong_method(request, allowed);
  return no_such_path(request.path);
}

}  // namespace

// The readers see to it that the library for JSON has nothing to throw. Should one of them miss
// something, a request fails, and not the node.
Response handle(const View& view, const Request& request) {
  try {
    return answer_of(view, request);
  } catch (const nlohmann::json::exception& error) {
    return problem(500, "internal", "this request was read wrongly: " + std::string(error.what()));
  }
}

}  // namespace api
