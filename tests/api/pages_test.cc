// Lists of the state in pages, of a lone validator's documents and ballots.
#include "api/handle.h"
#include "api/row_page.h"
#include "api/target.h"
#include "ledger/view.h"
#include "tests/api/plain_shell.h"
#include "tests/kernel/lone_validator.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace api {
namespace {

using nlohmann::json;
using Texts = std::vector<std::string>;

class PagesTest : public testing::Test {
 protected:
  Response get(const std::string& target) {
    const auto mark = std::min(target.find('?'), target.size());
    return handle(shell_.view(node_.kernel(), node_.now),
                  {.method = "GET",
                   .path = target.substr(0, mark),
                   .query = target.substr(std::min(mark + 1, target.size())),
                   .authority = "127.0.0.1:7401",
                   .headers = {},
                   .body = {}});
  }
  // The target of the next page, or "".
  static std::string following(const Response& page) {
    for (const mesh::Header& field : page.headers) {
      if (field.name != "link") continue;
      EXPECT_TRUE(field.value.starts_with("<") && field.value.ends_with(">; rel=\"next\""));
      return field.value.substr(1, field.value.find('>') - 1);
    }
    return "";
  }
  static Texts column(const Response& page, const std::string& name) {
    Texts out;
    for (const json& row : json::parse(page.body)) out.push_back(row.at(name));
    return out;
  }
  // Of all pages from that on, and how many rows each had.
  Texts walked(std::string target, const std::string& name, std::vector<std::size_t>* sizes) {
    Texts out;
    while (!target.empty()) {
      const Response page = get(target);
      EXPECT_EQ(page.status, 200) << page.body;
      const Texts rows = column(page, name);
      sizes->push_back(rows.size());
      out.insert(out.end(), rows.begin(), rows.end());
      target = following(page);
    }
    return out;
  }

  void put(const std::string& key, const std::string& value = "1") {
    ASSERT_TRUE(node_.decides(ledger::PutDocument{.key = key, .value = base::to_bytes(value)}));
  }
  void open(const std::string& question, std::uint64_t ends_in_ms) {
    ASSERT_TRUE(
        node_.decides(ledger::OpenBallot{.question = question,
                                         .electorate = {.role = "voter", .nodes = {}},
                                         .agree_needed = 1,
                                         .until_ms = node_.agreement().wall_ms() + ends_in_ms,
                                         .effect = {}}));
  }
  void carry(const std::string& id) {
    ASSERT_TRUE(node_.decides(ledger::CastBallot{.ballot = *base::Digest::from_hex(id),
                                                 .choice = ledger::Choice::agree}));
  }

  kernel::LoneValidator node_;
  PlainShell shell_{.mesh_name = "test", .mesh = kernel::LoneValidator::founded().genesis.mesh};
};

TEST_F(PagesTest, DocumentsComeInPagesThatLeadToOneAnother) {
  for (const char* key : {"e", "a", "c", "b", "d"}) put(key);
  std::vector<std::size_t> sizes;
  EXPECT_EQ(walked("/v1/documents?limit=2", "key", &sizes), (Texts{"a", "b", "c", "d", "e"}));
  EXPECT_EQ(sizes, (std::vector<std::size_t>{2, 2, 1}));
  EXPECT_EQ(following(get("/v1/documents?limit=5")), "");
  EXPECT_EQ(column(get("/v1/documents?after=bb"), "key"), (Texts{"c", "d", "e"}));
  EXPECT_EQ(get("/v1/documents?after=e").body, "[]");
}

TEST_F(PagesTest, ALinkHoldsWhateverTheKeyIsMadeOf) {
  const Texts keys{"x/&after=a", "x/<é>; rel=\"prev\"", "x/a b+c%20?#", "y"};
  for (const std::string& key : keys) put(key);
  std::vector<std::size_t> sizes;
  EXPECT_EQ(walked("/v1/documents?prefix=x/&limit=1", "key", &sizes),
            Texts(keys.begin(), keys.begin() + 3));
  EXPECT_EQ(following(get("/v1/documents?prefix=x%2F&limit=2")),
            "/v1/documents?after=x%2F%3C%C3%A9%3E%3B%20rel%3D%22prev%22&prefix=x%2F&limit=2");
}

TEST_F(PagesTest, APageHasABoundInBytes) {
  const std::string value(50'000, '\x01');  // six bytes each in JSON
  for (char key = 'a'; key < 'a' + 20; ++key) put(std::string(1, key), value);
  std::vector<std::size_t> sizes;
  EXPECT_EQ(walked("/v1/documents", "key", &sizes).size(), 20U);
  EXPECT_EQ(sizes, (std::vector<std::size_t>{3, 3, 3, 3, 3, 3, 2}));
}

TEST_F(PagesTest, OneRowHasAlwaysAPlace) {
  RowPage page(1'024);
  EXPECT_TRUE(page.add(std::string(RowPage::bytes_max + 1, 'x')));
  EXPECT_FALSE(page.add(1));
  EXPECT_EQ(page.response().body.size(), RowPage::bytes_max + 5);
}

TEST_F(PagesTest, BallotsComeInPagesOpenOnesFirst) {
  for (const char* question : {"carried", "second", "first"}) {
    open(question, *question == 'f' ? 50'000 : 60'000);
  }
  carry(column(get("/v1/ballots"), "id")[1]);
  std::vector<std::size_t> sizes;
  EXPECT_EQ(walked("/v1/ballots?limit=1", "question", &sizes),
            (Texts{"first", "second", "carried"}));
  EXPECT_EQ(sizes, (std::vector<std::size_t>{1, 1, 1}));
  const Texts ids = column(get("/v1/ballots"), "id");
  EXPECT_EQ(column(get("/v1/ballots?after=" + ids[0]), "question"), (Texts{"second", "carried"}));
  EXPECT_EQ(column(get("/v1/ballots?after=" + ids[1]), "question"), Texts{"carried"});
  EXPECT_EQ(get("/v1/ballots?after=" + ids[2]).body, "[]");
  EXPECT_EQ(get("/v1/ballots?after=" + base::Digest().hex()).body, "[]");
}

TEST_F(PagesTest, ABallotThatClosesBetweenTwoPagesHidesNoneThatIsOpen) {
  open("first", 50'000);
  open("second", 60'000);
  const Response page = get("/v1/ballots?limit=1");
  ASSERT_EQ(column(page, "question"), Texts{"first"});
  carry(column(page, "id")[0]);
  std::vector<std::size_t> sizes;
  EXPECT_EQ(walked(following(page), "question", &sizes), (Texts{"second", "first"}));
}

TEST_F(PagesTest, WhatIsNoPlaceInAListIsRefused) {
  for (const std::string target : {"/v1/documents?limit=0", "/v1/documents?limit=1025",
                                   "/v1/documents?limit=", "/v1/documents?limit=-1",
                                   "/v1/ballots?limit=all", "/v1/decisions?limit=1025"}) {
    const Response refused = get(target);
    EXPECT_EQ(refused.status, 400) << target;
    EXPECT_NE(refused.body.find("limit must be a number from 1 to 1024"), std::string::npos)
        << refused.body;
  }
  for (const std::string& id : Texts{"", "abc", base::Digest().hex() + "0"}) {
    EXPECT_NE(get("/v1/ballots?after=" + id).body.find("after must be the id of a ballot"),
              std::string::npos);
  }
  EXPECT_EQ(get("/v1/ballots?until_ms=soon&after=" + base::Digest().hex()).status, 400);
  EXPECT_EQ(get("/v1/ballots?until_ms=5").status, 400) << "of which ballot?";
}

TEST(TargetTest, WhatIsEncodedIsDecodedAgain) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  EXPECT_EQ(decoded(encoded(all), true), all);
  EXPECT_EQ(encoded("a-Z_0.9~ /%"), "a-Z_0.9~%20%2F%25");
}

}  // namespace
}  // namespace api
