#include "storage/store.h"

#include "base/check.h"
#include "base/match.h"
#include "storage/database.h"
#include "storage/schema.h"

#include <condition_variable>
#include <deque>
#include <limits>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <variant>

namespace storage {

namespace {

struct PersistEpoch {
  std::uint64_t epoch = 0;
  Store::Persisted done;
};
struct SaveMember {
  base::NodeId id;
  base::Bytes record;
};
struct ForgetMember {
  base::NodeId id;
};
struct SaveDescriptor {
  base::Digest digest;
  base::Bytes descriptor;
};
using Operation = std::variant<PersistEpoch, SaveMember, ForgetMember, SaveDescriptor>;

struct Statements {
  Statement epoch;
  Statement save_member;
  Statement forget_member;
  Statement save_descriptor;
  Statement trim_descriptors;
};

base::Result<Statements, SqlError> prepare_all(Database& database) {
  auto epoch = database.prepare(
      "INSERT INTO node (only, epoch) VALUES (1, ?1) ON CONFLICT (only) DO UPDATE SET epoch = ?1");
  if (!epoch) return base::Unexpected{epoch.error()};
  auto save_member =
      database.prepare("INSERT OR REPLACE INTO members (id, record) VALUES (?1, ?2)");
  if (!save_member) return base::Unexpected{save_member.error()};
  auto forget_member = database.prepare("DELETE FROM members WHERE id = ?1");
  if (!forget_member) return base::Unexpected{forget_member.error()};
  auto save_descriptor =
      database.prepare("INSERT OR REPLACE INTO descriptors (digest, descriptor) VALUES (?1, ?2)");
  if (!save_descriptor) return base::Unexpected{save_descriptor.error()};
  auto trim = database.prepare(
      "DELETE FROM descriptors WHERE number <= (SELECT max(number) FROM descriptors) - ?1");
  if (!trim) return base::Unexpected{trim.error()};
  return Statements{std::move(*epoch), std::move(*save_member), std::move(*forget_member),
                    std::move(*save_descriptor), std::move(*trim)};
}

StoreError store_error(const std::filesystem::path& file, const std::string& why) {
  return {"cannot use " + file.string() + ": " + why +
          "; check that the directory is writable and the disk has room, or move the file away to "
          "start without memory"};
}

}  // namespace

class Store::Writer {
 public:
  Writer(std::filesystem::path file, Options options, Post post, Database database,
         Statements statements)
      : file_(std::move(file)),
        options_(options),
        post_(std::move(post)),
        database_(std::move(database)),
        statements_(std::move(statements)) {}
  ~Writer() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
  }

  base::Result<Stored, StoreError> load();
  void submit(Operation operation);
  StoreHealth health() const {
    const std::lock_guard lock(mutex_);
    StoreHealth health = health_;
    health.queued = queue_.size();
    return health;
  }

 private:
  void work();
  base::Result<void, SqlError> write(std::deque<Operation>& batch);
  base::Result<bool, SqlError> write_one(const Operation& operation);

  const std::filesystem::path file_;
  const Options options_;
  const Post post_;
  Database database_;  // used by the writer's thread once that runs
  Statements statements_;

  mutable std::mutex mutex_;  // guards queue_, health_, stopping_
  std::condition_variable changed_;
  std::deque<Operation> queue_;
  StoreHealth health_;
  bool stopping_ = false;
  std::thread thread_;  // started by the first submit(): load() comes before
};

base::Result<Stored, StoreError> Store::Writer::load() {
  CHECK(!thread_.joinable());
  Stored stored;
  const auto epoch = database_.query_integer("SELECT coalesce(max(epoch), 0) FROM node");
  if (!epoch) return base::Unexpected{store_error(file_, epoch.error().text)};
  if (*epoch < 0 || *epoch > std::numeric_limits<std::uint32_t>::max()) {
    return base::Unexpected{store_error(file_, "its epoch is out of range, so it is damaged")};
  }
  stored.epoch = static_cast<std::uint64_t>(*epoch);
  const auto read = [&](const char* sql,
                        std::vector<base::Bytes>& out) -> base::Result<void, SqlError> {
    auto rows = database_.prepare(sql);
    if (!rows) return base::Unexpected{rows.error()};
    for (;;) {
      const auto row = rows->step();
      if (!row) return base::Unexpected{row.error()};
      if (!*row) return {};
      out.push_back(rows->blob(0));
    }
  };
  auto members = read("SELECT record FROM members ORDER BY id", stored.members);
  if (!members) return base::Unexpected{store_error(file_, members.error().text)};
  auto descriptors = read("SELECT descriptor FROM descriptors ORDER BY number", stored.descriptors);
  if (!descriptors) return base::Unexpected{store_error(file_, descriptors.error().text)};
  return stored;
}

void Store::Writer::submit(Operation operation) {
  {
    const std::lock_guard lock(mutex_);
    const bool droppable = !std::holds_alternative<PersistEpoch>(operation);
    if (droppable && queue_.size() >= options_.queued_max) {
      ++health_.failures;
      return;
    }
    queue_.push_back(std::move(operation));
    if (!thread_.joinable()) thread_ = std::thread([this] { work(); });
  }
  changed_.notify_one();
}

void Store::Writer::work() {
  for (;;) {
    std::deque<Operation> batch;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) return;
      batch.swap(queue_);
    }
    const auto written = write(batch);
    {
      const std::lock_guard lock(mutex_);
      ++health_.writes;
      health_.healthy = written.has_value();
      if (!written) {
        ++health_.failures;
        health_.detail = store_error(file_, written.error().text).text;
      }
    }
    for (Operation& operation : batch) {
      auto* epoch = std::get_if<PersistEpoch>(&operation);
      if (epoch == nullptr || !epoch->done) continue;
      post_([done = std::move(epoch->done), stored = written.has_value()] { done(stored); });
    }
  }
}

base::Result<void, SqlError> Store::Writer::write(std::deque<Operation>& batch) {
  if (auto begun = database_.execute("BEGIN IMMEDIATE"); !begun) return begun;
  for (const Operation& operation : batch) {
    if (auto written = write_one(operation); !written) {
      static_cast<void>(database_.execute("ROLLBACK"));
      return base::Unexpected{written.error()};
    }
  }
  auto committed = database_.execute("COMMIT");
  if (!committed) static_cast<void>(database_.execute("ROLLBACK"));
  return committed;
}

base::Result<bool, SqlError> Store::Writer::write_one(const Operation& operation) {
  return base::match(
      operation,
      [&](const PersistEpoch& o) {
        return statements_.epoch.bind(1, static_cast<std::int64_t>(o.epoch)).step();
      },
      [&](const SaveMember& o) {
        return statements_.save_member.bind(1, o.id.view()).bind(2, o.record).step();
      },
      [&](const ForgetMember& o) { return statements_.forget_member.bind(1, o.id.view()).step(); },
      [&](const SaveDescriptor& o) -> base::Result<bool, SqlError> {
        auto saved =
            statements_.save_descriptor.bind(1, o.digest.view()).bind(2, o.descriptor).step();
        if (!saved) return saved;
        return statements_.trim_descriptors
            .bind(1, static_cast<std::int64_t>(options_.descriptors_max))
            .step();
      });
}

base::Result<std::unique_ptr<Store>, StoreError> Store::open(const std::filesystem::path& directory,
                                                             Options options, Post post) {
  const std::filesystem::path file = directory / "node.db";
  auto database = Database::open(file);
  if (!database) return base::Unexpected{store_error(file, database.error().text)};
  // FULL: a commit is on disk before it is said to be. The cache is small: a node reads once.
  for (const char* pragma : {"PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL",
                             "PRAGMA cache_size=-256", "PRAGMA wal_autocheckpoint=256"}) {
    if (auto set = database->execute(pragma); !set) {
      return base::Unexpected{store_error(file, set.error().text)};
    }
  }
  if (auto migrated = migrate(*database, node_schema()); !migrated) {
    return base::Unexpected{store_error(file, migrated.error())};
  }
  auto statements = prepare_all(*database);
  if (!statements) return base::Unexpected{store_error(file, statements.error().text)};
  return std::unique_ptr<Store>(new Store(std::make_unique<Writer>(
      file, options, std::move(post), std::move(*database), std::move(*statements))));
}

Store::Store(std::unique_ptr<Writer> writer) : writer_(std::move(writer)) {}
Store::~Store() = default;

base::Result<Stored, StoreError> Store::load() {
  return writer_->load();
}

void Store::persist_epoch(std::uint64_t epoch, Persisted done) {
  CHECK(epoch <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()));
  writer_->submit(PersistEpoch{epoch, std::move(done)});
}
void Store::save_member(const base::NodeId& id, base::Bytes record) {
  writer_->submit(SaveMember{id, std::move(record)});
}
void Store::forget_member(const base::NodeId& id) {
  writer_->submit(ForgetMember{id});
}
void Store::save_descriptor(const base::Digest& digest, base::Bytes descriptor) {
  writer_->submit(SaveDescriptor{digest, std::move(descriptor)});
}
StoreHealth Store::health() const {
  return writer_->health();
}

}  // namespace storage
