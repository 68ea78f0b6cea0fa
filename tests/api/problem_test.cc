#include "api/problem.h"

#include "base/reason_phrase.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace api {
namespace {

using nlohmann::json;

TEST(ProblemTest, CarriesCodeStatusAndDetail) {
  const Response response = problem({.code = mesh::ProblemCode::no_capable_agent,
                                     .detail = "nobody offers a.b",
                                     .retry_after = {},
                                     .path = {}});
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.content_type, "application/problem+json");
  EXPECT_EQ(response.headers, (mesh::Headers{{"parley-error", "no_capable_agent"}}));
  EXPECT_EQ(json::parse(response.body), json({{"type", "urn:parley:error:no_capable_agent"},
                                              {"title", "Service Unavailable"},
                                              {"status", 503},
                                              {"code", "no_capable_agent"},
                                              {"detail", "nobody offers a.b"}}));
}

TEST(ProblemTest, RoundsRetryAfterUpToWholeSeconds) {
  const Response response = problem({.code = mesh::ProblemCode::rate_limited,
                                     .detail = "",
                                     .retry_after = std::chrono::milliseconds(1'200),
                                     .path = {}});
  EXPECT_EQ(mesh::find_header(response.headers, "retry-after"), "2");
}

TEST(ProblemTest, NamesTheNodesOfACycle) {
  const Response response = problem({.code = mesh::ProblemCode::cycle_detected,
                                     .detail = "",
                                     .retry_after = {},
                                     .path = {"a", "b", "a"}});
  EXPECT_EQ(response.status, 508);
  EXPECT_EQ(json::parse(response.body)["path"], json({"a", "b", "a"}));
}

TEST(ProblemTest, GivesEveryCodeOfTheMeshATitle) {
  for (int code = 0; code <= static_cast<int>(mesh::ProblemCode::bad_request); ++code) {
    const int status = mesh::http_status(static_cast<mesh::ProblemCode>(code));
    EXPECT_NE(base::reason_phrase(status), "") << status;
  }
}

TEST(ProblemTest, StaysJsonWhateverBytesTheDetailHolds) {
  const Response response = problem(400, "bad_request", "\xff\"\n");
  EXPECT_TRUE(json::accept(response.body));
}

}  // namespace
}  // namespace api
