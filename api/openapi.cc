// The description is written by hand, so that it reads well; a test holds it to the router's table.
#include "api/handle.h"

#include <nlohmann/json.hpp>

namespace api {
namespace {

constexpr std::string_view description_text = R"json({
"openapi": "3.1.0",
"info": {
  "title": "Parley node",
  "summary": "The agent's side of a node, on localhost",
  "description": "Call agents by what they can do, register your own, and look at the mesh as this node sees it.",
  "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}
},
"servers": [{"url": "http://127.0.0.1:7401"}],
"tags": [{"name": "calls"}, {"name": "mesh"}, {"name": "decisions"}, {"name": "agent"}, {"name": "operations"}],
"paths": {
  "/call/{capability}": {
    "description": "Any method. What follows the capability in the path, the query, the headers and the body go to the chosen agent, whose answer comes back byte for byte, as it comes.",
    "parameters": [
      {"name": "capability", "in": "path", "required": true, "schema": {"$ref": "#/components/schemas/CapabilityName"}},
      {"name": "Parley-Deadline", "in": "header", "description": "How long the whole call may take, as a duration; grpc-timeout is read too", "schema": {"$ref": "#/components/schemas/Duration"}},
      {"name": "Parley-Prefer", "in": "header", "description": "Node or agent to take if it can", "schema": {"type": "string"}},
      {"name": "Parley-Require", "in": "header", "example": "warehouse=A;proficiency>=competent;version~1.4", "schema": {"type": "string"}},
      {"name": "Idempotency-Key", "in": "header", "description": "Makes any method repeatable: the agent runs it once", "schema": {"type": "string"}}
    ],
    "get": {"tags": ["calls"], "operationId": "call", "responses": {"default": {"$ref": "#/components/responses/Answer"}}},
    "post": {"tags": ["calls"], "operationId": "callWithBody", "requestBody": {"content": {"*/*": {}}}, "responses": {"default": {"$ref": "#/components/responses/Answer"}}}
  },
  "/v1/members": {
    "get": {"tags": ["mesh"], "operationId": "members", "summary": "Members in this node's view", "responses": {"200": {"description": "One row a member", "content": {"application/json": {"schema": {"type": "array", "items": {"$ref": "#/components/schemas/Member"}}}}}}}
  },
  "/v1/agents": {
    "get": {"tags": ["mesh"], "operationId": "agents", "summary": "Agents beside the members", "responses": {"200": {"description": "One row an agent", "content": {"application/json": {"schema": {"type": "array", "items": {"$ref": "#/components/schemas/Agent"}}}}}}}
  },
  "/v1/capabilities": {
    "get": {"tags": ["mesh"], "operationId": "capabilities", "summary": "Who offers what", "responses": {"200": {"description": "One row an offer", "content": {"application/json": {"schema": {"type": "array", "items": {"$ref": "#/components/schemas/Offer"}}}}}}}
  },
  "/v1/routes/{capability}": {
    "get": {"tags": ["mesh"], "operationId": "routes", "summary": "Where a call would go now, and why not elsewhere",
      "parameters": [
        {"name": "capability", "in": "path", "required": true, "schema": {"$ref": "#/components/schemas/CapabilityName"}},
        {"name": "require", "in": "query", "description": "As the header Parley-Require", "schema": {"type": "string"}}
      ],
      "responses": {"200": {"description": "One row a candidate; empty if nobody offers it", "content": {"application/json": {"schema": {"type": "array", "items": {"$ref": "#/components/schemas/Route"}}}}}, "400": {"$ref": "#/components/responses/Problem"}}}
  },
  "/v1/breakers": {
    "get": {"tags": ["mesh"], "operationId": "breakers", "summary": "Circuit breakers that are not closed", "responses": {"200": {"description": "One row a breaker", "content": {"application/json": {"schema": {"type": "array", "items": {"type": "object"}}}}}}}
  },
  "/v1/feedback": {
    "post": {"tags": ["mesh"], "operationId": "feedback", "summary": "A caller's judgement of the output of a call that it made", "requestBody": {"required": true, "content": {"application/json": {"schema": {"type": "object", "required": ["call", "quality"], "properties": {"call": {"type": "string", "description": "Parley-Call of the answer"}, "quality": {"type": "number", "minimum": 0, "maximum": 1}}}}}}, "responses": {"202": {"description": "Taken into account"}, "400": {"$ref": "#/components/responses/Problem"}, "404": {"$ref": "#/components/responses/Problem"}}}
  },
  "/v1/deferred": {
    "get": {"tags": ["calls"], "operationId": "deferredCalls", "summary": "Calls that nobody could take, kept for a later delivery, and their fate", "responses": {"200": {"description": "One row a call", "content": {"application/json": {"schema": {"type": "array", "items": {"$ref": "#/components/schemas/Deferred"}}}}}}}
  },
  "/v1/deferred/{id}": {
    "get": {"tags": ["calls"], "operationId": "deferredCall", "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string"}}], "summary": "How a deferred call stands", "responses": {"200": {"description": "One object", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Deferred"}}}}, "404": {"$ref": "#/components/responses/Problem"}}},
    "delete": {"tags": ["calls"], "operationId": "cancelDeferredCall", "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string"}}], "summary": "Do not deliver it, or forget its answer", "responses": {"204": {"description": "Forgotten"}, "404": {"$ref": "#/components/responses/Problem"}}}
  },
  "/v1/deferred/{id}/answer": {
    "get": {"tags": ["calls"], "operationId": "deferredAnswer", "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string"}}], "summary": "What the agent answered, status and all", "responses": {"default": {"$ref": "#/components/responses/Answer"}, "404": {"$ref": "#/components/responses/Problem"}, "409": {"$ref": "#/components/responses/Problem"}}}
  },
  "/v1/proposals": {
    "post": {"tags": ["decisions"], "operationId": "propose", "parameters": [{"name": "wait", "in": "query", "description": "How long to keep the answer back for the decision, like 5s", "schema": {"type": "string"}}], "summary": "Ask the validators to decide; what comes of it is seen at /v1/decisions/{id}", "requestBody": {"required": true, "content": {"application/json": {"schema": {"type": "object", "required": ["kind"], "properties": {"kind": {"enum": ["document", "delete-document", "member", "policy", "committee", "ballot", "vote", "withdraw"]}}}}}}, "responses": {"200": {"description": "The decision, if it was waited for", "content": {"application/json": {"schema": {"type": "object"}}}}, "202": {"description": "Its id", "content": {"application/json": {"schema": {"type": "object"}}}}, "400": {"$ref": "#/components/responses/Problem"}, "404": {"$ref": "#/components/responses/Problem"}, "409": {"$ref": "#/components/responses/Problem"}, "503": {"$ref": "#/components/responses/Problem"}}}
  },
  "/v1/decisions": {
    "get": {"tags": ["decisions"], "operationId": "decisions", "parameters": [{"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 1024}}, {"name": "before", "in": "query", "description": "A height: older ones", "schema": {"type": "integer"}}, {"name": "from", "in": "query", "description": "A height: where a stream begins", "schema": {"type": "integer"}}, {"name": "Last-Event-ID", "in": "header", "schema": {"type": "string"}}], "summary": "What was decided, the newest first, or as a stream from now on", "responses": {"200": {"description": "One row or event a decision", "content": {"application/json": {"schema": {"type": "array", "items": {"type": "object"}}}, "text/event-stream": {"schema": {"type": "string"}}}}, "404": {"$ref": "#/components/responses/Problem"}}}
  },
  "/v1/decisions/{id}": {
    "get": {"tags": ["decisions"], "operationId": "decision", "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string", "pattern": "^[0-9a-f]{64}$"}}], "summary": "One decision", "responses": {"200": {"description": "One object", "content": {"application/json": {"schema": {"type": "object"}}}}, "410": {"$ref": "#/components/responses/Problem"}, "404": {"$ref": "#/components/responses/Problem"}}}
  },
  "/v1/proofs/{id}": {
    "get": {"tags": ["decisions"], "operationId": "proof", "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string", "pattern": "^[0-9a-f]{64}$"}}, {"name": "checkpoint", "in": "query", "description": "The id of the epoch that the proof begins at, instead of the first", "schema": {"type": "string", "pattern": "^[0-9a-f]{64}$"}}], "summary": "A decision with all that proves it, as parley verify takes it", "responses": {"200": {"description": "The file", "content": {"application/json": {"schema": {"type": "object"}}}}, "410": {"$ref": "#/components/responses/Problem"}, "404": {"$ref": "#/components/responses/Problem"}}}
  },
  "/v1/ballots": {
    "get": {"tags": ["decisions"], "operationId": "ballots", "parameters": [{"name": "limit", "in": "query", "description": "Rows of a page, which has fewer if they came to more than 1 MiB", "schema": {"type": "integer", "minimum": 1, "maximum": 1024, "default": 1024}}, {"name": "after", "in": "query", "description": "The id of the last ballot seen", "schema": {"type": "string", "pattern": "^[0-9a-f]{64}$"}}, {"name": "until_ms", "in": "query", "description": "The end of that ballot, if it was open when it was seen", "schema": {"type": "integer"}}], "summary": "Questions that are or were voted on, open ones first, in pages", "responses": {"200": {"description": "One row a ballot", "headers": {"Link": {"description": "The next page, if there is one, with rel=\"next\" (RFC 8288)", "schema": {"type": "string"}}}, "content": {"application/json": {"schema": {"type": "array", "items": {"type": "object"}}}}}, "400": {"$ref": "#/components/responses/Problem"}, "404": {"$ref": "#/components/responses/Problem"}}}
  },
  "/v1/documents": {
    "get": {"tags": ["decisions"], "operationId": "documents", "parameters": [{"name": "limit", "in": "query", "description": "Rows of a page, which has fewer if they came to more than 1 MiB", "schema": {"type": "integer", "minimum": 1, "maximum": 1024, "default": 1024}}, {"name": "after", "in": "query", "description": "The key of the last document seen", "schema": {"type": "string"}}, {"name": "prefix", "in": "query", "description": "Only keys that begin so", "schema": {"type": "string"}}], "summary": "Decided documents of applications by key, in pages", "responses": {"200": {"description": "One row a document", "headers": {"Link": {"description": "The next page, if there is one, with rel=\"next\" (RFC 8288)", "schema": {"type": "string"}}}, "content": {"application/json": {"schema": {"type": "array", "items": {"type": "object"}}}}}, "400": {"$ref": "#/components/responses/Problem"}, "404": {"$ref": "#/components/responses/Problem"}}}
  },
  "/v1/invitations": {
    "post": {"tags": ["decisions"], "operationId": "invite", "summary": "Sign an invitation into a mesh by invitation", "requestBody": {"required": false, "content": {"application/json": {"schema": {"type": "object", "properties": {"node": {"type": "string"}, "valid_ms": {"type": "integer"}}}}}}, "responses": {"201": {"description": "The invitation", "content": {"application/json": {"schema": {"type": "object"}}}}, "400": {"$ref": "#/components/responses/Problem"}, "404": {"$ref": "#/components/responses/Problem"}, "409": {"$ref": "#/components/responses/Problem"}, "503": {"$ref": "#/components/responses/Problem"}}}
  },
  "/v1/agreement": {
    "get": {"tags": ["decisions"], "operationId": "agreement", "summary": "Where agreement stands at this node", "responses": {"200": {"description": "One object", "content": {"application/json": {"schema": {"type": "object"}}}}, "404": {"$ref": "#/components/responses/Problem"}}}
  },
  "/v1/node": {
    "get": {"tags": ["operations"], "operationId": "node", "summary": "This node: identity, state, warnings, sums", "responses": {"200": {"description": "One object", "content": {"application/json": {"schema": {"type": "object", "required": ["id", "name", "state", "mesh", "version", "uptime_seconds", "ready"]}}}}}}
  },
  "/v1/agent": {
    "get": {"tags": ["agent"], "operationId": "agent", "summary": "The agent: block in force", "responses": {"200": {"$ref": "#/components/responses/AgentBlock"}, "404": {"$ref": "#/components/responses/Problem"}}},
    "put": {"tags": ["agent"], "operationId": "registerAgent", "summary": "Register the agent, in place of any other", "requestBody": {"$ref": "#/components/requestBodies/AgentBlock"}, "responses": {"200": {"$ref": "#/components/responses/AgentBlock"}, "400": {"$ref": "#/components/responses/Problem"}}},
    "patch": {"tags": ["agent"], "operationId": "changeAgent", "summary": "Merge into the agent: block (RFC 7396)", "requestBody": {"$ref": "#/components/requestBodies/AgentBlock"}, "responses": {"200": {"$ref": "#/components/responses/AgentBlock"}, "400": {"$ref": "#/components/responses/Problem"}}},
    "delete": {"tags": ["agent"], "operationId": "removeAgent", "summary": "The node has no agent from now on", "responses": {"204": {"description": "Removed"}, "404": {"$ref": "#/components/responses/Problem"}}}
  },
  "/v1/join": {
    "post": {"tags": ["operations"], "operationId": "join", "summary": "Join the mesh of that member", "requestBody": {"required": true, "content": {"application/json": {"schema": {"type": "object", "required": ["seed"], "properties": {"seed": {"type": "string", "examples": ["10.0.0.1:7400"]}}}}}}, "responses": {"202": {"$ref": "#/components/responses/Accepted"}, "400": {"$ref": "#/components/responses/Problem"}}}
  },
  "/v1/leave": {
    "post": {"tags": ["operations"], "operationId": "leave", "summary": "Finish the calls in flight, leave the mesh, and end", "responses": {"202": {"$ref": "#/components/responses/Accepted"}}}
  },
  "/v1/drain": {
    "post": {"tags": ["operations"], "operationId": "drain", "summary": "Take no new calls, but stay a member", "responses": {"202": {"$ref": "#/components/responses/Accepted"}}}
  },
  "/v1/resume": {
    "post": {"tags": ["operations"], "operationId": "resume", "summary": "Take calls again after a drain", "responses": {"202": {"$ref": "#/components/responses/Accepted"}}}
  },
  "/livez": {"get": {"tags": ["operations"], "operationId": "livez", "summary": "The process answers", "responses": {"200": {"$ref": "#/components/responses/Health"}}}},
  "/startupz": {"get": {"tags": ["operations"], "operationId": "startupz", "summary": "It has started", "responses": {"200": {"$ref": "#/components/responses/Health"}, "503": {"$ref": "#/components/responses/Health"}}}},
  "/healthz": {"get": {"tags": ["operations"], "operationId": "healthz", "summary": "It is well: the disk takes writes", "responses": {"200": {"$ref": "#/components/responses/Health"}, "503": {"$ref": "#/components/responses/Health"}}}},
  "/readyz": {"get": {"tags": ["operations"], "operationId": "readyz", "summary": "It may get calls: a serving member with a well agent", "parameters": [{"name": "verbose", "in": "query", "description": "Show all checks, not only those that fail", "schema": {"type": "string"}}], "responses": {"200": {"$ref": "#/components/responses/Health"}, "503": {"$ref": "#/components/responses/Health"}}}},
  "/metrics": {"get": {"tags": ["operations"], "operationId": "metrics", "summary": "Prometheus text exposition", "responses": {"200": {"description": "Metrics", "content": {"text/plain": {}}}}}},
  "/openapi.json": {"get": {"tags": ["operations"], "operationId": "openapi", "summary": "This description", "responses": {"200": {"description": "OpenAPI 3.1", "content": {"application/json": {}}}}}}
},
)json"
                                              R"json("components": {
  "responses": {
    "Answer": {"description": "The agent's answer; or a problem of the mesh, which Parley-Error tells apart",
      "headers": {
        "Parley-Call": {"description": "Id of the call", "schema": {"type": "string"}},
        "Parley-Served-By": {"description": "Who answered", "schema": {"type": "string"}},
        "Parley-Attempts": {"description": "How many attempts it took", "schema": {"type": "integer"}},
        "Parley-Error": {"description": "Only on an error of the mesh", "schema": {"$ref": "#/components/schemas/ErrorCode"}},
        "Parley-Deferred": {"description": "With 202: the id under which the call is kept for a later delivery; Location shows its fate", "schema": {"type": "string"}},
        "Parley-Fault": {"description": "What a policy injected into the attempts of this call", "schema": {"type": "string"}},
        "Retry-After": {"description": "Seconds, where known", "schema": {"type": "integer"}}
      },
      "content": {"*/*": {}, "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}},
    "Problem": {"description": "An error", "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}},
    "Accepted": {"description": "Begun; the state of the member shows how it goes on", "content": {"application/json": {"schema": {"type": "object", "required": ["status"], "properties": {"status": {"type": "string"}}}}}},
    "AgentBlock": {"description": "The agent: block in force", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/AgentBlock"}}}},
    "Health": {"description": "200 if all holds, else 503", "content": {"application/json": {"schema": {"type": "object", "required": ["status", "reasons"], "properties": {"status": {"enum": ["ok", "unavailable"]}, "reasons": {"type": "array", "items": {"type": "string"}}, "checks": {"type": "array", "items": {"type": "object"}}}}}}}
  },
  "requestBodies": {
    "AgentBlock": {"required": true, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/AgentBlock"}}}}
  },
  "schemas": {
    "CapabilityName": {"type": "string", "maxLength": 128, "pattern": "^[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*$"},
    "Duration": {"type": "string", "examples": ["500ms", "2s", "10m"]},
    "NodeId": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
    "ErrorCode": {"enum": ["no_capable_agent", "circuit_open", "deadline_exceeded", "agent_unreachable", "rate_limited", "overloaded", "forbidden", "cycle_detected", "body_too_large", "bad_request", "not_found", "method_not_allowed", "not_delivered"]},
    "Problem": {"type": "object", "required": ["type", "title", "status", "code", "detail"], "properties": {
      "type": {"type": "string", "examples": ["urn:parley:error:no_capable_agent"]}, "title": {"type": "string"}, "status": {"type": "integer"}, "code": {"$ref": "#/components/schemas/ErrorCode"}, "detail": {"type": "string"},
      "path": {"type": "array", "items": {"type": "string"}, "description": "Of cycle_detected: the nodes passed"}}},
    "Load": {"type": "object", "properties": {"in_flight": {"type": "integer"}, "concurrency": {"type": ["integer", "null"]}, "latency_ms": {"type": ["number", "null"]}}},
    "MemberState": {"enum": ["joining", "serving", "at_capacity", "draining", "left", "suspect", "dead"]},
    "Availability": {"enum": ["serving", "at_capacity", "suspect", "degraded", "joining", "draining", "left", "dead"]},
    "Proficiency": {"enum": ["novice", "competent", "expert"]},
    "Member": {"type": "object", "required": ["id", "name", "state", "address"], "properties": {
      "id": {"$ref": "#/components/schemas/NodeId"}, "name": {"type": "string"}, "state": {"$ref": "#/components/schemas/MemberState"}, "address": {"type": "string"},
      "version": {"type": "string", "description": "epoch.sequence of its record"}, "since_seconds": {"type": "number"}, "load": {"$ref": "#/components/schemas/Load"},
      "agent": {"type": "boolean"}, "degraded": {"type": "boolean"}, "rtt_ms": {"type": ["number", "null"]}, "self": {"type": "boolean"}}},
    "Agent": {"type": "object", "required": ["name", "node", "state", "capabilities"], "properties": {
      "name": {"type": "string"}, "node": {"$ref": "#/components/schemas/NodeId"}, "state": {"$ref": "#/components/schemas/Availability"}, "roles": {"type": "array", "items": {"type": "string"}},
      "capabilities": {"type": "array", "items": {"$ref": "#/components/schemas/CapabilityName"}}, "load": {"$ref": "#/components/schemas/Load"}, "self": {"type": "boolean"}}},
    "Offer": {"type": "object", "required": ["name", "agent", "node", "version", "proficiency"], "properties": {
      "name": {"$ref": "#/components/schemas/CapabilityName"}, "agent": {"type": "string"}, "node": {"$ref": "#/components/schemas/NodeId"}, "version": {"type": "string"}, "proficiency": {"$ref": "#/components/schemas/Proficiency"},
      "state": {"$ref": "#/components/schemas/Availability"}, "cost": {"type": "number"}, "attributes": {"type": "object"}, "description": {"type": "string"}, "examples": {"type": "array", "items": {"type": "string"}}}},
    "Route": {"type": "object", "required": ["node", "name", "verdict", "reasons"], "properties": {
      "node": {"$ref": "#/components/schemas/NodeId"}, "name": {"type": "string"}, "self": {"type": "boolean"}, "verdict": {"enum": ["chosen", "eligible", "avoided", "excluded"]}, "reasons": {"type": "array", "items": {"type": "string"}},
      "state": {"$ref": "#/components/schemas/Availability"}, "expected_latency_ms": {"type": "number"}, "outstanding": {"type": "integer"}, "load": {"$ref": "#/components/schemas/Load"},
      "version": {"type": "string"}, "proficiency": {"$ref": "#/components/schemas/Proficiency"}, "cost": {"type": "number"},
      "success": {"type": ["number", "null"]}, "quality": {"type": ["number", "null"]}, "samples": {"type": "integer"}, "observers": {"type": "integer"}, "breaker": {"enum": ["closed", "open", "half_open"]}}},
    "Deferred": {"type": "object", "required": ["id", "capability", "state", "expires_seconds"], "properties": {
      "id": {"type": "string"}, "capability": {"$ref": "#/components/schemas/CapabilityName"}, "state": {"enum": ["storing", "waiting", "under_way", "delivered"]},
      "age_seconds": {"type": "number"}, "expires_seconds": {"type": "number"}, "tries": {"type": "integer"}, "problem": {"type": ["string", "null"], "description": "What the last try came to"},
      "status": {"type": ["integer", "null"], "description": "Of its answer"}, "answer": {"type": ["string", "null"], "description": "Path of its answer"}}},
    "AgentBlock": {"type": "object", "description": "The agent: block of docs/reference/config.schema.json", "properties": {
      "url": {"type": "string", "format": "uri"}, "roles": {"type": "array", "items": {"type": "string"}}, "concurrency": {"type": "integer"}, "health": {"type": "object"},
      "capabilities": {"type": "array", "items": {"type": "object", "required": ["name"], "properties": {"name": {"$ref": "#/components/schemas/CapabilityName"}}}}}}
  }
}
})json";

}  // namespace

std::string openapi(std::string_view version) {
  auto description = nlohmann::ordered_json::parse(description_text, nullptr, false);
  description["info"]["version"] = version;
  return description.dump();
}

}  // namespace api
