#include "mesh/judge/body.h"

#include "base/strings.h"
#include "mesh/judge/bounded_json.h"
#include "mesh/judge/phrase.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

namespace mesh::judge {

namespace {

using Json = nlohmann::json;
using Why = std::optional<std::string>;  // nothing: no error

bool is_good(int status) {
  return status >= 200 && status < 300;
}

// ---- which bodies are read ----

std::string media_type(const AnswerHead& head) {
  const auto field = find_header(head.headers, "content-type");
  if (!field) return {};
  return base::to_lower(base::trim(field->substr(0, field->find(';'))));
}

bool is_json(std::string_view type) {
  return type == "application/json" || type.ends_with("+json");
}

// Several values one after the other, often as they come up.
bool is_sequence(std::string_view type) {
  constexpr std::array<std::string_view, 6> sequences{
      "text/event-stream",    "application/x-ndjson",    "application/jsonl",
      "application/json-seq", "application/stream+json", "multipart/x-mixed-replace"};
  return type.starts_with("application/grpc") ||
         std::ranges::find(sequences, type) != sequences.end();
}

// ---- a glance at the bytes, for most bodies are fine and need not be parsed ----

// `rare` is the character of the word that other text has least of: looking for a single one is
// many times faster than looking for a word.
std::size_t find(std::string_view body, std::string_view word, char rare, std::size_t from = 0) {
  const std::size_t before = word.find(rare);
  for (std::size_t at = body.find(rare, from + before); at != std::string_view::npos;
       at = body.find(rare, at + 1)) {
    if (body.substr(at - before).starts_with(word)) return at - before;
  }
  return std::string_view::npos;
}

bool contains(std::string_view body, std::string_view word, char rare) {
  return find(body, word, rare) != std::string_view::npos;
}

// "isError" with any value that begins like true.
bool says_is_error(std::string_view body) {
  constexpr std::string_view word = "\"isError\"";
  for (std::size_t at = find(body, word, 'E'); at != std::string_view::npos;
       at = find(body, word, 'E', at + word.size())) {
    const std::size_t value = body.find_first_not_of(" \t\r\n:", at + word.size());
    if (value != std::string_view::npos && body[value] == 't') return true;
  }
  return false;
}

bool says_failed_state(std::string_view body) {
  constexpr std::string_view word = "\"state\"";
  if (memmem(body.data(), body.size(), word.data(), word.size()) == nullptr) return false;
  return contains(body, "failed\"", 'f') || contains(body, "rejected\"", 'j') ||
         contains(body, "FAILED\"", 'F') || contains(body, "REJECTED\"", 'J');
}

bool may_be_error(std::string_view body) {
  if (contains(body, "\"jsonrpc\"", 'j') && contains(body, "\"error\"", 'o')) return true;
  return says_is_error(body) || says_failed_state(body);
}

// ---- a closer look ----

const Json* member(const Json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

bool is_text(const Json* value, std::string_view text) {
  return value != nullptr && value->is_string() && value->get_ref<const std::string&>() == text;
}

bool is_text(const Json* value) {
  return value != nullptr && value->is_string();
}

Why tool_error(const Json& result) {
  const Json* error = member(result, "isError");
  if (error == nullptr || !error->is_boolean() || !error->get<bool>()) return std::nullopt;
  return "the tool says that it failed";
}

// "failed" and TASK_STATE_FAILED are one state in two versions.
Why failed_task(const Json& task) {
  const Json* status = member(task, "status");
  const Json* state = status == nullptr ? nullptr : member(*status, "state");
  if (!is_text(state)) return std::nullopt;
  const std::string& word = state->get_ref<const std::string&>();
  if (word == "failed" || word == "TASK_STATE_FAILED") return "the task failed";
  if (word == "rejected" || word == "TASK_STATE_REJECTED") return "the task was rejected";
  return std::nullopt;
}

// Other documents have a status with a state too: a task of A2A has more.
bool is_task(const Json& value) {
  if (!is_text(member(value, "id"))) return false;
  if (is_text(member(value, "kind"), "task") || is_text(member(value, "contextId")) ||
      is_text(member(value, "sessionId"))) {
    return true;
  }
  const Json* status = member(value, "status");
  const Json* state = status == nullptr ? nullptr : member(*status, "state");
  return is_text(state) && state->get_ref<const std::string&>().starts_with("TASK_STATE_");
}

Why rpc_error(const Json& error) {
  std::string out = "JSON-RPC error";
  const Json* code = member(error, "code");
  if (code != nullptr && code->is_number_integer()) out += " " + code->dump();
  const Json* message = member(error, "message");
  if (is_text(message)) out += ": " + printable(message->get_ref<const std::string&>());
  return out;
}

Why result_error(const Json& result) {
  if (Why why = tool_error(result)) return why;
  if (const Json* task = member(result, "task")) return failed_task(*task);
  if (!is_text(member(result, "id")) && !is_text(member(result, "taskId"))) return std::nullopt;
  return failed_task(result);
}

Why error_in(const Json& body) {
  if (is_text(member(body, "jsonrpc"), "2.0")) {
    const Json* result = member(body, "result");
    const Json* error = member(body, "error");
    if (error != nullptr && error->is_object() && (result == nullptr || result->is_null())) {
      return rpc_error(*error);
    }
    return result == nullptr ? std::nullopt : result_error(*result);
  }
  const Json* content = member(body, "content");
  if (content != nullptr && content->is_array()) return tool_error(body);
  const Json* task = member(body, "task");
  const Json& candidate = task == nullptr ? body : *task;
  return is_task(candidate) ? failed_task(candidate) : std::nullopt;
}

// A batch failed if all of it did.
Why application_error(std::string_view body) {
  if (!may_be_error(body)) return std::nullopt;
  const Json value = parse_bounded(body);
  if (!value.is_array()) return error_in(value);
  Why out;
  for (const Json& one : value) {
    Why why = error_in(one);
    if (!why) return std::nullopt;
    if (!out) out = std::move(why);
  }
  return out;
}

}  // namespace

bool worth_reading(const AnswerHead& head, bool has_check) {
  if (head.status < 200 || head.status >= 600) return false;
  if (head.body_size && *head.body_size > body_bytes_max) return false;
  if (const auto coding = find_header(head.headers, "content-encoding");
      coding && !base::equals_ignoring_case(base::trim(*coding), "identity")) {
    return false;
  }
  const std::string type = media_type(head);
  if (is_sequence(type)) return false;
  if (has_check && is_good(head.status)) return true;
  return is_json(type) && head.body_size != 0U;
}

BodyVerdict judge_body(const AnswerHead& head, std::string_view body, const CompiledCheck* check) {
  if (is_json(media_type(head))) {
    if (Why why = application_error(body)) {
      return {BodyVerdict::Kind::application_error, std::move(*why)};
    }
  }
  if (check == nullptr || !is_good(head.status)) return {};
  if (auto broken = check->violation(body)) {
    return {BodyVerdict::Kind::check_failed, std::move(*broken)};
  }
  return {};
}

}  // namespace mesh::judge
