#include "api/deferred_resource.h"

#include "api/json_response.h"
#include "api/problem.h"
#include "node/kernel/kernel.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>

namespace api {

namespace {

using Json = nlohmann::ordered_json;
using Entry = mesh::Deferrals::Entry;
using State = mesh::Deferrals::State;

std::string path_of(std::string_view id) {
  return "/v1/deferred/" + std::string(id);
}

double rounded_seconds(base::Duration time) {
  const double exact = base::in_seconds(time);
  return std::max(0.0, std::round(exact * 1'000) / 1'000);
}

Json row_of(const Entry& entry, base::Instant now) {
  const bool delivered = entry.state == State::delivered;
  return {{"id", std::string(entry.id)},
          {"capability", entry.capability},
          {"state", mesh::to_string(entry.state)},
          {"age_seconds", rounded_seconds(now - entry.since)},
          {"expires_seconds", rounded_seconds(entry.until - now)},
          {"tries", entry.tries},
          {"problem", entry.problem.empty() ? Json() : Json(entry.problem)},
          {"status", delivered ? Json(entry.status) : Json()},
          {"answer", delivered ? Json(path_of(entry.id) + "/answer") : Json()}};
}

Response not_found(const std::string& id) {
  return problem(404, "not_found",
                 "this node keeps no call \"" + id.substr(0, 40) +
                     "\" (any more); /v1/deferred lists those that it keeps");
}

}  // namespace

Response deferred(std::string_view id, base::Duration left) {
  Response response = json_response({{"deferred", id},
                                     {"state", mesh::to_string(State::waiting)},
                                     {"expires_seconds", rounded_seconds(left)},
                                     {"location", path_of(id)}});
  response.status = 202;
  response.headers.push_back({"location", path_of(id)});
  response.headers.push_back({"parley-deferred", std::string(id)});
  return response;
}

Response get_deferred(const View& view) {
  Json rows = Json::array();
  for (const auto& [id, entry] : view.kernel.data_plane().deferrals().entries()) {
    rows.push_back(row_of(entry, view.now));
  }
  return json_response(rows);
}

Response get_deferred(const View& view, const std::string& id) {
  const Entry* entry = view.kernel.data_plane().deferrals().find(id);
  return entry == nullptr ? not_found(id) : json_response(row_of(*entry, view.now));
}

Response get_deferred_answer(const View& view, const std::string& id) {
  const Entry* entry = view.kernel.data_plane().deferrals().find(id);
  if (entry == nullptr) return not_found(id);
  if (entry->state != State::delivered) {
    Response response =
        problem(409, "not_delivered",
                "the call waits for its delivery; " + path_of(id) + " shows how it stands");
    response.headers.push_back({"retry-after", "1"});
    return response;
  }
  Response response;
  response.deferred_answer = id;
  return response;
}

Response delete_deferred(const View& view, const std::string& id) {
  const Entry* entry = view.kernel.data_plane().deferrals().find(id);
  if (entry == nullptr || entry->state == State::storing) return not_found(id);
  Response response;
  response.status = 204;
  response.commands.emplace_back(kernel::DeferralCancelled{entry->id});
  return response;
}

}  // namespace api
