#include "cli/view.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

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

}  // namespace
}  // namespace cli
