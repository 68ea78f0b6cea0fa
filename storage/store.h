// The node's memory on disk: the epoch of its last run, the members it knew and their descriptors,
// in one SQLite file in WAL mode. One thread owns the database; the loop's thread only hands over.
//
//  - persist_epoch() is durable (synchronous=FULL) before `done` is posted, and alone decides what
//    this node may sign: it is never behind.
//  - save_*() are gathered and written in one transaction when the writer comes to it; losing the
//    newest in a crash only makes the next start less warm.
//  - save_call() is durable before `done` is posted, too: its caller is told then that the call is
//    not lost, or that it is not kept.
//  - An error at run time (disk full, I/O) never stops the node: health() says so, and all but
//    save_call() is tried again, of each row the last, until the disk takes it and health() says
//    that.
//  - The file carries its schema version. An older one is migrated, a newer one is refused.
#pragma once

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "storage/deferred_calls.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace storage {

// For people: what is wrong, where, and what to do.
struct StoreError {
  std::string text;
};

// What the last run left.
struct Stored {
  std::uint64_t epoch = 0;
  std::vector<base::Bytes> members;
  std::vector<base::Bytes> descriptors;
  std::vector<DeferredRow> deferred;
};

struct StoreHealth {
  bool healthy = true;       // the last write went through
  std::string detail;        // of the last failure
  std::uint64_t writes = 0;  // transactions
  std::uint64_t failures = 0;
  std::uint64_t queued = 0;  // operations that wait for the writer, or for the disk
};

class Store {
 public:
  // Runs a function on the loop's thread.
  using Post = std::function<void(std::function<void()>)>;
  // False: it is not on disk. An epoch is tried again all the same.
  using Persisted = std::function<void(bool stored)>;

  struct Options {
    std::size_t queued_max =
        100'000;  // operations; further saves are dropped and counted as failed
    std::size_t descriptors_max = 4'096;                   // rows; the oldest go first
    std::size_t descriptors_bytes_max = 16 * 1024 * 1024;  // that load() reads: the newest
    base::Duration retry_gap = std::chrono::seconds(1);    // at most, after a write that failed
  };

  // Opens or makes DIR/node.db. `post` is called from the writer's thread.
  [[nodiscard]] static base::Result<std::unique_ptr<Store>, StoreError> open(
      const std::filesystem::path& directory, Options options, Post post);
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  ~Store();  // writes what waits, then closes

  // Everything that is there; call before the first write.
  [[nodiscard]] base::Result<Stored, StoreError> load();

  void persist_epoch(std::uint64_t epoch, Persisted done);
  void save_member(const base::NodeId& id, base::Bytes record);
  void forget_member(const base::NodeId& id);
  void save_descriptor(const base::Digest& digest, base::Bytes descriptor);

  // ---- calls that wait for their delivery ----
  // Read: whether that worked at all; then nothing is no such call.
  using CallLoaded = std::function<void(bool read, std::optional<DeferredCall> call)>;
  using AnswerLoaded = std::function<void(std::optional<DeferredAnswer> answer)>;
  void save_call(DeferredCall call, Persisted done);
  void save_answer(std::string id, DeferredAnswer answer);
  void forget_call(std::string id);
  void load_call(std::string id, CallLoaded loaded);
  void load_answer(std::string id, AnswerLoaded loaded);

  [[nodiscard]] StoreHealth health() const;

 private:
  class Writer;
  explicit Store(std::unique_ptr<Writer> writer);

  std::unique_ptr<Writer> writer_;  // sole owner
};

}  // namespace storage
