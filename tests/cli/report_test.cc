#include "cli/report.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace cli {
namespace {

Json rows() {
  return Json::array({{{"name", "a"}, {"id", "0123456789"}, {"load", {{"in_flight", 2}}}},
                      {{"name", "longer"}, {"id", "abcdef0123"}, {"load", nullptr}}});
}

TEST(ReportTest, AlignsTheColumnsOfATable) {
  EXPECT_EQ(
      render_rows(rows(), {{"NAME", "name"}, {"ID", "id", 4}, {"IN FLIGHT", "load.in_flight"}},
                  Format::table),
      "NAME    ID    IN FLIGHT\n"
      "a       0123  2\n"
      "longer  abcd  -\n");
}

TEST(ReportTest, GivesProgramsEveryKeyWhole) {
  EXPECT_EQ(Json::parse(render_rows(rows(), {{"NAME", "name"}}, Format::json)), rows());
  EXPECT_EQ(render_rows(rows(), {}, Format::yaml),
            "- name: a\n"
            "  id: \"0123456789\"\n"
            "  load:\n"
            "    in_flight: 2\n"
            "- name: longer\n"
            "  id: abcdef0123\n"
            "  load: null\n");
}

TEST(ReportTest, QuotesInYamlWhatWouldBeReadAsSomethingElse) {
  for (const char* text :
       {"", "yes", "No", "null", "12", "1.0", "a: b", "#x", "-", "a\nb", " a", "~"}) {
    EXPECT_EQ(to_yaml(Json(text)), Json(text).dump() + "\n") << text;
  }
  for (const char* text : {"serving", "inventory.lookup", "a b", "/lookup", "1.4.0-x"}) {
    const bool plain = text[0] != '1';
    EXPECT_EQ(to_yaml(Json(text)), (plain ? text : Json(text).dump()) + std::string("\n")) << text;
  }
}

TEST(ReportTest, WritesEmptyAndNestedListsInYaml) {
  EXPECT_EQ(to_yaml(Json::array()), "[]\n");
  EXPECT_EQ(to_yaml(Json{{"a", Json::array()}, {"b", {1, 2}}, {"c", {{1, 2}, {3}}}}),
            "a: []\nb:\n  - 1\n  - 2\nc:\n  -\n    - 1\n    - 2\n  -\n    - 3\n");
}

TEST(ReportTest, WritesAnObjectAsALineForEachKey) {
  EXPECT_EQ(render_object(Json{{"id", "x"}, {"violations", 0}, {"ok", true}}, Format::table),
            "id          x\nviolations  0\nok          yes\n");
}

TEST(ReportTest, LetsNoNameSteerTheTerminal) {
  EXPECT_EQ(cell(Json("a\x1b[31m\n")), "a?[31m?");
}

}  // namespace
}  // namespace cli
