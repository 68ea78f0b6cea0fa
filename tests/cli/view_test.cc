#include "cli/view.h"

#include "cli/api_client.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>

namespace cli {
namespace {

TEST(ChangedRowsTest, GivesNewChangedAndGoneRows) {
  const Json before = Json::array({{{"id", "1"}, {"state", "serving"}, {"since_seconds", 1}},
                                   {{"id", "2"}, {"state", "serving"}, {"since_seconds", 1}},
                                   {{"id", "3"}, {"state", "serving"}, {"since_seconds", 1}}});
  const Json after = Json::array({{{"id", "1"}, {"state", "serving"}, {"since_seconds", 2}},
                                  {{"id", "2"}, {"state", "suspect"}, {"since_seconds", 0}},
                                  {{"id", "4"}, {"state", "joining"}, {"since_seconds", 0}}});
  EXPECT_EQ(changed_rows(before, after, {"id"}),
            Json::array({after[1], after[2], {{"id", "3"}, {"gone", true}}}));
}

TEST(ChangedRowsTest, TellsRowsApartByAllKeysOfTheirIdentity) {
  const Json before = Json::array({{{"name", "a"}, {"node", "1"}}});
  const Json after = Json::array({{{"name", "a"}, {"node", "1"}}, {{"name", "a"}, {"node", "2"}}});
  EXPECT_EQ(changed_rows(before, after, {"name", "node"}), Json::array({after[1]}));
}

TEST(ChangedRowsTest, TakesRowsThatAreNoObjectsForWhatTheyAre) {
  const Json odd = Json::array({1, "x", nullptr, Json::array({2})});
  EXPECT_EQ(changed_rows(Json::array(), odd, {"id"}).size(), 1U);  // they have no identity
  EXPECT_EQ(changed_rows(odd, Json("text"), {"id"}).size(), 1U);
}

TEST(AnswerTest, MembersThatAreMissingOrOfAnotherKindAreEmpty) {
  for (const char* text : {"null", "5", "[]", "{}", R"({"a":{}})", R"({"a":-1})"}) {
    EXPECT_EQ(text_in(json_in(text), "a"), "") << text;
    EXPECT_EQ(number_in(json_in(text), "a"), 0U) << text;
  }
  EXPECT_EQ(text_in(json_in(R"({"a":"b"})"), "a"), "b");
  EXPECT_EQ(number_in(json_in(R"({"a":7})"), "a"), 7U);
  EXPECT_TRUE(json_in(std::string(60'000, '[') + std::string(60'000, ']')).is_discarded());
}

}  // namespace
}  // namespace cli
