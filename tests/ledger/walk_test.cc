#include "ledger/walk.h"

#include "base/rng.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ledger {
namespace {

using Keys = std::vector<std::string>;

Keys keys(Walk walk) {
  Keys out;
  while (const Entry* entry = walk.next()) out.push_back(entry->key);
  return out;
}
State with_keys(const Keys& keys) {
  Changes changes;
  for (const std::string& key : keys) changes.emplace(key, base::to_bytes("1"));
  return State().with(changes);
}

TEST(WalkTest, BeginsBehindAKeyBeItThereOrNot) {
  const State state = with_keys({"a/1", "a/2", "a/3", "b/1"});
  EXPECT_EQ(keys(Walk(state, "a/", std::nullopt)), (Keys{"a/1", "a/2", "a/3"}));
  EXPECT_EQ(keys(Walk(state, "a/", "a/1")), (Keys{"a/2", "a/3"}));
  EXPECT_EQ(keys(Walk(state, "a/", "a/11")), (Keys{"a/2", "a/3"}));
  EXPECT_EQ(keys(Walk(state, "a/", "a/3")), Keys());
}

TEST(WalkTest, StaysUnderItsPrefixWhereverItIsToldToBegin) {
  const State state = with_keys({"a", "b/", "b/1", "b/\xff", "c"});
  EXPECT_EQ(keys(Walk(state, "b/", "a")), (Keys{"b/", "b/1", "b/\xff"}));
  EXPECT_EQ(keys(Walk(state, "b/", "b/")), (Keys{"b/1", "b/\xff"}));
  EXPECT_EQ(keys(Walk(state, "b/", "c")), Keys());
  EXPECT_EQ(keys(Walk(state, "d", std::nullopt)), Keys());
  EXPECT_EQ(keys(Walk(State(), "", std::nullopt)), Keys());
}

TEST(WalkTest, SeesWhatTheWholeStateHasFromAnyPlaceOn) {
  base::Rng rng(3);
  Keys some;
  for (int i = 0; i < 5'000; ++i) some.push_back(std::to_string(rng.below(1'000'000)));
  const State state = with_keys(some);
  for (const std::string& prefix : Keys{"", "7", "42"}) {
    Keys all;
    for (const Entry* entry : state.under(prefix)) all.push_back(entry->key);
    ASSERT_EQ(keys(Walk(state, prefix, std::nullopt)), all);
    const std::size_t place = rng.below(all.size());
    EXPECT_EQ(keys(Walk(state, prefix, all[place])),
              Keys(all.begin() + static_cast<std::ptrdiff_t>(place) + 1, all.end()));
  }
}

TEST(WalkTest, KeepsTheStateThatItBeganIn) {
  State state = with_keys({"a", "b"});
  Walk walk(state, "", std::nullopt);
  state = State();
  EXPECT_EQ(keys(walk), (Keys{"a", "b"}));
}

}  // namespace
}  // namespace ledger
