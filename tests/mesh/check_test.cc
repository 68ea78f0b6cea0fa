#include "mesh/judge/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace mesh::judge {
namespace {

using testing::HasSubstr;

CompiledCheck compiled(const OutputCheck& check) {
  auto out = CompiledCheck::compile(check);
  EXPECT_TRUE(out) << out.error();
  return *out;
}

std::string broken(const OutputCheck& check, std::string_view body) {
  return compiled(check).violation(body).value_or("");
}
std::string broken_schema(const std::string& schema, std::string_view body) {
  return broken({.non_empty = false, .pattern = "", .schema = schema}, body);
}

std::string refused(const OutputCheck& check) {
  const auto out = CompiledCheck::compile(check);
  return out ? "" : out.error();
}
std::string refused_schema(const std::string& schema) {
  return refused({.non_empty = false, .pattern = "", .schema = schema});
}

TEST(OutputCheckTest, AsksForNothingByDefault) {
  EXPECT_EQ(broken({}, ""), "");
}

TEST(OutputCheckTest, FindsAnEmptyBody) {
  const OutputCheck check{.non_empty = true, .pattern = "", .schema = ""};
  EXPECT_EQ(broken(check, ""), "the body is empty");
  EXPECT_EQ(broken(check, " \r\n\t"), "the body is empty");
  EXPECT_EQ(broken(check, " x"), "");
}

TEST(OutputCheckTest, LooksForThePatternAnywhere) {
  const OutputCheck check{.non_empty = false, .pattern = R"("stock":\s*\d)", .schema = ""};
  EXPECT_EQ(broken(check, R"({"stock": 7})"), "");
  EXPECT_EQ(broken(check, R"({"stock": null})"), "the body does not match the pattern");
}

TEST(OutputCheckTest, RefusesAPatternThatIsNone) {
  EXPECT_THAT(refused({.non_empty = false, .pattern = "a(", .schema = ""}),
              HasSubstr("the pattern is no pattern of RE2"));
  EXPECT_THAT(refused({.non_empty = false, .pattern = "(?=a)", .schema = ""}),
              HasSubstr("the pattern is no pattern of RE2"));
  EXPECT_THAT(refused({.non_empty = false, .pattern = std::string(1'025, 'a'), .schema = ""}),
              HasSubstr("longer than 1 KiB"));
  EXPECT_THAT(refused({.non_empty = false, .pattern = "(a{1000}){1000}", .schema = ""}),
              HasSubstr("the pattern"));
  EXPECT_THAT(refused({.non_empty = false, .pattern = "(?i)[\\w]{300}", .schema = ""}),
              HasSubstr("repeat less"));
}

TEST(OutputCheckTest, GivesWhatItDidNotReadTheBenefitOfTheDoubt) {
  // So many states that none fits: all of the text would cost seconds.
  const OutputCheck check{.non_empty = false, .pattern = "a(a|b){100}c", .schema = ""};
  EXPECT_EQ(broken(check, std::string(64 * 1024, 'a')), "");
  EXPECT_EQ(broken(check, std::string(1024, 'a')), "the body does not match the pattern");
}

TEST(OutputCheckTest, HoldsABodyAgainstItsSchema) {
  const std::string schema =
      R"({"type":"object","required":["stock"],"properties":{"stock":{"type":"integer","minimum":0}}})";
  EXPECT_EQ(broken_schema(schema, R"({"stock":7,"more":[]})"), "");
  EXPECT_EQ(broken_schema(schema, R"({"stock":7.0})"), "");
  EXPECT_EQ(broken_schema(schema, R"({})"), R"(the body has no "stock")");
  EXPECT_EQ(broken_schema(schema, R"({"stock":-1})"), "/stock is too small");
  EXPECT_EQ(broken_schema(schema, R"({"stock":"7"})"), "/stock has the wrong type");
  EXPECT_EQ(broken_schema(schema, "[]"), "the body has the wrong type");
  EXPECT_THAT(broken_schema(schema, "stock: 7"), HasSubstr("no JSON"));
  EXPECT_THAT(broken_schema(schema, ""), HasSubstr("no JSON"));
}

TEST(OutputCheckTest, SaysLittleOfTheBodyAndOnlyPrintably) {
  const std::string why = broken_schema(
      R"({"additionalProperties":{"additionalProperties":{"additionalProperties":false}}})",
      R"({"ÄÄ\n)" + std::string(50, 'a') + R"(":{")" + std::string(50, 'b') + R"(":{"c":1}}})");
  EXPECT_LE(why.size(), 80U);
  for (const char c : why) EXPECT_TRUE(c >= ' ' && c <= '~');
}

TEST(OutputCheckTest, IsSharedByItsCopies) {
  const CompiledCheck first = compiled({.non_empty = true, .pattern = "a", .schema = "{}"});
  const CompiledCheck second = first;
  EXPECT_FALSE(second.violation("\"a\""));
  EXPECT_TRUE(second.violation("\"b\""));
}

TEST(SchemaTest, SaysWhatItDoesNotRead) {
  EXPECT_THAT(refused_schema("{"), HasSubstr("is no JSON"));
  EXPECT_THAT(refused_schema(R"({"type":"text"})"),
              HasSubstr("a \"type\" that is none of the types"));
  EXPECT_THAT(refused_schema(R"({"minimum":"1"})"),
              HasSubstr("a \"minimum\" that must be a number"));
  EXPECT_THAT(refused_schema(R"({"$ref":"http://a/b"})"), HasSubstr("only to this schema"));
  EXPECT_THAT(refused_schema(R"({"$ref":"#/$defs/a"})"), HasSubstr("leads to nothing"));
  EXPECT_THAT(refused_schema(R"({"unevaluatedProperties":false})"), HasSubstr("is not read here"));
  EXPECT_THAT(refused_schema(R"({"items":{"$id":"a"}})"), HasSubstr("only at the root"));
  EXPECT_THAT(refused_schema(R"({"pattern":"a("})"), HasSubstr("no pattern of RE2"));
  EXPECT_THAT(refused_schema("{\"title\":\"" + std::string(16'384, 'a') + "\"}"),
              HasSubstr("longer than 16 KiB"));
  EXPECT_THAT(refused_schema(std::string(65, '[') + std::string(65, ']')), HasSubstr("nested"));
}

TEST(SchemaTest, IsBoundedInSchemasAndPatterns) {
  std::string many = "{\"allOf\":[{}";
  for (int i = 0; i < 1'100; ++i) many += ",{}";
  EXPECT_THAT(refused_schema(many + "]}"), HasSubstr("more than 1024 schemas"));
  std::string patterns = "{\"allOf\":[{}";
  for (int i = 0; i < 17; ++i) patterns += R"(,{"pattern":"a"})";
  EXPECT_THAT(refused_schema(patterns + "]}"), HasSubstr("more than 16 patterns"));
}

TEST(SchemaTest, FollowsReferencesThatLeadInACircle) {
  const std::string tree =
      R"({"$ref":"#/$defs/node","$defs":{"node":{"type":"object","required":["v"],)"
      R"("properties":{"next":{"$ref":"#/$defs/node"}}}}})";
  EXPECT_EQ(broken_schema(tree, R"({"v":1,"next":{"v":2,"next":{"v":3}}})"), "");
  EXPECT_EQ(broken_schema(tree, R"({"v":1,"next":{"v":2,"next":{}}})"), R"(/next/next has no "v")");
  // One that never comes to anything judges nothing.
  EXPECT_EQ(broken_schema(R"({"$ref":"#"})", "1"), "");
}

TEST(SchemaTest, GivesUpOnWhatWouldTakeForEver) {
  std::string doubling = R"({"$ref":"#/$defs/a0","$defs":{)";
  for (int i = 0; i < 60; ++i) {
    const std::string next = R"({"$ref":"#/$defs/a)" + std::to_string(i + 1) + "\"}";
    doubling += "\"a" + std::to_string(i) + R"(":{"allOf":[)" + next + "," + next + "]},";
  }
  doubling += R"("a60":{"type":"object"}}})";
  EXPECT_EQ(broken_schema(doubling, "{}"), "");

  std::string deep;
  for (int i = 0; i < 60; ++i) deep += R"({"a":)";
  deep += "1" + std::string(60, '}');
  EXPECT_EQ(broken_schema(R"({"type":"object","anyOf":[{"properties":{"a":{"$ref":"#"}}},)"
                          R"({"properties":{"a":{"$ref":"#"}}}]})",
                          deep),
            "");
}

TEST(SchemaTest, ComparesManyItemsInReasonableTime) {
  std::string items = "[0";
  for (int i = 1; i < 11'000; ++i) items += "," + std::to_string(i);
  EXPECT_EQ(broken_schema(R"({"uniqueItems":true})", items + "]"), "");
  EXPECT_EQ(broken_schema(R"({"uniqueItems":true})", items + ",7]"),
            "the body has the same item twice");
  EXPECT_EQ(broken_schema(R"({"uniqueItems":true})", R"([{"a":1,"b":2},{"b":2.0,"a":1}])"),
            "the body has the same item twice");
}

TEST(SchemaTest, KeepsOldAndNewKeywordsApart) {
  const std::string now = R"({"prefixItems":[{"type":"integer"}],"items":{"type":"string"}})";
  const std::string then = R"({"items":[{"type":"integer"}],"additionalItems":{"type":"string"}})";
  for (const std::string& schema : {now, then}) {
    EXPECT_EQ(broken_schema(schema, R"([1,"a","b"])"), "");
    EXPECT_EQ(broken_schema(schema, R"(["a","b"])"), "/0 has the wrong type");
    EXPECT_EQ(broken_schema(schema, "[1,2]"), "/1 has the wrong type");
  }
  EXPECT_EQ(broken_schema(R"({"maximum":3,"exclusiveMaximum":true})", "3"),
            "the body is too large");
  EXPECT_EQ(broken_schema(R"({"exclusiveMaximum":3})", "3"), "the body is too large");
}

}  // namespace
}  // namespace mesh::judge
