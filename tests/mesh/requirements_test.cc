#include "mesh/requirements.h"

#include <gtest/gtest.h>

namespace mesh {
namespace {

Capability lookup() {
  Capability capability;
  capability.name = "inventory.lookup";
  capability.attributes["warehouse"] = {"A", "B"};
  capability.proficiency = Proficiency::competent;
  capability.version = {.major = 1, .minor = 4, .patch = 2};
  capability.cost_micros = 2'000;
  return capability;
}

std::string error_of(std::string_view text) {
  const auto parsed = Requirements::parse(text);
  return parsed ? "none" : parsed.error();
}

TEST(RequirementsTest, HoldForTheCapabilityThatMeetsThem) {
  for (const char* text : {"",
                           ";",
                           "warehouse=A",
                           "warehouse = B",
                           "warehouse!=C",
                           "colour!=red",
                           "proficiency=competent",
                           "proficiency>=competent",
                           "proficiency>novice",
                           "proficiency<expert",
                           "proficiency!=expert",
                           "version~1",
                           "version~1.4",
                           "version~1.4.2",
                           "version=1.4.2",
                           "version>=1.4",
                           "version<2",
                           "version!=1.4",
                           "cost<=0.002",
                           "cost<0.01",
                           "cost>=0",
                           "warehouse=A;proficiency>=competent;version~1.4"}) {
    const auto parsed = Requirements::parse(text);
    ASSERT_TRUE(parsed) << text << ": " << parsed.error();
    EXPECT_EQ(parsed->unmet(lookup()), "") << text;
  }
}

TEST(RequirementsTest, NameTheTermThatIsNotMet) {
  for (const char* text :
       {"warehouse=C", "warehouse!=A", "colour=red", "proficiency>=expert", "proficiency<novice",
        "version~2", "version~1.3", "version~1.5", "version~1.4.3", "version>1.4.2", "version=1.4",
        "cost<=0.001", "cost>0.002"}) {
    const auto parsed = Requirements::parse(std::string("warehouse=A;").append(text));
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(parsed->unmet(lookup()), text);
  }
}

TEST(RequirementsTest, SayWhatIsWrongAndWhere) {
  EXPECT_EQ(error_of("warehouse"),
            "a term needs one of = != >= <= > < ~, none at character 1, in 'warehouse'");
  EXPECT_EQ(error_of("a=1; =2"), "a name is missing at character 6");
  EXPECT_EQ(error_of("a="), "a value is missing or not one at character 3");
  EXPECT_EQ(error_of("a!1"), "'!' stands without '=' at character 2");
  EXPECT_EQ(error_of("a==1"), "a value is missing or not one at character 3");
  EXPECT_NE(error_of("version~x"), "none");
  EXPECT_NE(error_of("version~1.2.3.4"), "none");
  EXPECT_NE(error_of("warehouse~A"), "none");
  EXPECT_NE(error_of("warehouse>=A"), "none");
  EXPECT_NE(error_of("cost<=cheap"), "none");
  EXPECT_NE(error_of("cost<=0.0000001"), "none");
  EXPECT_NE(error_of("proficiency=god"), "none");
}

TEST(RequirementsTest, AreBounded) {
  std::string text;
  for (int i = 0; i < 17; ++i) text += "a=1;";
  EXPECT_EQ(error_of(text), "more than 16 terms at character 65");
}

}  // namespace
}  // namespace mesh
