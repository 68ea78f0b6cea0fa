#include "node/decided_policy.h"

#include "base/strings.h"
#include "node/config.h"
#include "node/config_policies.h"

#include <optional>
#include <string_view>
#include <utility>

namespace node {

namespace {

// The lines of `text`, each further in.
std::string indented(const std::string& text, std::string_view by) {
  std::string out;
  for (const std::string_view line : base::split(text, '\n')) {
    out.append(by).append(line).push_back('\n');
  }
  return out;
}

bool is_list(std::string_view yaml) {
  const std::size_t first = yaml.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && (yaml[first] == '-' || yaml[first] == '[');
}

}  // namespace

base::Result<std::vector<mesh::Policy>, std::string> read_decided_policy(const std::string& name,
                                                                         const std::string& scope,
                                                                         const std::string& yaml) {
  if (!scope.empty() && !is_capability_pattern(scope)) {
    return base::Unexpected{"decided policy " + name + ": scope: \"" + scope +
                            "\" is no pattern of capability names; write it like inventory.*"};
  }
  // Without variables: what was decided must mean the same on every node.
  const ConfigSources nothing{
      .flags = {}, .environment = [](const std::string&) { return std::optional<std::string>(); }};
  const std::string text = is_list(yaml) ? "policies:\n" + indented(yaml, "  ")
                                         : "policies:\n  -\n" + indented(yaml, "    ");
  auto read = parse_config(text, "decided policy " + name, nothing);
  if (!read) return base::Unexpected{read.error().front().text()};
  std::vector<mesh::Policy> policies = std::move(read->policies.policies);
  for (mesh::Policy& policy : policies) {
    if (policy.capability == "*" && !scope.empty()) policy.capability = scope;
  }
  return policies;
}

}  // namespace node
