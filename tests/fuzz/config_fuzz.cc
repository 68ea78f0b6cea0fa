// Any text as the configuration file and as the body of PUT /v1/agent: a description or errors, and
// a description that is shown as JSON reads the same.
#include "base/check.h"
#include "node/config.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

void shown_as_json_reads_the_same(const node::AgentConfig& agent) {
  const auto again = node::parse_agent_json(node::agent_json(agent));
  CHECK(again.has_value());
  CHECK(*again == agent);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  node::ConfigSources sources;
  sources.environment = [](const std::string& name) -> std::optional<std::string> {
    if (name == "NAME") return "value: \"";
    return std::nullopt;
  };
  const auto config = node::parse_config(text, "parley.yaml", sources);
  if (!config) {
    CHECK(!config.error().empty());
  } else if (config->agent) {
    shown_as_json_reads_the_same(*config->agent);
  }
  if (const auto agent = node::parse_agent_json(text)) shown_as_json_reads_the_same(*agent);
  return 0;
}
