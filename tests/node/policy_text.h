// Policies as a person writes them, for tests of what is read: the list below `policies:`.
#pragma once

#include "node/config.h"

#include <gtest/gtest.h>

#include <string>

namespace node::test {

inline base::Result<NodeConfig, ConfigErrors> parse_policies(const std::string& list) {
  const ConfigSources nothing_else{.flags = {},
                                   .environment = [](const std::string&) { return std::nullopt; }};
  return parse_config("policies:\n" + list + "\n", "parley.yaml", nothing_else);
}

// What one entry says, written in one line without its braces.
inline mesh::Policy good_policy(const std::string& entry) {
  const auto config = parse_policies("  - { " + entry + " }");
  EXPECT_TRUE(config) << text(config.error());
  if (!config) return {};
  for (const std::string& warning : config->warnings) {
    EXPECT_NE(warning.find("is not acted on in this version"), std::string::npos) << warning;
  }
  return config->policies.policies.at(0);
}

// All that is wrong with it; the entry stands in line 2.
inline std::string bad_policy(const std::string& entry) {
  const auto config = parse_policies("  - { " + entry + " }");
  return config ? "accepted" : text(config.error());
}

}  // namespace node::test
