// What voters are shown of what they vote on, by a lone validator.
#include "api/handle.h"
#include "tests/api/plain_shell.h"
#include "tests/kernel/lone_validator.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>

namespace api {
namespace {

using nlohmann::json;

class BallotsTest : public testing::Test {
 protected:
  Response send(const std::string& method, const std::string& path, const std::string& body = "") {
    return handle(shell_.view(node_.kernel(), node_.now), {.method = method,
                                                           .path = path,
                                                           .query = {},
                                                           .authority = "127.0.0.1:7401",
                                                           .headers = {},
                                                           .body = body});
  }
  json get(const std::string& path) { return json::parse(send("GET", path).body); }

  // Opened here, without the signatures that a change of the committee would need to take place.
  json opened(ledger::Payload effect, ledger::Electorate electorate) {
    ledger::OpenBallot ballot{
        .question = "Is that so?",
        .electorate = std::move(electorate),
        .agree_needed = 1,
        .until_ms = node_.agreement().wall_ms() + 60'000,
        .effect = ledger::Effect{.kind = kind_of(effect), .payload = encode_payload(effect)}};
    EXPECT_TRUE(node_.decides(std::move(ballot)));
    return get("/v1/ballots").at(0);
  }

  kernel::LoneValidator node_;
  PlainShell shell_{.mesh_name = "test", .mesh = kernel::LoneValidator::founded().genesis.mesh};
};

TEST_F(BallotsTest, AProposalWithAKindThatIsNoTextIsRefusedAndNoMore) {
  const Response refused =
      send("POST", "/v1/proposals",
           R"({"kind":"ballot","question":"q","role":"voter","agree":1,"then":{"kind":5}})");
  EXPECT_EQ(refused.status, 400);
  EXPECT_NE(refused.body.find("then is no proposal"), std::string::npos) << refused.body;
  EXPECT_TRUE(refused.commands.empty());
}

TEST_F(BallotsTest, OneByNameListsItsVotersAndAllThatWouldTakePlace) {
  const std::string voter = kernel::some_identity(9).id().hex();
  const json row = opened(
      ledger::PutDocument{
          .key = "limits", .expected = 4, .value = base::to_bytes(R"({"daily":100})")},
      {.role = "", .nodes = {kernel::some_identity(9).id()}});
  EXPECT_EQ(row["voters"], json({voter}));
  EXPECT_EQ(row["role"], "");
  EXPECT_EQ(row["then"], json({{"kind", "put_document"},
                               {"key", "limits"},
                               {"value", {{"daily", 100}}},
                               {"expected", 4}}));
  // The decision that opened it has the same with it.
  EXPECT_EQ(get("/v1/decisions/" + row["id"].get<std::string>())["ballot"], row);
}

TEST_F(BallotsTest, OneWithoutAnEffectSaysSo) {
  EXPECT_TRUE(node_.decides(ledger::OpenBallot{.question = "Is that so?",
                                               .electorate = {.role = "voter", .nodes = {}},
                                               .agree_needed = 1,
                                               .until_ms = node_.agreement().wall_ms() + 60'000,
                                               .effect = {}}));
  const json row = get("/v1/ballots").at(0);
  EXPECT_TRUE(row["then"].is_null());
  EXPECT_EQ(row["role"], "voter");
  EXPECT_EQ(row["voters"], json::array());
}

TEST_F(BallotsTest, OneAboutTheCommitteeNamesSeatsThatComeAndGo) {
  const ledger::Seat there = kernel::LoneValidator::founded().genesis.seats.front();
  const ledger::Seat fresh{
      .node = kernel::some_identity(9).id(),
      .vote_key = *base::VoteKey::from_view(kernel::some_identity(8).id().view())};
  const json then = opened(ledger::Reconfigure{.epoch_id = node_.agreement().replica().epoch().id(),
                                               .seats = {fresh},
                                               .parameters = {},
                                               .ready = {}},
                           {.role = "voter", .nodes = {}})["then"];
  const std::string text = "pv1:" + fresh.node.hex() + ":" + fresh.vote_key.hex();
  EXPECT_EQ(then["kind"], "reconfigure");
  EXPECT_EQ(then["add"], json({text}));
  EXPECT_EQ(then["remove"], json({there.node.hex()}));
  EXPECT_EQ(then["seats"], json({text}));
  EXPECT_EQ(then["block_ops_max"], 1024);
}

// A member may write any bytes; showing them takes one step on the stack for each level.
TEST_F(BallotsTest, ADocumentThatIsNestedWithoutEndIsShownAsText) {
  const std::string deep = std::string(25'000, '[') + std::string(25'000, ']');
  ASSERT_TRUE(node_.decides(
      ledger::PutDocument{.key = "deep", .expected = 0, .value = base::to_bytes(deep)}));
  EXPECT_EQ(get("/v1/documents").at(0)["value"], deep);
}

}  // namespace
}  // namespace api
