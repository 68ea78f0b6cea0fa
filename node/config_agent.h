// The `agent:` block: what the agent beside this node can do and how to reach it.
#pragma once

#include "node/config.h"
#include "node/config_block.h"

#include <optional>
#include <string>

namespace node {

// Nothing if errors were added to the block's reading.
[[nodiscard]] std::optional<AgentConfig> read_agent(const ConfigBlock& block);

// "http://HOST:PORT/base", as the block has it.
[[nodiscard]] std::string url_text(const transport::AgentUrl& url);
// "0.002" in millionths; nothing if it is no such number, negative, or finer than that.
[[nodiscard]] std::optional<std::int64_t> parse_micros(std::string_view text);

}  // namespace node
