#include "ledger/state.h"

#include "base/rng.h"
#include "ledger/draft.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <string_view>

namespace ledger {
namespace {

using testing::ElementsAre;

Changes change_of(std::string_view key, std::string_view document) {
  Changes out;
  out.emplace(key, base::to_bytes(document));
  return out;
}
std::string text(const std::optional<base::ByteView>& found) {
  return found ? std::string(base::as_text(*found)) : "(none)";
}
std::vector<std::string> keys(const State& state, std::string_view prefix) {
  std::vector<std::string> out;
  for (const Entry* entry : state.under(prefix)) out.push_back(entry->key);
  return out;
}

TEST(StateTest, FindsWhatWasPutAndNothingElse) {
  const State empty;
  const State state = empty.with(change_of("a", "1")).with(change_of("b", ""));
  EXPECT_EQ(text(state.find("a")), "1");
  EXPECT_EQ(text(state.find("b")), "");
  EXPECT_EQ(text(state.find("c")), "(none)");
  EXPECT_EQ(text(empty.find("a")), "(none)");
  EXPECT_EQ(state.size(), 2U);
  EXPECT_EQ(state.bytes(), 3U);
}

TEST(StateTest, HasARootThatNeverChangesForTheSameDocuments) {
  // The root is signed by committees: another one for the same documents would be a fork.
  EXPECT_EQ(State().root().hex(),
            "9b756d4028d58e3f3fc0427b66cb4254474545879e2acb548fe11575217702ca");
  Changes changes;
  for (int i = 0; i < 3000; ++i) {
    changes.emplace("key/" + std::to_string(i), base::to_bytes("document " + std::to_string(i)));
  }
  EXPECT_EQ(State().with(changes).root().hex(),
            "a99faf100bfa351cc537175700b4fadd92ff66b2b272d933c4aa1191efe7d9c2");
}

TEST(StateTest, HasTheSameRootWhateverTheWayToIt) {
  base::Rng rng(7);
  State one;
  State all_at_once;
  Changes all;
  for (int i = 0; i < 500; ++i) {
    const std::string key = "key/" + std::to_string(rng.below(200));
    Changes change;
    change[key] =
        rng.chance(300'000) ? std::nullopt : std::optional(base::to_bytes(std::to_string(i)));
    one = one.with(change);
    all[key] = change[key];
  }
  all_at_once = all_at_once.with(all);
  EXPECT_EQ(one.root(), all_at_once.root());
  EXPECT_EQ(one.size(), all_at_once.size());
  EXPECT_EQ(one.bytes(), all_at_once.bytes());
}

TEST(StateTest, GoesBackToTheSameRootWhenAChangeIsTakenBack) {
  const State before = State().with(change_of("a", "1"));
  const State after = before.with(change_of("a", "2")).with(change_of("b", "3"));
  EXPECT_NE(after.root(), before.root());
  Changes back = change_of("a", "1");
  back.emplace("b", std::nullopt);
  EXPECT_EQ(after.with(back).root(), before.root());
  EXPECT_EQ(text(after.find("b")), "3");
}

TEST(StateTest, TellsKeysFromDocuments) {
  EXPECT_NE(entry_digest("ab", base::to_bytes("c")), entry_digest("a", base::to_bytes("bc")));
}

TEST(StateTest, ListsWhatIsUnderAPrefixByKey) {
  State state;
  for (const char* key : {"role/b", "role/a", "rule/1", "role", "roles/x"}) {
    state = state.with(change_of(key, "x"));
  }
  EXPECT_THAT(keys(state, "role/"), ElementsAre("role/a", "role/b"));
  EXPECT_EQ(keys(state, "").size(), 5U);
  EXPECT_THAT(keys(state, "z"), ElementsAre());
}

TEST(StateTest, SharesBucketsThatAChangeDidNotTouch) {
  const State before = State().with(change_of("a", "1")).with(change_of("b", "1"));
  const State after = before.with(change_of("a", "2"));
  EXPECT_EQ(&before.bucket(State::bucket_of("b")), &after.bucket(State::bucket_of("b")));
  EXPECT_NE(&before.bucket(State::bucket_of("a")), &after.bucket(State::bucket_of("a")));
}

TEST(DraftTest, ReadsWhatItWroteAndTheBaseBelow) {
  Draft draft(State().with(change_of("a", "1")).with(change_of("b", "1")));
  draft.put("a", base::to_bytes("2"));
  draft.erase("b");
  draft.put("c", base::to_bytes("3"));
  EXPECT_EQ(text(draft.find("a")), "2");
  EXPECT_EQ(text(draft.find("b")), "(none)");
  EXPECT_EQ(text(draft.find("c")), "3");
  EXPECT_EQ(text(draft.base().find("b")), "1");
  EXPECT_THAT(keys(draft.state(), ""), ElementsAre("a", "c"));
}

TEST(DraftTest, TakesBackWhatCameAfterAMark) {
  Draft draft(State().with(change_of("a", "1")));
  draft.put("b", base::to_bytes("1"));
  const base::Digest kept = draft.state().root();
  const Draft::Mark mark = draft.mark();
  draft.put("a", base::to_bytes("2"));
  draft.put("a", base::to_bytes("3"));
  draft.erase("b");
  draft.put("b", base::to_bytes("4"));
  draft.put("c", base::to_bytes("5"));
  draft.rollback(mark);
  EXPECT_EQ(draft.state().root(), kept);
  EXPECT_EQ(draft.changes().size(), 1U);
  draft.rollback(0);
  EXPECT_EQ(draft.state().root(), draft.base().root());
}

// Against the plainest model there is, with marks that nest.
TEST(DraftTest, BehavesAsAMapWithCopies) {
  base::Rng rng(11);
  Draft draft{State()};
  std::map<std::string, std::string> model;
  std::vector<std::pair<Draft::Mark, std::map<std::string, std::string>>> marks;
  for (int step = 0; step < 5000; ++step) {
    const std::string key = std::to_string(rng.below(30));
    const std::uint64_t what = rng.below(10);
    if (what < 5) {
      draft.put(key, base::to_bytes(std::to_string(step)));
      model[key] = std::to_string(step);
    } else if (what < 7) {
      draft.erase(key);
      model.erase(key);
    } else if (what < 9) {
      marks.emplace_back(draft.mark(), model);
    } else if (!marks.empty()) {
      draft.rollback(marks.back().first);
      model = marks.back().second;
      marks.pop_back();
    }
    const auto found = model.find(key);
    ASSERT_EQ(text(draft.find(key)), found == model.end() ? "(none)" : found->second);
  }
  std::map<std::string, std::string> end;
  const State state = draft.state();
  for (const Entry* entry : state.under("")) end[entry->key] = base::as_text(entry->document);
  EXPECT_EQ(end, model);
}

}  // namespace
}  // namespace ledger
