// One request to a node's own resources and what comes of it, as plain values. The shell owns the
// connection: it makes a Request of what arrived, and of the Response it sends the visible part and
// carries out the rest, first `commands` in order, then `agent`.
#pragma once

#include "base/ids.h"
#include "base/time.h"
#include "ledger/payload.h"
#include "mesh/call.h"
#include "node/kernel/input.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace api {

struct Request {
  std::string method;
  std::string path;       // as sent, still percent-encoded, without the query
  std::string query;      // what follows '?', or ""
  std::string authority;  // Host or :authority
  mesh::Headers headers;  // names in lower case
  std::string body;       // whole; the shell refuses more than body_max bytes with body_too_large()

  static constexpr std::size_t body_max = 1024 * 1024;
};

// The agent beside this node is another one from now on: where the shell finds it, and the block
// that GET /v1/agent shows. The kernel learns of it by the command AgentConfigured. Empty: no
// agent.
struct AgentChange {
  std::string url;
  std::string block;  // the agent: block as JSON text

  bool operator==(const AgentChange&) const = default;
};

// Answer when the op is decided, or as it stands when the patience is over.
struct DecisionWait {
  base::Digest op;
  base::Duration patience{};
};
// A decided op, to be looked up in the archive: it, or the file that proves it.
struct DecisionLookup {
  base::Digest op;
  bool proof = false;
  std::optional<base::Digest> checkpoint{};  // the epoch that the file begins at; none: the first
};
// Where a list of decisions goes on: at those before this height, so many of them.
struct DecisionPage {
  std::uint64_t below_height = 0;
  std::size_t decisions_max = 0;
};
// Where a stream of decisions goes on: behind this one, or from a height on.
struct DecisionFeed {
  std::uint64_t height = 0;
  std::uint32_t place = 0;  // the first that is wanted of that height
};

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  mesh::Headers headers;
  std::string body;
  std::vector<kernel::Input> commands;
  std::optional<AgentChange> agent;
  // Send the kept answer of this deferred call instead of all the above.
  std::optional<std::string> deferred_answer{};
  // The answer is on disk: the shell looks this op up there, and answers by on_decision_found()
  // (decisions_resource.h) instead of with the rest of this.
  std::optional<DecisionLookup> decision{};
  // After the commands: keep the stream, and answer by on_waited() (decisions_resource.h).
  std::optional<DecisionWait> wait{};
  // The same for a list of those that the kernel does not remember: by on_page_read().
  std::optional<DecisionPage> decision_page{};
  // Not one answer but a stream of events, from there on.
  std::optional<DecisionFeed> decision_feed{};
  // The new committee has to be asked first: the shell feeds a CommitteeProposed, and answers by
  // on_proposal_settled() (decisions_resource.h) instead of with the rest of this.
  std::optional<ledger::Payload> committee_proposal{};
};

}  // namespace api
