#include "storage/store.h"

#include "storage/database.h"
#include "storage/schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace storage {
namespace {

// A folder of its own for each test, gone with it.
class StoreTest : public testing::Test {
 protected:
  StoreTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "parley-store-XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
  }
  ~StoreTest() override { std::filesystem::remove_all(directory_); }

  std::unique_ptr<Store> open(Store::Options options = {}) {
    auto store = Store::open(directory_, options, [](const std::function<void()>& run) { run(); });
    EXPECT_TRUE(store.has_value()) << (store ? "" : store.error().text);
    return store ? std::move(*store) : nullptr;
  }
  // Persists and waits for the answer, which the writer's thread gives in these tests.
  static bool persist(Store& store, std::uint64_t epoch) {
    std::mutex mutex;
    std::condition_variable changed;
    std::optional<bool> stored;
    store.persist_epoch(epoch, [&](bool ok) {
      const std::lock_guard lock(mutex);
      stored = ok;
      changed.notify_all();
    });
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return stored.has_value(); });
    return *stored;
  }

  // False if it does not come to that.
  static bool wait_until(const std::function<bool()>& holds) {
    const auto watchdog = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!holds()) {
      if (std::chrono::steady_clock::now() > watchdog) return false;
      std::this_thread::yield();
    }
    return true;
  }

  std::filesystem::path directory_;
};

base::NodeId node(std::uint8_t number) {
  base::NodeId id;
  id.bytes[0] = static_cast<std::byte>(number);
  return id;
}

TEST_F(StoreTest, StartsEmpty) {
  const auto stored = open()->load();
  ASSERT_TRUE(stored.has_value());
  EXPECT_EQ(stored->epoch, 0U);
  EXPECT_TRUE(stored->members.empty());
  EXPECT_TRUE(stored->descriptors.empty());
}

TEST_F(StoreTest, GivesBackWhatTheLastRunLeft) {
  {
    const auto store = open();
    store->save_member(node(2), base::to_bytes("two"));
    store->save_member(node(1), base::to_bytes("one"));
    store->save_member(node(3), base::to_bytes("three"));
    store->save_member(node(1), base::to_bytes("one again"));
    store->forget_member(node(2));
    base::Digest digest;
    digest.bytes[0] = std::byte{7};
    store->save_descriptor(digest, base::to_bytes("what it can do"));
    EXPECT_TRUE(persist(*store, 41));
    EXPECT_TRUE(persist(*store, 42));
  }
  const auto stored = open()->load();
  ASSERT_TRUE(stored.has_value());
  EXPECT_EQ(stored->epoch, 42U);
  EXPECT_THAT(stored->members,
              testing::ElementsAre(base::to_bytes("one again"), base::to_bytes("three")));
  EXPECT_THAT(stored->descriptors, testing::ElementsAre(base::to_bytes("what it can do")));
}

TEST_F(StoreTest, KeepsOnlyTheNewestDescriptors) {
  {
    auto store = Store::open(directory_, {.queued_max = 100, .descriptors_max = 2},
                             [](const std::function<void()>& run) { run(); });
    ASSERT_TRUE(store.has_value());
    for (const char* text : {"a", "b", "c"}) {
      base::Digest digest;
      digest.bytes[0] = static_cast<std::byte>(text[0]);
      (*store)->save_descriptor(digest, base::to_bytes(text));
    }
  }
  const auto stored = open()->load();
  ASSERT_TRUE(stored.has_value());
  EXPECT_THAT(stored->descriptors, testing::ElementsAre(base::to_bytes("b"), base::to_bytes("c")));
}

TEST_F(StoreTest, RefusesAFileOfANewerProgramAndSaysWhatToDo) {
  {
    auto database = Database::open(directory_ / "node.db");
    ASSERT_TRUE(database.has_value());
    ASSERT_TRUE(database->execute("PRAGMA user_version=99").has_value());
  }
  const auto store = Store::open(directory_, {}, [](const std::function<void()>&) {});
  ASSERT_FALSE(store.has_value());
  EXPECT_THAT(store.error().text, testing::HasSubstr("written by a newer parley (schema 99"));
  EXPECT_THAT(store.error().text, testing::HasSubstr("node.db"));
}

TEST_F(StoreTest, SaysThatAFileIsNoDatabase) {
  std::ofstream(directory_ / "node.db") << std::string(4096, 'x');
  const auto store = Store::open(directory_, {}, [](const std::function<void()>&) {});
  ASSERT_FALSE(store.has_value());
  EXPECT_THAT(store.error().text, testing::HasSubstr("not a database"));
}

TEST_F(StoreTest, SaysThatADirectoryIsMissing) {
  const auto store = Store::open(directory_ / "none", {}, [](const std::function<void()>&) {});
  ASSERT_FALSE(store.has_value());
  EXPECT_THAT(store.error().text, testing::HasSubstr("unable to open"));
}

TEST_F(StoreTest, GoesOnAndSaysSoWhenAWriteFails) {
  const auto store = open();
  EXPECT_TRUE(persist(*store, 1));
  {
    // A second connection that holds the write lock is as good as a disk that takes nothing: the
    // writer's transaction fails with an error in the same place.
    auto other = Database::open(directory_ / "node.db");
    ASSERT_TRUE(other.has_value());
    ASSERT_TRUE(other->execute("BEGIN IMMEDIATE").has_value());
    EXPECT_FALSE(persist(*store, 2));
    EXPECT_FALSE(store->health().healthy);
    EXPECT_THAT(store->health().detail, testing::HasSubstr("node.db"));
    ASSERT_TRUE(other->execute("ROLLBACK").has_value());
  }
  EXPECT_TRUE(persist(*store, 3));
  EXPECT_TRUE(store->health().healthy);
}

TEST_F(StoreTest, CatchesUpWhenTheDiskTakesWritesAgain) {
  {
    const auto store = open({.retry_gap = std::chrono::milliseconds(10)});
    store->save_member(node(3), base::to_bytes("three"));
    EXPECT_TRUE(persist(*store, 1));
    auto other = Database::open(directory_ / "node.db");
    ASSERT_TRUE(other.has_value());
    ASSERT_TRUE(other->execute("BEGIN IMMEDIATE").has_value());
    store->save_member(node(1), base::to_bytes("one"));
    store->save_descriptor({}, base::to_bytes("descriptor"));
    ASSERT_TRUE(wait_until([&] { return store->health().failures > 0; }));
    store->save_member(node(1), base::to_bytes("newer"));
    store->forget_member(node(3));
    ASSERT_TRUE(wait_until([&] { return store->health().failures > 1; }));
    EXPECT_LE(store->health().queued, 3U);
    ASSERT_TRUE(other->execute("ROLLBACK").has_value());
    EXPECT_TRUE(wait_until([&] { return store->health().healthy; }));  // without another write
  }
  const auto stored = open()->load();
  ASSERT_TRUE(stored.has_value());
  EXPECT_THAT(stored->members, testing::ElementsAre(base::to_bytes("newer")));
  EXPECT_THAT(stored->descriptors, testing::ElementsAre(base::to_bytes("descriptor")));
}

// ---- calls that wait for their delivery ----

class DeferredStoreTest : public StoreTest {
 protected:
  static DeferredCall call_of(const std::string& id) {
    const base::ByteView body = base::as_bytes("question");
    return {.id = id,
            .capability = "text.count",
            .key = "order-7",
            .method = "POST",
            .rest = "/x?y=1",
            .headers = {{"content-type", "text/plain"}, {"x-empty", ""}, {"accept", "a: b"}},
            .body = {body.begin(), body.end()},
            .since_ms = 1'000,
            .until_ms = 5'000};
  }
  // Runs an operation of the store and waits for what it says.
  template <class Said, class Ask>
  static Said wait_for(Ask ask) {
    std::mutex mutex;
    std::condition_variable changed;
    std::optional<Said> said;
    ask([&](Said what) {
      const std::lock_guard lock(mutex);
      said = std::move(what);
      changed.notify_all();
    });
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return said.has_value(); });
    return std::move(*said);
  }
  static bool save(Store& store, const std::string& id) {
    return wait_for<bool>([&](auto done) { store.save_call(call_of(id), done); });
  }
  static std::optional<DeferredCall> load(Store& store, const std::string& id) {
    return wait_for<std::optional<DeferredCall>>([&](auto done) {
      store.load_call(
          id, [done](bool /*read*/, std::optional<DeferredCall> call) { done(std::move(call)); });
    });
  }
  static std::optional<DeferredAnswer> load_answer(Store& store, const std::string& id) {
    return wait_for<std::optional<DeferredAnswer>>([&](auto done) { store.load_answer(id, done); });
  }
};

TEST_F(DeferredStoreTest, KeepsACallOverARestart) {
  ASSERT_TRUE(save(*open(), "c1"));
  const auto store = open();
  const auto stored = store->load();
  ASSERT_TRUE(stored.has_value());
  ASSERT_EQ(stored->deferred.size(), 1U);
  const DeferredRow& row = stored->deferred[0];
  EXPECT_EQ(row.id, "c1");
  EXPECT_EQ(row.capability, "text.count");
  EXPECT_EQ(row.key, "order-7");
  EXPECT_EQ(row.until_ms, 5'000);
  EXPECT_EQ(row.status, 0);
  const auto call = load(*store, "c1");
  ASSERT_TRUE(call);
  EXPECT_EQ(call->method, "POST");
  EXPECT_EQ(call->rest, "/x?y=1");
  EXPECT_EQ(call->headers, call_of("c1").headers);
  EXPECT_EQ(base::as_text(call->body), "question");
}

TEST_F(DeferredStoreTest, AnAnswerTakesThePlaceOfTheRequest) {
  const auto store = open();
  ASSERT_TRUE(save(*store, "c1"));
  EXPECT_FALSE(load_answer(*store, "c1"));
  const base::ByteView body = base::as_bytes("answer");
  store->save_answer("c1", {.status = 201,
                            .headers = {{"content-type", "text/plain"}},
                            .body = {body.begin(), body.end()}});
  const auto answer = load_answer(*store, "c1");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 201);
  EXPECT_EQ(base::as_text(answer->body), "answer");
  EXPECT_TRUE(load(*store, "c1")->body.empty());
}

TEST_F(DeferredStoreTest, WhatIsForgottenIsGone) {
  const auto store = open();
  ASSERT_TRUE(save(*store, "c1"));
  store->forget_call("c1");
  EXPECT_FALSE(load(*store, "c1"));
  EXPECT_FALSE(load(*store, "never there"));
}

TEST_F(DeferredStoreTest, SaysThatTheDiskDoesNotTakeIt) {
  const auto store = open();
  ASSERT_TRUE(save(*store, "c1"));
  // The same id again stands for whatever the database refuses.
  EXPECT_FALSE(save(*store, "c1"));
  EXPECT_FALSE(store->health().healthy);
  EXPECT_TRUE(save(*store, "c2"));
  EXPECT_TRUE(store->health().healthy);
}

TEST_F(DeferredStoreTest, HealthComesBackWithNothingMoreToWrite) {
  const auto store = open({.retry_gap = std::chrono::milliseconds(10)});
  ASSERT_TRUE(persist(*store, 1));
  ASSERT_TRUE(save(*store, "c1"));
  EXPECT_FALSE(save(*store, "c1"));
  EXPECT_TRUE(wait_until([&] { return store->health().healthy; }));
}

}  // namespace
}  // namespace storage
