#include "cli/command_line.h"

#include "cli/node_flags.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace cli {
namespace {

struct Ended {
  int code = 0;
  std::string out;
  std::string err;
};

Ended parley(std::vector<std::string> arguments) {
  std::ostringstream out;
  std::ostringstream err;
  Console console{.out = out, .err = err};
  const int code = run(std::move(arguments), console);
  return {code, out.str(), err.str()};
}

TEST(CommandLineTest, EndsWithTwoAndOneLineOnWrongUsage) {
  const std::vector<std::vector<std::string>> lines{
      {},
      {"nonsense"},
      {"call"},
      {"members", "-o", "xml"},
      {"members", "--api", "nowhere"},
      {"node", "extra"},
      {"call", "a.b", "--deadline", "soon"},
      {"call", "a.b", "--header", "x"},
      {"sim"},
      {"sim", "run", "--nodes", "0"},
      {"sim", "shrink", "--profile", "agreement"},
      {"bench", "a.b", "--rate", "-1"},
      {"bench", "a.b", "--requests", "-1"},
      {"sim", "run", "--seed", "-1"},
      {"decisions", "--before", "-1"},
      {"propose"},
      {"propose", "foo"},
      {"propose", "document", "--key", "a"},
      {"propose", "document", "--key", "a", "--value", "1", "--expected", "-1"},
      {"propose", "document", "--key", "\xff", "--value", "1"},
      {"propose", "ballot", "--question", "q", "--agree", "010x"},
      {"propose", "member", "--action", "foo"},
      {"propose", "vote", "--ballot", "a", "--choice", "maybe"},
      {"propose", "policy", "--name", "p", "--remove", "--yaml", "{}"},
      {"init", "--name", "x", "--validator", "pv1:", "--data", "/does/not/exist"},
      {"keygen"},
      {"init", "--name", "x"},
      {"sim", "replay", "/does/not/exist"}};
  for (const auto& line : lines) {
    const Ended ended = parley(line);
    EXPECT_EQ(ended.code, 2) << (line.empty() ? "" : line.back());
    EXPECT_EQ(std::count(ended.err.begin(), ended.err.end(), '\n'), 1) << ended.err;
    EXPECT_TRUE(ended.err.starts_with("parley: ")) << ended.err;
    EXPECT_EQ(ended.out, "");
  }
}

TEST(CommandLineTest, NamesTheVerbThatWasMeant) {
  EXPECT_NE(parley({"membres"}).err.find("did you mean members?"), std::string::npos);
}

TEST(CommandLineTest, PointsToTheVerbWhoseOptionsAreWrong) {
  EXPECT_NE(parley({"propose", "document", "--key", "a"})
                .err.find("--value is required; see `parley propose document --help`"),
            std::string::npos);
  const std::string unknown = parley({"propose", "dokument"}).err;
  EXPECT_NE(unknown.find("no verb propose dokument; did you mean document?"), std::string::npos)
      << unknown;
  EXPECT_NE(parley({"propose", "foo"}).err.find("propose foo; see `parley propose --help`"),
            std::string::npos);
}

TEST(CommandLineTest, MakesNoKeysForAMeshThatItRefuses) {
  const std::string folder = testing::TempDir() + "refused-mesh";
  std::filesystem::remove_all(folder);
  const std::string seat = "pv1:" + std::string(64, 'a') + ":" + std::string(64, 'b');
  struct Wrong {
    std::vector<std::string> more;
    std::string said;
    std::string founded = "2";
  };
  const std::vector<Wrong> lines{{{"--name", "x", "--admission", "foo"}, "--admission"},
                                 {{"--name", "My Shop"}, "name: must have"},
                                 {{"--name", ""}, "name: must have"},
                                 {{"--name", "x", "--validator", "pv1:x"}, "is no validator"},
                                 {{"--name", "x", "--validator", seat, seat}, "comes twice"},
                                 {{"--name", "x"}, "--validators", "65"}};
  for (const Wrong& wrong : lines) {
    std::vector<std::string> line{"init", "--data", folder, "--validators", wrong.founded};
    line.insert(line.end(), wrong.more.begin(), wrong.more.end());
    const Ended ended = parley(line);
    EXPECT_EQ(ended.code, 2) << wrong.said;
    EXPECT_NE(ended.err.find(wrong.said), std::string::npos) << ended.err;
    EXPECT_EQ(std::count(ended.err.begin(), ended.err.end(), '\n'), 1) << ended.err;
    EXPECT_EQ(ended.out, "");
    EXPECT_FALSE(std::filesystem::exists(folder)) << wrong.said;
  }
}

TEST(CommandLineTest, SeesASeatThatComesTwiceBeforeItMakesTheOthers) {
  const std::string folder = testing::TempDir() + "mesh-with-a-copy";
  std::filesystem::remove_all(folder);
  const Ended first = parley({"init", "--name", "x", "--validators", "1", "--data", folder});
  ASSERT_EQ(first.code, 0) << first.err;
  std::filesystem::copy(folder + "/validator-1", folder + "/validator-2");
  const Ended again = parley({"init", "--name", "x", "--validators", "3", "--data", folder});
  EXPECT_EQ(again.code, 2);
  EXPECT_NE(again.err.find("comes twice"), std::string::npos) << again.err;
  EXPECT_FALSE(std::filesystem::exists(folder + "/validator-3"));
  std::filesystem::remove_all(folder);
}

TEST(CommandLineTest, MakesNoKeysAtAllWhereOneFolderCannotHaveAny) {
  const std::string folder = testing::TempDir() + "mesh-with-a-file";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  std::ofstream(folder + "/validator-2") << "a file";
  const Ended ended = parley({"init", "--name", "x", "--validators", "2", "--data", folder});
  EXPECT_EQ(ended.code, 1);
  EXPECT_NE(ended.err.find("validator-2"), std::string::npos) << ended.err;
  EXPECT_FALSE(std::filesystem::exists(folder + "/validator-1"));
  std::filesystem::remove_all(folder);
}

TEST(CommandLineTest, ShowsEachKindOfProposalWithAnExampleOfItsOwn) {
  for (const char* kind :
       {"document", "policy", "member", "evict", "committee", "ballot", "vote"}) {
    const Ended ended = parley({"propose", kind, "--help"});
    EXPECT_EQ(ended.code, 0) << kind;
    EXPECT_NE(ended.out.find("Example:\n  parley propose " + std::string(kind)), std::string::npos)
        << ended.out;
  }
}

TEST(CommandLineTest, EndsWithOneAndTheAddressWhenThereIsNoNode) {
  for (const std::vector<std::string>& verb : {std::vector<std::string>{"members"},
                                               {"routes", "a.b"},
                                               {"call", "a.b"},
                                               {"drain"},
                                               {"bench", "a.b"},
                                               {"members", "--watch"},
                                               {"join", "10.0.0.1:7400"}}) {
    std::vector<std::string> line = verb;
    line.insert(line.end(), {"--api", "127.0.0.1:1"});
    const Ended ended = parley(line);
    EXPECT_EQ(ended.code, 1) << verb.front();
    EXPECT_NE(ended.err.find("127.0.0.1:1"), std::string::npos) << ended.err;
    EXPECT_EQ(std::count(ended.err.begin(), ended.err.end(), '\n'), 1) << ended.err;
  }
}

TEST(CommandLineTest, ExplainsEachVerbWithAnExample) {
  for (const char* verb :
       {"node", "keygen", "init", "check", "members", "agents", "capabilities", "routes",
        "breakers", "deferred", "call", "join", "leave", "drain", "resume", "sim", "bench"}) {
    const Ended ended = parley({verb, "--help"});
    EXPECT_EQ(ended.code, 0) << verb;
    EXPECT_NE(ended.out.find("Example"), std::string::npos) << verb;
    EXPECT_EQ(ended.err, "");
  }
  EXPECT_TRUE(parley({"--version"}).out.starts_with("parley "));
}

TEST(NodeFlagsTest, KeepsWhatWasGivenUnderTheNamesOfTheConfiguration) {
  CLI::App app;
  node::Flags flags;
  add_node_flags(app, flags);
  std::vector<std::string> line{"--name",       "a",   "--seed",       "h:1",
                                "--seed",       "h:2", "--capability", "x.y",
                                "--capability", "z",   "--log-level",  "debug"};
  std::reverse(line.begin(), line.end());
  app.parse(line);
  EXPECT_EQ(flags, (node::Flags{{"name", {"a"}},
                                {"seed", {"h:1", "h:2"}},
                                {"capability", {"x.y", "z"}},
                                {"log-level", {"debug"}}}));
}

}  // namespace
}  // namespace cli
