#include "gossip/reports.h"

#include "tests/gossip/mesh_of_members.h"

#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <string>

namespace gossip {
namespace {

using namespace std::chrono_literals;

crypto::Identity identity(std::size_t number) {
  crypto::Seed seed;
  seed.bytes[0] = std::byte(number & 0xff);
  seed.bytes[1] = std::byte(number >> 8);
  return crypto::Identity::from_seed(seed);
}

Observation observation(std::size_t subject, std::uint32_t success_ppm) {
  return {.subject = identity(subject).id(),
          .samples = 50,
          .success_ppm = success_ppm,
          .quality_ppm = std::nullopt,
          .latency_micros = 1'000};
}

SignedReport report_of(std::size_t author, std::uint64_t sequence, std::uint32_t success_ppm) {
  SignedReport out;
  out.report = {.author = identity(author).id(),
                .capability = "stock",
                .version = {.epoch = 1, .sequence = sequence},
                .observations = {observation(900, success_ppm)}};
  out.signature = identity(author).sign(statement_of(out.report, base::MeshId{}));
  return out;
}

class ReportsTest : public testing::Test {
 protected:
  void admit(const SignedReport& report) {
    reports.admit(crypto::Verified<SignedReport>::own(report), now, effects);
  }
  void call(std::string capability = "stock") {
    reports.on_observed({{.capability = std::move(capability), .observations = {}}}, 1, now);
  }
  // So many members told what they have, which is not known to be true.
  void ask(std::size_t members) {
    for (std::size_t i = 0; i < members; ++i) {
      reports.on_answered(identity(500 + i).id(), {{report_of(700 + i, 1, 5)}}, 10, effects);
    }
  }
  [[nodiscard]] std::set<base::NodeId> arrived() const {
    std::set<base::NodeId> out;
    for (const Effect& effect : effects) {
      if (const auto* each = std::get_if<ReportArrived>(&effect))
        out.insert(each->report->report.author);
      if (const auto* each = std::get_if<ReportGone>(&effect)) out.erase(each->author);
    }
    return out;
  }
  void expire() {
    reports.expire([](const base::NodeId&) { return true; }, now, effects);
  }

  Options options;
  base::Instant now = base::Instant() + 1h;
  Reports reports{options, base::MeshId{}, identity(0), base::Rng(3)};
  Effects effects;
};

TEST_F(ReportsTest, AsksNobodyWhileNothingIsCalled) {
  EXPECT_EQ(reports.to_ask(), 0U);
  call();
  EXPECT_EQ(reports.to_ask(), 3U);
  ask(3);
  EXPECT_EQ(reports.to_ask(), 1U);
}

TEST_F(ReportsTest, HandsReportsOnOnlyAfterThreeMembersWereAsked) {
  call();
  admit(report_of(1, 1, 900'000));
  ask(2);
  EXPECT_TRUE(arrived().empty());
  ask(3);
  admit(report_of(2, 1, 900'000));
  EXPECT_EQ(arrived(), (std::set{identity(1).id(), identity(2).id()}));
}

TEST_F(ReportsTest, LearnsNothingAboutATopicFromWhoHasNothingOfIt) {
  call();
  admit(report_of(1, 1, 900'000));
  for (std::size_t i = 0; i < 9; ++i) reports.on_answered(identity(500 + i).id(), {}, 10, effects);
  EXPECT_TRUE(arrived().empty());
  for (int round = 0; round < 6; ++round) EXPECT_EQ(reports.to_ask(), 3U);
  EXPECT_EQ(reports.to_ask(), 1U);
  // Who has nothing newer than its own report, which is held, was asked as well.
  admit(report_of(2, 1, 900'000));
  admit(report_of(3, 1, 900'000));
  for (const std::size_t author : {1U, 2U, 3U}) {
    reports.on_answered(identity(author).id(), {}, 10, effects);
  }
  EXPECT_EQ(arrived().size(), 3U);
}

TEST_F(ReportsTest, TakesNothingThatNobodyHereCalls) {
  EXPECT_EQ(reports.worth(report_of(1, 1, 5)), Reports::Worth::refuse);
}

TEST_F(ReportsTest, RefusesAReportInWhichItsAuthorSpeaksOfItself) {
  call();
  SignedReport praise = report_of(1, 1, 5);
  praise.report.observations.front().subject = praise.report.author;
  EXPECT_EQ(reports.worth(praise), Reports::Worth::refuse);
}

TEST_F(ReportsTest, RefusesASubjectNamedTwiceAndSharesAboveOne) {
  call();
  SignedReport twice = report_of(1, 1, 5);
  twice.report.observations.push_back(twice.report.observations.front());
  EXPECT_EQ(reports.worth(twice), Reports::Worth::refuse);
  EXPECT_EQ(reports.worth(report_of(1, 1, 1'000'001)), Reports::Worth::refuse);
  SignedReport empty = report_of(1, 1, 5);
  empty.report.observations.clear();
  EXPECT_EQ(reports.worth(empty), Reports::Worth::refuse);
}

TEST_F(ReportsTest, KeepsOneReportAnAuthorAndOnlyANewerOne) {
  call();
  admit(report_of(1, 2, 900'000));
  EXPECT_EQ(reports.worth(report_of(1, 1, 5)), Reports::Worth::known);
  EXPECT_EQ(reports.worth(report_of(1, 2, 900'000)), Reports::Worth::known);
  admit(report_of(1, 3, 5));
  EXPECT_EQ(reports.held(), 1U);
}

TEST_F(ReportsTest, AnswersWithItsOwnAndOthersThatTheAskerDoesNotKnow) {
  reports.on_observed({{"stock", {observation(900, 700'000)}}}, 1, now);
  admit(report_of(1, 7, 900'000));
  admit(report_of(2, 7, 900'000));
  now = now + 5s;
  Interest interest{.capability = "stock", .known = {}};
  interest.known.push_back({identity(1).id().head(), {1, 7}});
  interest.known.push_back({identity(2).id().head(), {1, 6}});
  const ReportPage page = reports.answer({{interest, {"other", {}}}}, now);
  ASSERT_EQ(page.reports.size(), 2U);
  EXPECT_EQ(page.reports[0].report.author, identity(0).id());
  EXPECT_EQ(page.reports[0].age_ms, 5'000U);
  EXPECT_EQ(page.reports[1].report.author, identity(2).id());
}

TEST_F(ReportsTest, SignsAnewWhatMovedOrWhenItIsTime) {
  EXPECT_EQ(reports.on_observed({{"stock", {observation(900, 700'000)}}}, 1, now), 1U);
  EXPECT_EQ(reports.on_observed({{"stock", {observation(900, 740'000)}}}, 1, now), 0U);
  EXPECT_EQ(reports.on_observed({{"stock", {observation(900, 760'000)}}}, 1, now), 1U);
  now = now + options.report_renewal;
  EXPECT_EQ(reports.on_observed({{"stock", {observation(900, 760'000)}}}, 1, now), 1U);
}

TEST_F(ReportsTest, ForgetsAReportThatIsNotRenewedHoweverItTravelled) {
  call();
  ask(3);
  SignedReport old = report_of(1, 1, 900'000);
  old.age_ms = 100'000;
  admit(old);
  admit(report_of(2, 1, 900'000));
  now = now + 20s;
  EXPECT_TRUE(
      reports.answer({{{"stock", {{identity(2).id().head(), {1, 1}}}}}}, now).reports.empty());
  expire();
  EXPECT_EQ(arrived(), std::set{identity(2).id()});
  old.age_ms = 120'000;
  EXPECT_EQ(reports.worth(old), Reports::Worth::known);
  now = now + 100s;
  expire();
  EXPECT_EQ(reports.held(), 0U);
}

TEST_F(ReportsTest, ForgetsTheReportsOfWhoIsGone) {
  call();
  ask(3);
  admit(report_of(1, 1, 900'000));
  reports.expire([](const base::NodeId&) { return false; }, now, effects);
  EXPECT_TRUE(arrived().empty());
}

TEST_F(ReportsTest, HoldsTheSameAuthorsWhoeverIsLoudest) {
  call();
  ask(3);
  std::vector<SignedReport> all;
  for (std::size_t author = 1; author <= 40; ++author) all.push_back(report_of(author, 1, 5));
  for (const SignedReport& each : all) {
    if (reports.worth(each) == Reports::Worth::check) admit(each);
  }
  EXPECT_EQ(reports.held(), options.report_authors_max);
  const std::set<base::NodeId> first = arrived();
  EXPECT_EQ(first.size(), options.report_authors_max);
  for (std::uint64_t sequence = 2; sequence < 10; ++sequence) {
    for (std::size_t author = 40; author > 30; --author) {
      const SignedReport loud = report_of(author, sequence, 5);
      if (reports.worth(loud) == Reports::Worth::check) admit(loud);
    }
  }
  EXPECT_EQ(arrived(), first);
  // And what is not held is not sent again.
  const PullReports question = reports.question();
  ASSERT_EQ(question.interests.size(), 1U);
  EXPECT_EQ(question.interests.front().known.size(), 40U);
}

TEST_F(ReportsTest, AsksAboutOtherTopicsInTurn) {
  std::vector<Observed> called;
  for (int i = 10; i < 42; ++i) called.push_back({"c" + std::to_string(i), {}});
  reports.on_observed(called, 1, now);
  const PullReports first = reports.question();
  const PullReports second = reports.question();
  ASSERT_EQ(first.interests.size(), interests_max);
  ASSERT_EQ(second.interests.size(), interests_max);
  EXPECT_EQ(first.interests.front().capability, "c10");
  EXPECT_EQ(second.interests.front().capability, "c26");
  EXPECT_EQ(reports.question(), first);
}

TEST_F(ReportsTest, BoundsItsTopics) {
  std::vector<Observed> called;
  for (int i = 0; i < 100; ++i) called.push_back({"c" + std::to_string(i), {observation(900, 5)}});
  EXPECT_EQ(reports.on_observed(called, 1, now), options.report_topics_max);
}

TEST_F(ReportsTest, KeepsAnAnswerBelowItsBound) {
  Interest interest{.capability = "stock", .known = {}};
  PullReports question;
  for (std::size_t topic = 0; topic < 16; ++topic) {
    const std::string name = "c" + std::to_string(topic);
    call(name);
    for (std::size_t author = 1; author <= 16; ++author) {
      SignedReport report = report_of(author, 1, 5);
      report.report.capability = name;
      for (std::size_t i = 0; i < 15; ++i) {
        report.report.observations.push_back(report.report.observations.front());
      }
      std::uint8_t number = 0;
      for (Observation& each : report.report.observations) {
        each.subject.bytes.fill(std::byte{++number});
      }
      admit(report);
    }
    question.interests.push_back({.capability = name, .known = {}});
  }
  EXPECT_EQ(reports.held(), 256U);
  std::size_t bytes = 0;
  for (const SignedReport& each : reports.answer(question, now).reports) {
    bytes += size_bound(each.report);
  }
  EXPECT_LE(bytes, report_page_bytes_max);
  EXPECT_GT(bytes, report_page_bytes_max * 9 / 10);
}

TEST(ReportsOfMembersTest, ReachAllWhoCallTheSameAndNobodyElse) {
  test::MeshOfMembers mesh(8);
  // Six of them call; each says what it saw of the seventh.
  std::vector<std::set<base::NodeId>> arrived(8);
  mesh.on_effect = [&](std::size_t i, const Effect& effect) {
    if (const auto* each = std::get_if<ReportArrived>(&effect)) {
      arrived[i].insert(each->report->report.author);
    }
    if (std::holds_alternative<ObservationsDue>(effect) && i < 6) {
      const Observation seen{.subject = mesh.id(6),
                             .samples = 20,
                             .success_ppm = 900'000,
                             .quality_ppm = std::nullopt,
                             .latency_micros = 1'000};
      mesh.run(i, [&](Membership& m, Effects& e) {
        m.on_observed({{.capability = "stock", .observations = {seen}}}, mesh.now, e);
      });
    }
  };
  mesh.start_all();
  const auto took = mesh.pass_until(
      [&] {
        for (std::size_t i = 0; i < 6; ++i) {
          if (arrived[i].size() < 5) return false;
        }
        return true;
      },
      120s);
  ASSERT_TRUE(took.has_value());
  EXPECT_LT(*took, 90s);
  EXPECT_TRUE(arrived[6].empty());
  EXPECT_TRUE(arrived[7].empty());
  EXPECT_EQ(mesh[0].counters().reports, 5U);
  EXPECT_EQ(mesh[7].counters().reports, 0U);
  EXPECT_EQ(mesh[0].counters().reports_refused, 0U);
  // Who falls silent is forgotten.
  mesh.kill(5);
  ASSERT_TRUE(mesh.pass_until([&] { return mesh[0].counters().reports == 4U; }, 150s).has_value());
}

}  // namespace
}  // namespace gossip
