#include "api/hosts.h"

#include <gtest/gtest.h>

namespace api {
namespace {

Access on(std::string_view endpoint, std::vector<std::string> hosts = {}) {
  return {*base::Endpoint::parse(endpoint), std::move(hosts)};
}

TEST(HostsTest, TakesLoopbackUnderAnyOfItsNames) {
  const Access access = on("127.0.0.1:7401");
  for (const char* host : {"127.0.0.1", "127.0.0.1:7401", "127.0.0.53:1", "localhost",
                           "LocalHost:7401", "[::1]:7401"}) {
    EXPECT_TRUE(is_own_host(host, access)) << host;
  }
}

TEST(HostsTest, RefusesEveryOtherNameAndAddress) {
  const Access access = on("127.0.0.1:7401");
  for (const char* host :
       {"", "evil.example", "evil.example:7401", "localhost.evil.example", "127.0.0.1.evil.example",
        "10.0.0.1:7401", "[::2]", "[::1", "::1", "127.0.0.1:", "127.0.0.1:99999",
        "127.0.0.1:7401:1", "localhost@evil.example", ":7401", "[]:1"}) {
    EXPECT_FALSE(is_own_host(host, access)) << host;
  }
}

TEST(HostsTest, TakesTheConfiguredAddressAndNames) {
  const Access access = on("10.0.0.1:7401", {"inventory-1"});
  EXPECT_TRUE(is_own_host("10.0.0.1:7401", access));
  EXPECT_TRUE(is_own_host("Inventory-1:7401", access));
  EXPECT_FALSE(is_own_host("10.0.0.2:7401", access));
  EXPECT_FALSE(is_own_host("inventory-2", access));
}

TEST(HostsTest, TakesAnyAddressButNoForeignNameWhenItListensOnAll) {
  const Access access = on("0.0.0.0:7401");
  EXPECT_TRUE(is_own_host("192.168.1.7:7401", access));
  EXPECT_TRUE(is_own_host("[fd00::1]:7401", access));
  EXPECT_FALSE(is_own_host("evil.example:7401", access));
}

TEST(HostsTest, LetsProgramsPassThatSendNoOrigin) {
  EXPECT_FALSE(refuse_foreign("127.0.0.1:7401", {}, on("127.0.0.1:7401")).has_value());
}

TEST(HostsTest, LetsOnlyTheNodesOwnPagesCallFromABrowser) {
  const Access access = on("127.0.0.1:7401");
  const auto refused = [&](const char* origin) {
    return refuse_foreign("127.0.0.1:7401", {{"origin", origin}}, access).has_value();
  };
  EXPECT_FALSE(refused("http://127.0.0.1:7401"));
  for (const char* origin : {"http://evil.example", "null", "http://127.0.0.1:8080",
                             "http://127.0.0.1:7401.evil.example", "file://127.0.0.1:7401", ""}) {
    EXPECT_TRUE(refused(origin)) << origin;
  }
}

TEST(HostsTest, RefusesACrossSiteRequestThatHasNoOrigin) {
  const Access access = on("127.0.0.1:7401");
  const auto refused = [&](const char* site) {
    return refuse_foreign("127.0.0.1:7401", {{"sec-fetch-site", site}}, access).has_value();
  };
  EXPECT_TRUE(refused("cross-site"));
  EXPECT_TRUE(refused("same-site"));
  EXPECT_FALSE(refused("same-origin"));
  EXPECT_FALSE(refused("none"));
}

TEST(HostsTest, SaysWhatWasWrongAsAProblem) {
  const auto refusal = refuse_foreign("evil.example", {}, on("127.0.0.1:7401"));
  ASSERT_TRUE(refusal.has_value());
  EXPECT_EQ(refusal->status, 403);
  EXPECT_EQ(refusal->content_type, "application/problem+json");
  EXPECT_EQ(refusal->headers, (mesh::Headers{{"parley-error", "forbidden"}}));
  EXPECT_NE(refusal->body.find("evil.example"), std::string::npos);
}

}  // namespace
}  // namespace api
