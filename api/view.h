// What the API may look at: the kernel, and the facts that only the shell knows. Valid for one
// handle(); nothing here is kept.
#pragma once

#include "api/counters.h"
#include "api/http.h"
#include "base/endpoint.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "mesh/descriptor.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kernel {
class Kernel;
}

namespace api {

// Which Host and Origin a request may carry (hosts.h).
struct Access {
  base::Endpoint api;              // where the API listens
  std::vector<std::string> hosts;  // names it may also be called by, without a port, lower case
};

// One thing that must hold for the node to be started, healthy or ready. What the kernel and the
// counters show (membership, agent, storage) is added by the API itself (health.h).
struct Condition {
  enum class Of : std::uint8_t { startup, health, readiness };

  std::string name;  // "storage", "membership", "agent", ...
  Of of = Of::readiness;
  bool holds = false;
  std::string detail;  // one sentence; said when it does not hold, and with ?verbose
};

struct ParsedAgent {
  std::string url;
  mesh::AgentDescriptor descriptor;
};
// The shell's reader of an agent: block in JSON (node/config); the error is one sentence for
// people.
using AgentParser = std::function<base::Result<ParsedAgent, std::string>(std::string_view json)>;

// The shell's reader of a policy that is to be decided; the error is one sentence for people.
using PolicyReader = std::function<base::Result<void, std::string>(
    const std::string& name, const std::string& scope, const std::string& yaml)>;

// Not owned, all of it: the shell keeps these while handle() runs.
struct View {
  const kernel::Kernel& kernel;
  base::Instant now;

  std::string_view version;    // of the program
  std::string_view mesh_name;  // "default" for an open mesh
  base::MeshId mesh;
  std::string_view name;  // of this node
  base::WallTime started_wall;
  base::Instant started;
  const Access& access;

  std::string_view agent_block;  // the current agent: block as JSON text, "" = no agent
  const AgentParser& parse_agent;
  const PolicyReader& read_policy;

  // These two are made when somebody asks for them, which few requests do.
  const std::function<std::vector<Condition>()>& conditions;
  const std::function<ShellCounters()>& shell;
  const std::vector<std::string>& warnings;  // of the configuration, one sentence each

  const CallMetrics& calls;
};

}  // namespace api
