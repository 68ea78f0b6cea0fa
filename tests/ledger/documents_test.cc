#include "ledger/ops/documents.h"

#include "ledger/ops/policies.h"
#include "tests/ledger/ledger_world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ledger {
namespace {

using samples::done;
using samples::node;
using samples::put;
using samples::World;
using testing::ElementsAre;

TEST(DocumentsTest, AreWrittenReadAndDeleted) {
  World world;
  EXPECT_EQ(world.decide(1, put("stock/lyon", "12")), done);
  const auto document = world.read<Document>(key::document("stock/lyon"));
  ASSERT_TRUE(document);
  EXPECT_EQ(
      *document,
      (Document{.version = 1, .height = 1, .author = node(1), .value = base::to_bytes("12")}));
  EXPECT_EQ(world.totals().document_bytes, 12U);
  EXPECT_EQ(world.decide(1, DeleteDocument{.key = "stock/lyon"}), done);
  EXPECT_THAT(world.events(), ElementsAre(Event(DocumentDeleted{"stock/lyon"})));
  EXPECT_EQ(world.value("stock/lyon"), "(none)");
  EXPECT_EQ(world.totals().documents, 0U);
  EXPECT_EQ(world.totals().document_bytes, 0U);
  EXPECT_EQ(world.decide(1, DeleteDocument{.key = "stock/lyon"}), Reason::unknown_document);
}

TEST(DocumentsTest, AreWrittenOnlyOverTheExpectedVersion) {
  World world;
  EXPECT_EQ(world.decide(1, put("k", "a", 1)), Reason::other_version);
  EXPECT_EQ(world.decide(1, put("k", "a", Expected::absent)), done);
  EXPECT_EQ(world.decide(2, put("k", "b", Expected::absent)), Reason::other_version);
  EXPECT_EQ(world.decide(2, put("k", "b", 1)), done);
  EXPECT_EQ(world.decide(1, put("k", "c", 1)), Reason::other_version);
  EXPECT_EQ(world.value("k"), "b");
  EXPECT_EQ(world.decide(1, DeleteDocument{.key = "k", .expected = 1}), Reason::other_version);
  EXPECT_EQ(world.decide(1, DeleteDocument{.key = "k", .expected = 2}), done);
}

TEST(DocumentsTest, NeverHaveAVersionTwice) {
  World world;
  EXPECT_EQ(world.decide(1, put("k", "a")), done);
  EXPECT_EQ(world.decide(1, DeleteDocument{.key = "k"}), done);
  EXPECT_EQ(world.decide(1, put("k", "b")), done);
  EXPECT_EQ(world.read<Document>(key::document("k"))->version, 2U);
  EXPECT_EQ(world.decide(1, put("k", "c", 1)), Reason::other_version);
}

TEST(DocumentsTest, HaveBounds) {
  World world;
  world.limits.documents_max = 2;
  world.limits.document_bytes_max = 20;
  EXPECT_EQ(world.decide(1, put("a", "0123456789")), done);
  EXPECT_EQ(world.decide(1, put("b", "0123456789")), Reason::full);
  EXPECT_EQ(world.decide(1, put("b", "0")), done);
  EXPECT_EQ(world.decide(1, put("c", "0")), Reason::full);
  EXPECT_EQ(world.decide(1, put("b", "01234567")), done);
  EXPECT_EQ(world.decide(1, put("b", "012345678")), Reason::full);
  world.limits.document_bytes_max = 5;
  EXPECT_EQ(world.decide(1, put("a", "0")), done);  // what shrinks always may
}

TEST(DocumentsTest, DoNotFillOneBucket) {
  World world;
  world.limits.bucket_entries_max = 1;
  std::vector<std::string> together;  // three keys of one bucket in which nothing is yet
  for (int i = 0; together.size() < 3; ++i) {
    const std::string key = "k" + std::to_string(i);
    if (State::bucket_of(key::document(key)) == 77) together.push_back(key);
  }
  EXPECT_EQ(world.decide(1, put(together[0], "1")), done);
  EXPECT_EQ(world.decide(1, put(together[1], "1")), Reason::full);
  EXPECT_EQ(world.decide(1, put(together[0], "2")), done);
  EXPECT_EQ(world.decide(1, DeleteDocument{.key = together[0]}), done);
  EXPECT_EQ(world.decide(1, put(together[1], "1")), done);
}

const SetPolicy inventory{
    .name = "inventory", .scope = "inventory.*", .local_may_override = true, .yaml = "retry: {}\n"};

TEST(PoliciesTest, AreSetAndRemovedByOperators) {
  World world;
  EXPECT_EQ(world.decide(9, inventory), Reason::not_allowed);
  EXPECT_EQ(world.decide(1, inventory), done);
  EXPECT_THAT(world.events(), ElementsAre(Event(PolicyChanged{.name = "inventory", .version = 1})));
  EXPECT_EQ(*world.read<Policy>(key::policy("inventory")), (Policy{.version = 1,
                                                                   .height = 2,
                                                                   .author = node(1),
                                                                   .scope = "inventory.*",
                                                                   .local_may_override = true,
                                                                   .yaml = "retry: {}\n"}));
  SetPolicy again = inventory;
  again.expected = Expected::absent;
  EXPECT_EQ(world.decide(1, again), Reason::other_version);
  EXPECT_EQ(world.decide(1, RemovePolicy{.name = "inventory", .expected = 9}),
            Reason::other_version);
  EXPECT_EQ(world.decide(1, RemovePolicy{.name = "inventory", .expected = 1}), done);
  EXPECT_EQ(world.decide(1, RemovePolicy{.name = "inventory"}), Reason::unknown_policy);
  EXPECT_EQ(world.totals().policies, 0U);
  EXPECT_EQ(world.totals().policy_bytes, 0U);
}

TEST(PoliciesTest, HaveBounds) {
  World world;
  world.limits.policies_max = 1;
  world.limits.policy_bytes_max = 15;
  EXPECT_EQ(world.decide(1, inventory), done);
  EXPECT_EQ(world.decide(1, SetPolicy{.name = "other", .scope = "", .yaml = ""}), Reason::full);
  SetPolicy longer = inventory;
  longer.yaml = "0123456789abcdef";
  EXPECT_EQ(world.decide(1, longer), Reason::full);
}

}  // namespace
}  // namespace ledger
