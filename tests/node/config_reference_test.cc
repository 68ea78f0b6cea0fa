// What docs/reference says of the configuration, held against the reader.
#include "base/strings.h"
#include "mesh/policy.h"
#include "node/config.h"
#include "node/config_keys.h"
#include "tests/node/policy_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

namespace node {
namespace {

using Words = std::vector<std::string>;
using testing::HasSubstr;
using testing::SizeIs;

std::string reference(const std::string& file) {
  std::ifstream stream(PARLEY_SOURCE_FOLDER "/docs/reference/" + file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

nlohmann::json schema() {
  return nlohmann::json::parse(reference("config.schema.json"));
}

// The pieces of YAML in a document.
std::vector<std::string> examples(const std::string& document) {
  std::vector<std::string> out;
  std::istringstream lines(document);
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (line == "```yaml") {
      out.emplace_back();
      inside = true;
    } else if (line == "```") {
      inside = false;
    } else if (inside) {
      out.back() += line + "\n";
    }
  }
  return out;
}

// The schema's blocks are its $defs, named as in config_keys(); the file itself is the root.
TEST(ConfigSchemaTest, HasTheKeysThatTheReaderKnows) {
  const nlohmann::json whole = schema();
  EXPECT_EQ(whole["$schema"], "https://json-schema.org/draft/2020-12/schema");
  for (const auto& [block, keys] : config_keys()) {
    const auto& object = block.empty() ? whole : whole["$defs"][std::string(block)];
    EXPECT_EQ(object["additionalProperties"], false) << block;
    std::set<std::string> in_schema;
    for (const auto& [key, value] : object["properties"].items()) in_schema.insert(key);
    EXPECT_EQ(in_schema, std::set<std::string>(keys.begin(), keys.end())) << block;
  }
}

TEST(ConfigSchemaTest, ItsWordsOfAPolicyAreRead) {
  const nlohmann::json blocks = schema()["$defs"];
  const auto routes = blocks["route"]["properties"]["policy"]["enum"].get<Words>();
  EXPECT_THAT(routes, SizeIs(7));
  for (const std::string& word : routes) EXPECT_TRUE(mesh::parse_route_policy(word)) << word;
  for (const char* key : {"on", "retry_on"}) {
    const auto reasons = blocks["retry"]["properties"][key]["items"]["enum"].get<Words>();
    EXPECT_THAT(reasons, SizeIs(mesh::retry_reasons));
    for (const std::string& word : reasons) EXPECT_TRUE(mesh::parse_retry_reason(word)) << word;
  }
}

TEST(ConfigSchemaTest, HasTheDefaultsOfAPolicy) {
  const nlohmann::json blocks = schema()["$defs"];
  const auto said = [&blocks](const char* block, const char* key) {
    return blocks[block]["properties"][key]["default"];
  };
  const mesh::CallPolicy usual;
  EXPECT_EQ(said("route", "policy"), mesh::to_string(usual.route));
  EXPECT_EQ(said("route", "prefer"), usual.quality.prefer);
  EXPECT_EQ(said("route", "accept"), usual.quality.accept);
  EXPECT_EQ(said("route", "neverBelow"), usual.quality.never_below);
  EXPECT_EQ(said("retry", "attempts"), usual.retry.attempts);
  EXPECT_EQ(said("retry", "budget"), usual.retry.budget);
  EXPECT_EQ(said("backoff", "base"), base::format_duration(usual.retry.backoff.base));
  EXPECT_EQ(said("backoff", "max"), base::format_duration(usual.retry.backoff.max));
  EXPECT_EQ(said("circuitBreaker", "enabled"), usual.breaker.enabled);
  EXPECT_EQ(said("circuitBreaker", "failureThreshold"), usual.breaker.failure_threshold);
  EXPECT_EQ(said("circuitBreaker", "minRequests"), usual.breaker.min_requests);
  EXPECT_EQ(said("circuitBreaker", "window"), base::format_duration(usual.breaker.window));
  EXPECT_EQ(said("circuitBreaker", "openFor"), base::format_duration(usual.breaker.open_for));
  EXPECT_EQ(said("circuitBreaker", "halfOpenRequests"), usual.breaker.half_open_requests);
  EXPECT_EQ(said("circuitBreaker", "applicationErrors"), usual.breaker.application_errors);
  EXPECT_EQ(said("outlierEjection", "enabled"), usual.outliers.enabled);
  EXPECT_EQ(said("outlierEjection", "slowerThan"), usual.outliers.slower_than);
  EXPECT_EQ(said("outlierEjection", "maxShare"), usual.outliers.share_max);
  EXPECT_EQ(said("outlierEjection", "ejectedFor"),
            base::format_duration(usual.outliers.ejected_for));
  EXPECT_EQ(said("timeout", "request"), base::format_duration(usual.timeout.request));
  EXPECT_EQ(said("timeout", "onTimeout"), mesh::to_string(usual.timeout.on_timeout));
  EXPECT_EQ(said("bulkhead", "adaptive"), usual.bulkhead.adaptive);
  EXPECT_EQ(said("defer", "maxAge"), base::format_duration(mesh::Deferral().age_max));
  EXPECT_EQ(said("defer", "maxCalls"), mesh::Deferral().calls_max);
}

TEST(PolicyReferenceTest, ItsExamplesAreReadWithoutAWarning) {
  const ConfigSources nothing_else{.flags = {},
                                   .environment = [](const std::string&) { return std::nullopt; }};
  const std::vector<std::string> pieces = examples(reference("policies.md"));
  EXPECT_GE(pieces.size(), 12U);
  for (const std::string& piece : pieces) {
    const auto config = parse_config(piece, "policies.md", nothing_else);
    ASSERT_TRUE(config) << piece << text(config.error());
    EXPECT_THAT(config->warnings, testing::IsEmpty()) << piece;
    EXPECT_FALSE(config->policies.policies.empty()) << piece;
  }
}

TEST(PolicyReferenceTest, NamesEveryKeyOfAPolicy) {
  const std::string page = reference("policies.md");
  for (const char* block :
       {"route", "complexity", "retry", "backoff", "hedge", "circuitBreaker", "outlierEjection",
        "timeout", "rateLimit", "rate", "bulkhead", "healthCheck", "defer", "faults"}) {
    for (const std::string_view key : config_keys().at(block)) {
      EXPECT_THAT(page, HasSubstr("`" + std::string(key) + "`")) << block;
    }
  }
  for (const std::string_view key : config_keys().at("policies")) {
    if (key == "match") continue;  // by its only key
    EXPECT_THAT(page, testing::AnyOf(HasSubstr("## " + std::string(key) + ":"),
                                     HasSubstr("`" + std::string(key) + "`")));
  }
}

}  // namespace
}  // namespace node
