#include "storage/store.h"

#include "base/check.h"
#include "base/match.h"
#include "storage/database.h"
#include "storage/schema.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <iterator>
#include <limits>
#include <mutex>
#include <optional>
#include <set>
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
struct SaveCall {
  DeferredCall call;
  Store::Persisted done;
};
struct SaveAnswer {
  std::string id;
  DeferredAnswer answer;
};
struct ForgetCall {
  std::string id;
};
struct LoadCall {
  std::string id;
  Store::CallLoaded loaded;
};
struct LoadAnswer {
  std::string id;
  Store::AnswerLoaded loaded;
};
using Operation = std::variant<PersistEpoch, SaveMember, ForgetMember, SaveDescriptor, SaveCall,
                               SaveAnswer, ForgetCall, LoadCall, LoadAnswer>;

bool is_reading(const Operation& operation) {
  return std::holds_alternative<LoadCall>(operation) ||
         std::holds_alternative<LoadAnswer>(operation);
}

// What somebody waits for, or what a later run of this node would act on wrongly.
bool may_be_dropped(const Operation& operation) {
  return std::holds_alternative<SaveMember>(operation) ||
         std::holds_alternative<ForgetMember>(operation) ||
         std::holds_alternative<SaveDescriptor>(operation);
}

// Somebody was told of a call that it is not kept; all else is still true when the disk is back.
bool is_tried_again(const Operation& operation) {
  return !is_reading(operation) && !std::holds_alternative<SaveCall>(operation);
}

// Which operations stand for the same row, so that the last of them is all that matters.
std::pair<char, std::string> row_of(const Operation& operation) {
  const auto text = [](const auto& id) { return std::string(base::as_text(id.view())); };
  return base::match(
      operation, [](const PersistEpoch&) { return std::pair('e', std::string()); },
      [&](const SaveMember& o) { return std::pair('m', text(o.id)); },
      [&](const ForgetMember& o) { return std::pair('m', text(o.id)); },
      [&](const SaveDescriptor& o) { return std::pair('d', text(o.digest)); },
      [](const SaveCall& o) { return std::pair('c', o.call.id); },
      [](const SaveAnswer& o) { return std::pair('c', o.id); },
      [](const ForgetCall& o) { return std::pair('c', o.id); },
      [](const LoadCall& o) { return std::pair('l', o.id); },
      [](const LoadAnswer& o) { return std::pair('a', o.id); });
}

// Of what the disk did not take, what is tried again: of each row the last.
std::deque<Operation> rest_of(std::deque<Operation> batch) {
  std::deque<Operation> rest;
  std::set<std::pair<char, std::string>> rows;
  for (auto operation = batch.rbegin(); operation != batch.rend(); ++operation) {
    if (!is_tried_again(*operation) || !rows.insert(row_of(*operation)).second) continue;
    rest.push_front(std::move(*operation));
  }
  return rest;
}

struct Statements {
  Statement epoch;
  Statement save_member;
  Statement forget_member;
  Statement save_descriptor;
  Statement trim_descriptors;
  DeferredCalls deferred;
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
  auto deferred = DeferredCalls::prepare(database);
  if (!deferred) return base::Unexpected{deferred.error()};
  return Statements{std::move(*epoch),           std::move(*save_member), std::move(*forget_member),
                    std::move(*save_descriptor), std::move(*trim),        std::move(*deferred)};
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
    health.queued = queue_.size() + again_size_;
    return health;
  }

 private:
  void work();
  void finish(Operation& operation, bool stored);
  void note_failure(const SqlError& error);
  base::Result<void, SqlError> write(std::deque<Operation>& batch);
  base::Result<bool, SqlError> write_one(const Operation& operation);

  const std::filesystem::path file_;
  const Options options_;
  const Post post_;
  Database database_;  // used by the writer's thread once that runs
  Statements statements_;

  std::uint64_t epoch_ = 0;  // the last that was to be written; used by the writer's thread

  mutable std::mutex mutex_;  // guards all that follows
  std::condition_variable changed_;
  std::deque<Operation> queue_;
  std::size_t again_size_ = 0;  // operations that the writer holds to try them again
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
  if (*epoch == std::numeric_limits<std::uint32_t>::max()) {
    return base::Unexpected{store_error(
        file_, "this node's epochs are used up: it needs a new identity, so an empty folder")};
  }
  stored.epoch = static_cast<std::uint64_t>(*epoch);
  const auto read = [&](const char* sql, std::size_t bytes_max,
                        std::vector<base::Bytes>& out) -> base::Result<void, SqlError> {
    std::size_t bytes = 0;
    auto rows = database_.prepare(sql);
    if (!rows) return base::Unexpected{rows.error()};
    for (;;) {
      const auto row = rows->step();
      if (!row) return base::Unexpected{row.error()};
      if (!*row) return {};
      base::Bytes blob = rows->blob(0);
      bytes += blob.size();
      if (bytes > bytes_max) return {};
      out.push_back(std::move(blob));
    }
  };
  constexpr std::size_t any = std::numeric_limits<std::size_t>::max();
  auto members = read("SELECT record FROM members ORDER BY id", any, stored.members);
  if (!members) return base::Unexpected{store_error(file_, members.error().text)};
  auto descriptors = read("SELECT descriptor FROM descriptors ORDER BY number DESC",
                          options_.descriptors_bytes_max, stored.descriptors);
  if (!descriptors) return base::Unexpected{store_error(file_, descriptors.error().text)};
  auto deferred = statements_.deferred.all();
  if (!deferred) return base::Unexpected{store_error(file_, deferred.error().text)};
  stored.deferred = std::move(*deferred);
  std::reverse(stored.descriptors.begin(), stored.descriptors.end());  // the oldest first
  return stored;
}

void Store::Writer::submit(Operation operation) {
  {
    const std::lock_guard lock(mutex_);
    if (may_be_dropped(operation) && queue_.size() + again_size_ >= options_.queued_max) {
      ++health_.failures;
      return;
    }
    queue_.push_back(std::move(operation));
    if (!thread_.joinable()) thread_ = std::thread([this] { work(); });
  }
  changed_.notify_one();
}

void Store::Writer::work() {
  std::deque<Operation> again;  // what the disk did not take
  for (;;) {
    std::deque<Operation> batch;
    {
      std::unique_lock lock(mutex_);
      const auto wanted = [this] { return stopping_ || !queue_.empty(); };
      if (again.empty()) {
        changed_.wait(lock, wanted);
      } else {
        changed_.wait_for(lock, options_.retry_gap, wanted);
      }
      if (queue_.empty() && (again.empty() || stopping_)) return;
      batch.swap(queue_);
    }
    batch.insert(batch.begin(), std::make_move_iterator(again.begin()),
                 std::make_move_iterator(again.end()));
    again.clear();
    const auto written = write(batch);
    if (!written) note_failure(written.error());
    for (Operation& operation : batch) finish(operation, written.has_value());
    if (!written) {
      again = rest_of(std::move(batch));
      // There is always something to try, so that health comes back with the disk.
      if (again.empty() && epoch_ != 0) again.emplace_back(PersistEpoch{epoch_, nullptr});
    }
    const std::lock_guard lock(mutex_);
    again_size_ = again.size();
  }
}

void Store::Writer::note_failure(const SqlError& error) {
  const std::lock_guard lock(mutex_);
  ++health_.failures;
  health_.healthy = false;
  health_.detail = store_error(file_, error.text).text;
}

// Tells who waits for it.
void Store::Writer::finish(Operation& operation, bool stored) {
  if (auto* epoch = std::get_if<PersistEpoch>(&operation)) {
    epoch_ = epoch->epoch;
    if (epoch->done) {
      post_([done = std::exchange(epoch->done, nullptr), stored] { done(stored); });
    }
  }
  if (auto* call = std::get_if<SaveCall>(&operation); call != nullptr && call->done) {
    post_([done = std::move(call->done), stored] { done(stored); });
  }
  if (auto* load = std::get_if<LoadCall>(&operation)) {
    auto call = statements_.deferred.load(load->id);
    if (!call) note_failure(call.error());
    post_([loaded = std::move(load->loaded), read = call.has_value(),
           found = call ? std::move(*call) : std::nullopt] { loaded(read, found); });
  }
  if (auto* load = std::get_if<LoadAnswer>(&operation)) {
    auto answer = statements_.deferred.load_answer(load->id);
    if (!answer) note_failure(answer.error());
    post_([loaded = std::move(load->loaded), found = answer ? std::move(*answer) : std::nullopt] {
      loaded(found);
    });
  }
}

base::Result<void, SqlError> Store::Writer::write(std::deque<Operation>& batch) {
  if (std::ranges::all_of(batch, is_reading)) return {};
  if (auto begun = database_.execute("BEGIN IMMEDIATE"); !begun) return begun;
  for (const Operation& operation : batch) {
    if (auto written = write_one(operation); !written) {
      static_cast<void>(database_.execute("ROLLBACK"));
      return base::Unexpected{written.error()};
    }
  }
  auto committed = database_.execute("COMMIT");
  if (!committed) {
    static_cast<void>(database_.execute("ROLLBACK"));
    return committed;
  }
  const std::lock_guard lock(mutex_);
  ++health_.writes;
  health_.healthy = true;
  return {};
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
      },
      [&](const SaveCall& o) { return statements_.deferred.save(o.call); },
      [&](const SaveAnswer& o) { return statements_.deferred.save_answer(o.id, o.answer); },
      [&](const ForgetCall& o) { return statements_.deferred.forget(o.id); },
      [](const LoadCall&) -> base::Result<bool, SqlError> { return false; },
      [](const LoadAnswer&) -> base::Result<bool, SqlError> { return false; });
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
void Store::save_call(DeferredCall call, Persisted done) {
  writer_->submit(SaveCall{std::move(call), std::move(done)});
}
void Store::save_answer(std::string id, DeferredAnswer answer) {
  writer_->submit(SaveAnswer{std::move(id), std::move(answer)});
}
void Store::forget_call(std::string id) {
  writer_->submit(ForgetCall{std::move(id)});
}
void Store::load_call(std::string id, CallLoaded loaded) {
  writer_->submit(LoadCall{std::move(id), std::move(loaded)});
}
void Store::load_answer(std::string id, AnswerLoaded loaded) {
  writer_->submit(LoadAnswer{std::move(id), std::move(loaded)});
}
StoreHealth Store::health() const {
  return writer_->health();
}

}  // namespace storage
