// Decisions as the API shows them, by a lone validator: from memory, from the archive, and where
// some of them are not here.
#include "api/decision_feed.h"
#include "api/decision_page.h"
#include "api/decisions_resource.h"
#include "api/handle.h"
#include "api/proof_file.h"
#include "consensus/decision_proof.h"
#include "tests/api/plain_shell.h"
#include "tests/kernel/lone_validator.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

namespace api {
namespace {

using nlohmann::json;

class DecisionsTest : public testing::Test {
 protected:
  void start(kernel::StoredAgreement stored = {}) { node_.emplace(std::move(stored)); }
  void decide(const std::string& key) { ASSERT_TRUE(node_->decides(key)) << key; }

  View view() { return shell_.view(node_->kernel(), node_->now); }
  Response get(const std::string& path, const std::string& query = "") {
    return handle(view(), {.method = "GET",
                           .path = path,
                           .query = query,
                           .authority = "127.0.0.1:7401",
                           .headers = {},
                           .body = {}});
  }
  // With the archive behind it, as the shell reads it.
  DecisionList list(const DecisionPage& page) {
    DecisionList out(view(), page);
    while (out.incomplete()) {
      std::vector<kernel::StoredDecision> blocks;
      for (auto each = node_->archive.rbegin(); each != node_->archive.rend(); ++each) {
        if (each->height < out.below()) blocks.push_back(*each);
      }
      out.add(blocks, view().mesh);
    }
    return out;
  }
  static std::vector<std::string> keys(const Response& response) {
    std::vector<std::string> out;
    for (const json& row : json::parse(response.body)) {
      out.push_back(row["events"].empty() ? "?" : row["events"][0].value("key", ""));
    }
    return out;
  }
  static std::string header(const Response& response, const std::string& name) {
    for (const auto& field : response.headers) {
      if (field.name == name) return field.value;
    }
    return "";
  }

  std::optional<kernel::LoneValidator> node_;
  PlainShell shell_{.mesh_name = "test", .mesh = kernel::LoneValidator::founded().genesis.mesh};
};

constexpr DecisionPage everything{.below_height = 1'000'000, .decisions_max = 100};

TEST_F(DecisionsTest, AListGoesOnInTheArchiveWithWhatEachOfThemChanged) {
  start();
  for (const char* key : {"a", "b", "c", "d", "e"}) decide(key);
  EXPECT_EQ(keys(list(everything).response()), (std::vector<std::string>{"e", "d", "c", "b", "a"}));
  const Response page = list({.below_height = 1'000'000, .decisions_max = 4}).response();
  EXPECT_EQ(keys(page), (std::vector<std::string>{"e", "d", "c", "b"}));
  EXPECT_NE(header(page, "link").find("before=2&"), std::string::npos) << header(page, "link");
  EXPECT_EQ(header(page, "parley-passed-over"), "");
}

TEST_F(DecisionsTest, OneThatMemoryForgotIsReadFromTheArchive) {
  start();
  for (const char* key : {"a", "b", "c", "d", "e"}) decide(key);
  const base::Digest op = node_->archive.front().ops.front();
  const Response asked = get("/v1/decisions/" + op.hex());
  ASSERT_TRUE(asked.decision);
  EXPECT_FALSE(asked.decision->proof);
  const Response found = on_decision_found(view(), *asked.decision, {node_->archive.front()}, 0);
  EXPECT_EQ(json::parse(found.body)["events"][0]["key"], "a");
  EXPECT_EQ(on_decision_found(view(), *asked.decision, {}, 0).status, 404);
}

TEST_F(DecisionsTest, AProofBeginsAtTheEpochThatWasAskedFor) {
  start();
  decide("a");
  const std::string path = "/v1/proofs/" + node_->archive.front().ops.front().hex();
  const std::string id = node_->agreement().replica().epoch().id().hex();
  const Response asked = get(path, "checkpoint=" + id);
  ASSERT_TRUE(asked.decision);
  const Response file = on_decision_found(view(), *asked.decision, {node_->archive.front()}, 0);
  const auto proof = read_proof(file.body);
  ASSERT_TRUE(proof) << proof.error();
  EXPECT_TRUE(consensus::verify(proof->proof, proof->epochs, proof->first,
                                consensus::Epoch(proof->first).id()));
  EXPECT_EQ(get(path, "checkpoint=abc").status, 400);
  EXPECT_EQ(get(path, "checkpoint=" + base::Digest().hex()).status, 404);
}

// What `parley verify` looks at beside it: that it is the op the file is named for.
TEST_F(DecisionsTest, AFileWithAnyByteChangedDoesNotHold) {
  start();
  decide("a");
  const kernel::StoredDecision& stored = node_->archive.front();
  const base::Digest trusted = node_->agreement().replica().epoch().id();
  const Response file =
      on_decision_found(view(), {.op = stored.ops.front(), .proof = true}, {stored}, 0);
  const auto holds = [&](const std::string& text) {
    const auto read = read_proof(text);
    if (!read || read->mesh != read->first.mesh) return false;
    const auto op = ledger::Op::parse(read->proof.op, read->mesh);
    return op && op->id() == read->op &&
           consensus::verify(read->proof, read->epochs, read->first, trusted).has_value();
  };
  ASSERT_TRUE(holds(file.body));
  for (std::size_t at = 0; at < file.body.size(); ++at) {
    std::string changed = file.body;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    ASSERT_FALSE(holds(changed)) << "byte " << at;
  }
}

class PassedOverTest : public DecisionsTest {
 protected:
  // As if the state had come as a whole, with the last run's archive on both sides of the gap.
  PassedOverTest() {
    kernel::StoredAgreement stored;
    stored.passed_over = {{.first = 3, .last = 9}};
    start(std::move(stored));
  }
};

TEST_F(PassedOverTest, WhatIsNotHereIsSaidToBePassedOverAndNotUnknown) {
  const DecisionLookup lookup{.op = base::Digest(), .proof = true};
  const Response answer = on_decision_found(view(), lookup, {}, 0);
  EXPECT_EQ(answer.status, 410);
  EXPECT_NE(answer.body.find("heights 3 to 9"), std::string::npos) << answer.body;
  EXPECT_EQ(json::parse(get("/v1/agreement").body)["passed_over"],
            json::parse(R"([{"first":3,"last":9}])"));
}

TEST_F(PassedOverTest, AStreamSaysSoWhereItPassesThemAndGoesOnBehind) {
  DecisionFeed at{.height = 5, .place = 0};
  const FeedPart part = next_events(view(), at, 10);
  EXPECT_NE(part.text.find("id: 9\nevent: passed_over\ndata: "
                           R"({"passed_over":{"first":5,"last":9}})"),
            std::string::npos)
      << part.text;
  EXPECT_EQ(at.height, 10U);
  EXPECT_EQ(feed_behind("9")->height, 10U);
}

// Beside the committee of a mesh by invitation, before it heard anything.
class OutsiderTest : public testing::Test {
 protected:
  OutsiderTest() {
    kernel::Options options;
    options.name = "b";
    options.advertise = *base::Endpoint::parse("127.0.0.1:7410");
    kernel::AgreementOptions agreement = kernel::LoneValidator::founded();
    agreement.genesis.admission = ledger::Admission::invitation;
    agreement.voting_key.reset();
    kernel_.emplace(options, kernel::some_identity(3), kernel::Stored{}, base::Rng(1),
                    std::move(agreement));
    kernel::Effects effects;
    kernel_->handle(kernel::Started{base::WallTime{1'772'366'400'000}}, {}, effects);
  }
  Response post(const std::string& path, const std::string& body) {
    return handle(shell_.view(*kernel_, {}), {.method = "POST",
                                              .path = path,
                                              .query = "",
                                              .authority = "127.0.0.1:7401",
                                              .headers = {},
                                              .body = body});
  }
  std::vector<Response> posts() {
    const std::string node = kernel::some_identity(9).id().hex();
    return {post("/v1/invitations", "{}"),
            post("/v1/proposals", R"({"kind": "document", "key": "a", "value": 1})"),
            post("/v1/proposals",
                 R"({"kind": "member", "action": "evict", "reason": "", "node": ")" + node + "\"}"),
            // Of a state that is not there yet both would be wrong.
            post("/v1/proposals", R"({"kind": "committee", "remove": [")" + node + "\"]}"),
            post("/v1/proposals", R"({"kind": "committee", "add": ["pv1:)" + node + ":" +
                                      std::string(64, 'a') + "\"]}")};
  }

  PlainShell shell_;
  std::optional<kernel::Kernel> kernel_;
};

TEST_F(OutsiderTest, WhoMayBeBehindIsAskedLater) {
  for (const Response& response : posts()) {
    EXPECT_EQ(response.status, 503);
    EXPECT_NE(std::ranges::find(response.headers, mesh::Header{"retry-after", "1"}),
              response.headers.end());
    EXPECT_NE(response.body.find("catching up"), std::string::npos) << response.body;
  }
}

TEST_F(OutsiderTest, WhoIsTurnedAwaySaysSo) {
  shell_.conditions = {{"admission", Condition::Of::readiness, false, "they turn it away"}};
  for (const Response& response : posts()) {
    EXPECT_EQ(response.status, 409);
    EXPECT_NE(response.body.find("they turn it away"), std::string::npos) << response.body;
  }
}

}  // namespace
}  // namespace api
