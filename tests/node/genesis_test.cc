#include "node/genesis.h"

#include "base/bytes.h"
#include "crypto/digest.h"
#include "ledger/view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace node {
namespace {

using testing::HasSubstr;

std::string validator(char digit) {
  return "pv1:" + std::string(64, digit) + ":" + std::string(63, digit) + "e";
}

TEST(GenesisTest, MeshIdIsTheDigestOfTheExactBytes) {
  const auto made = make_genesis("north", {validator('a'), validator('b')}, "2026-01-01T00:00:00Z");
  ASSERT_TRUE(made) << made.error();
  const std::string tag("mesh.genesis.v1\0", 16);
  EXPECT_EQ(made->mesh.hex(), crypto::digest(base::as_bytes(tag + made->document)).hex());
  EXPECT_NE(parse_genesis(made->document + "\n", "g")->mesh, made->mesh);
}

TEST(GenesisTest, WhatIsMadeIsRead) {
  const auto made = make_genesis("north", {validator('a'), validator('b')}, "2026-01-01T00:00:00Z");
  const auto read = parse_genesis(made->document, "g.json");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->name, "north");
  EXPECT_EQ(read->created, "2026-01-01T00:00:00Z");
  EXPECT_EQ(read->mesh, made->mesh);
  ASSERT_EQ(read->validators.size(), 2U);
  EXPECT_EQ(read->validators[0].to_string(), validator('a'));
}

TEST(GenesisTest, SaysWhoGetsIn) {
  const auto made = make_genesis("north", {validator('a')}, "", ledger::Admission::vote);
  ASSERT_TRUE(made) << made.error();
  EXPECT_EQ(made->admission, ledger::Admission::vote);
  EXPECT_THAT(made->document, HasSubstr("\"admission\": \"vote\""));
  EXPECT_EQ(make_genesis("north", {validator('a')}, "")->admission, ledger::Admission::open);
  const std::string validators =
      "validators: [{id: " + std::string(64, 'a') + ", voteKey: " + std::string(64, 'b') + "}]\n";
  EXPECT_EQ(parse_genesis("name: a\n" + validators, "g")->admission, ledger::Admission::open);
  EXPECT_EQ(parse_genesis("name: a\nadmission: invitation\n" + validators, "g")->admission,
            ledger::Admission::invitation);
  EXPECT_THAT(parse_genesis("name: a\nadmission: closed\n" + validators, "g").error(),
              HasSubstr("g:2: admission: is open, invitation or vote"));
}

TEST(GenesisTest, IsWhatTheLedgerBeginsWith) {
  EXPECT_FALSE(founding(open_mesh()));
  const auto made = make_genesis("north", {validator('b'), validator('a')}, "");
  ASSERT_TRUE(made);
  const auto founded = founding(*made);
  ASSERT_TRUE(founded);
  EXPECT_EQ(founded->mesh, made->mesh);
  EXPECT_TRUE(ledger::is_committee(founded->seats));
  EXPECT_EQ(founded->seats.front().node.hex(), std::string(64, 'a'));
  EXPECT_EQ(ledger::members_of(ledger::initial_state(*founded)).size(), 2U);
}

// Every node ever built without a genesis file is in this mesh.
TEST(GenesisTest, OpenMeshStaysTheSame) {
  EXPECT_EQ(open_mesh().name, "default");
  EXPECT_EQ(open_mesh().mesh.hex(),
            "e7e13af1ed0d38889f06626ab88fbf782548c08fc0c657a82462fa7170d4d318");
  EXPECT_EQ(load_genesis("")->mesh, open_mesh().mesh);
}

TEST(GenesisTest, NamesWhatIsWrong) {
  EXPECT_THAT(load_genesis("/nonexistent").error(), HasSubstr("/nonexistent: cannot be read"));
  EXPECT_THAT(parse_genesis("", "g").error(), HasSubstr("is no genesis file"));
  EXPECT_THAT(parse_genesis("name: A B\n", "g").error(), HasSubstr("g:1: name: must have"));
  EXPECT_THAT(parse_genesis("name: a\n", "g").error(), HasSubstr("at least one validator"));
  EXPECT_THAT(parse_genesis("name: a\nvalidators: [{id: x, voteKey: y}]\n", "g").error(),
              HasSubstr("g:2: validators: each has an id and a voteKey"));
  EXPECT_THAT(parse_genesis("name: a\nsize: 3\n", "g").error(), HasSubstr("size: unknown key"));
  EXPECT_THAT(make_genesis("a", {"pv1:x"}, "").error(), HasSubstr("is no validator"));
  EXPECT_THAT(make_genesis("a", {validator('a'), validator('a')}, "").error(),
              HasSubstr("comes twice"));
  EXPECT_THAT(make_genesis("a", {}, "").error(), HasSubstr("at least one validator"));
}

}  // namespace
}  // namespace node
