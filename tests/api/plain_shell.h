// What the shell adds to a kernel when the API looks at it: nothing special. For tests only.
#pragma once

#include "api/view.h"
#include "base/endpoint.h"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace api {

struct PlainShell {
  std::string_view mesh_name = "default";
  base::MeshId mesh = {};
  Access access = {*base::Endpoint::parse("127.0.0.1:7401"), {}};
  std::string agent_block = {};
  AgentParser parse_agent = {};
  PolicyReader read_policy = [](const auto&...) { return base::Result<void, std::string>(); };
  std::vector<Condition> conditions = {};
  std::vector<std::string> warnings = {};
  CallMetrics calls = CallMetrics();
  ShellCounters counters = {};
  // They look at this very object: it stays where it is.
  const std::function<std::vector<Condition>()> ask_conditions = [this] { return conditions; };
  const std::function<ShellCounters()> ask_counters = [this] { return counters; };

  [[nodiscard]] View view(const kernel::Kernel& kernel, base::Instant now) const {
    return {.kernel = kernel,
            .now = now,
            .version = "1.2.3",
            .mesh_name = mesh_name,
            .mesh = mesh,
            .name = "a",
            .started_wall = {1'772'366'400'000},
            .started = base::Instant(),
            .access = access,
            .agent_block = agent_block,
            .parse_agent = parse_agent,
            .read_policy = read_policy,
            .conditions = ask_conditions,
            .shell = ask_counters,
            .warnings = warnings,
            .calls = calls};
  }
};

}  // namespace api
