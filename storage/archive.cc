#include "storage/archive.h"

#include "base/check.h"
#include "base/match.h"
#include "storage/archive_backlog.h"
#include "storage/archive_tables.h"
#include "storage/database.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <iterator>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <variant>

namespace storage {

namespace {

struct SaveEpoch {
  std::uint64_t number = 0;
  base::Bytes proof;
};
struct Commit {
  std::vector<DecidedBlock> blocks;
  std::vector<DocumentChange> changes;
};
struct Install {
  DecidedBlock block;
  std::vector<Document> state;
  std::optional<Gap> gap;
};
struct SavePiece {
  std::uint32_t number = 0;
  base::Bytes bytes;
};
struct ReadRange {
  std::uint64_t from_height = 0;
  std::size_t blocks_max = 0;
  std::size_t bytes_max = 0;
  Archive::Blocks done;
};
struct ReadNewest {
  std::uint64_t below_height = 0;
  std::size_t blocks_max = 0;
  Archive::Blocks done;
};
struct FindOp {
  base::Digest id;
  Archive::Place done;
};
using Operation =
    std::variant<SaveEpoch, Commit, Install, SavePiece, ReadRange, ReadNewest, FindOp>;

bool is_read(const Operation& operation) {
  return operation.index() >= 4;
}

std::size_t size_of(const DecidedBlock& block) {
  return block.block.size() + block.proof.size() + block.events.size() +
         block.ops.size() * sizeof(base::Digest);
}

// About what it holds; of reads nothing.
std::size_t size_of(const Operation& operation) {
  std::size_t bytes = 0;
  base::match(
      operation, [&](const SaveEpoch& e) { bytes = e.proof.size(); },
      [&](const Commit& e) {
        for (const DecidedBlock& block : e.blocks) bytes += size_of(block);
        for (const auto& [key, document] : e.changes) {
          bytes += key.size() + (document ? document->size() : 0);
        }
      },
      [&](const Install& e) {
        bytes = size_of(e.block);
        for (const auto& [key, document] : e.state) bytes += key.size() + document.size();
      },
      [&](const SavePiece& e) { bytes = e.bytes.size(); }, [](const auto&) {});
  return bytes;
}

void add_to(ArchiveBacklog& backlog, const Operation& operation) {
  if (const auto* commit = std::get_if<Commit>(&operation)) {
    for (const DecidedBlock& block : commit->blocks) backlog.add(block);
  } else if (const auto* install = std::get_if<Install>(&operation)) {
    backlog.add(install->block);
  }
}

FileError file_error(const std::filesystem::path& file, const std::string& why) {
  return {"cannot be used: " + why, file.string(),
          "check that the directory is writable and the disk has room"};
}

}  // namespace

class Archive::Writer {
 public:
  Writer(std::filesystem::path file, Options options, Post post, Committed committed,
         ArchiveTables tables)
      : file_(std::move(file)),
        options_(options),
        post_(std::move(post)),
        committed_(std::move(committed)),
        tables_(std::move(tables)) {}
  ~Writer() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
  }

  base::Result<Archived, FileError> load();
  void submit(Operation operation);
  Health health() const {
    const std::lock_guard lock(mutex_);
    return health_;
  }

 private:
  using Done = ArchiveTables::Done;

  void work();
  // False: stopped before it went through. `reads` came with the writes, and sees them.
  bool write_all(std::deque<Operation>& writes, std::vector<Operation>& reads);
  // Until the disk is tried again reads are answered, and what comes to be written joins the rest.
  // False: stopped.
  bool pause(std::deque<Operation>& writes, std::vector<Operation>& reads);
  Done write(const std::deque<Operation>& writes);
  // `backlog`: what was written before them, as far as the disk does not have it.
  void answer(std::vector<Operation>& reads, const ArchiveBacklog& backlog);
  void read(ReadRange& operation, const ArchiveBacklog& backlog);
  void read(ReadNewest& operation, const ArchiveBacklog& backlog);
  void read(FindOp& operation, const ArchiveBacklog& backlog);
  void note(const Done& done);

  const std::filesystem::path file_;
  const Options options_;
  const Post post_;
  const Committed committed_;
  ArchiveTables tables_;  // the writer's thread's once that runs

  mutable std::mutex mutex_;  // guards queue_, asked_, health_, stopping_
  std::condition_variable changed_;
  std::deque<Operation> queue_;
  bool asked_ = false;  // there is a read in it
  Health health_;
  bool stopping_ = false;
  std::thread thread_;  // started by the first submit(): load() comes before
};

base::Result<Archived, FileError> Archive::Writer::load() {
  CHECK(!thread_.joinable());
  auto archived = tables_.load();
  if (!archived) return base::Unexpected{file_error(file_, archived.error().text)};
  return std::move(*archived);
}

void Archive::Writer::submit(Operation operation) {
  {
    const std::lock_guard lock(mutex_);
    asked_ = asked_ || is_read(operation);
    health_.waiting_bytes += size_of(operation);
    queue_.push_back(std::move(operation));
    if (!thread_.joinable()) thread_ = std::thread([this] { work(); });
  }
  changed_.notify_one();
}

void Archive::Writer::work() {
  for (;;) {
    std::deque<Operation> batch;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) return;
      // Decisions that come one behind the other share a transaction, unless somebody waits.
      changed_.wait_for(lock, options_.gather, [this] { return stopping_ || asked_; });
      asked_ = false;
      batch.swap(queue_);
    }
    // Reads see all that was written before them.
    std::deque<Operation> writes;
    std::vector<Operation> reads;
    for (Operation& operation : batch) {
      if (is_read(operation)) {
        reads.push_back(std::move(operation));
      } else {
        writes.push_back(std::move(operation));
      }
    }
    if (!writes.empty() && !write_all(writes, reads)) return;
    answer(reads, {});
  }
}

bool Archive::Writer::write_all(std::deque<Operation>& writes, std::vector<Operation>& reads) {
  for (;;) {
    const Done done = write(writes);
    note(done);
    if (done) break;
    if (!pause(writes, reads)) return false;
  }
  {
    const std::lock_guard lock(mutex_);
    for (const Operation& operation : writes) health_.waiting_bytes -= size_of(operation);
  }
  const bool decided = std::ranges::any_of(writes, [](const Operation& operation) {
    return std::holds_alternative<Commit>(operation) || std::holds_alternative<Install>(operation);
  });
  if (decided) post_([committed = committed_, height = tables_.height()] { committed(height); });
  return true;
}

Archive::Writer::Done Archive::Writer::write(const std::deque<Operation>& writes) {
  if (auto begun = tables_.begin(); !begun) return begun;
  Done done;
  for (const Operation& operation : writes) {
    done = base::match(
        operation, [&](const SaveEpoch& e) { return tables_.save_epoch(e.number, e.proof); },
        [&](const Commit& e) { return tables_.commit(e.blocks, e.changes); },
        [&](const Install& e) { return tables_.install(e.block, e.state, e.gap); },
        [&](const SavePiece& e) { return tables_.keep_piece(e.number, e.bytes); },
        [](const auto&) { return Done{}; });
    if (!done) break;
  }
  if (done) done = tables_.end();
  if (!done) tables_.roll_back();
  return done;
}

bool Archive::Writer::pause(std::deque<Operation>& writes, std::vector<Operation>& reads) {
  const auto until = std::chrono::steady_clock::now() + options_.retry_after;
  ArchiveBacklog backlog;
  for (const Operation& operation : writes) add_to(backlog, operation);
  do {
    answer(reads, backlog);
    std::unique_lock lock(mutex_);
    changed_.wait_until(lock, until, [this] { return stopping_ || asked_; });
    if (stopping_) return false;
    if (!std::exchange(asked_, false)) return true;
    for (Operation& operation : std::exchange(queue_, {})) {
      if (is_read(operation)) {
        reads.push_back(std::move(operation));
      } else {
        add_to(backlog, writes.emplace_back(std::move(operation)));
      }
    }
  } while (std::chrono::steady_clock::now() < until);
  return true;
}

void Archive::Writer::answer(std::vector<Operation>& reads, const ArchiveBacklog& backlog) {
  for (Operation& operation : std::exchange(reads, {})) {
    base::match(
        operation, [](SaveEpoch&) {}, [](Commit&) {}, [](Install&) {}, [](SavePiece&) {},
        [&](auto& asked) { read(asked, backlog); });
  }
}

void Archive::Writer::read(ReadRange& operation, const ArchiveBacklog& backlog) {
  auto blocks = tables_.range(operation.from_height, operation.blocks_max, operation.bytes_max);
  backlog.extend(blocks, operation.from_height, operation.blocks_max, operation.bytes_max);
  post_([done = std::move(operation.done), blocks = std::move(blocks)]() mutable {
    done(std::move(blocks));
  });
}

void Archive::Writer::read(ReadNewest& operation, const ArchiveBacklog& backlog) {
  auto blocks = backlog.newest(operation.below_height, operation.blocks_max);
  const std::uint64_t below = blocks.empty() ? operation.below_height : blocks.back().height;
  auto older = tables_.newest(below, operation.blocks_max - blocks.size());
  std::ranges::move(older, std::back_inserter(blocks));
  post_([done = std::move(operation.done), blocks = std::move(blocks)]() mutable {
    done(std::move(blocks));
  });
}

void Archive::Writer::read(FindOp& operation, const ArchiveBacklog& backlog) {
  auto place = tables_.find_op(operation.id);
  if (!place) place = backlog.find_op(operation.id);
  post_([done = std::move(operation.done), place = std::move(place)]() mutable {
    done(std::move(place));
  });
}

void Archive::Writer::note(const Done& done) {
  const std::lock_guard lock(mutex_);
  ++health_.writes;
  health_.healthy = done.has_value();
  if (done) return;
  ++health_.failures;
  health_.detail = file_error(file_, done.error().text).text();
}

base::Result<std::unique_ptr<Archive>, FileError> Archive::open(
    const std::filesystem::path& directory, Options options, Post post, Committed committed) {
  const std::filesystem::path file = directory / "decisions.db";
  auto tables = ArchiveTables::open(file);
  if (!tables) return base::Unexpected{file_error(file, tables.error())};
  return std::unique_ptr<Archive>(new Archive(std::make_unique<Writer>(
      file, options, std::move(post), std::move(committed), std::move(*tables))));
}

base::Result<std::optional<base::Bytes>, FileError> Archive::read_document(
    const std::filesystem::path& directory, std::string_view key) {
  using Found = std::optional<base::Bytes>;
  const std::filesystem::path file = directory / "decisions.db";
  std::error_code error;
  if (!std::filesystem::exists(file, error)) return Found();
  const auto failed = [&](const SqlError& why) {
    return base::Unexpected{file_error(file, why.text)};
  };
  auto database = Database::open_to_read(file);
  if (!database) return failed(database.error());
  const auto version = database->query_integer("PRAGMA user_version");
  if (!version) return failed(version.error());
  if (*version == 0) return Found();  // nothing was written yet
  auto statement = database->prepare("SELECT document FROM state WHERE key = ?1");
  if (!statement) return failed(statement.error());
  const auto found = statement->bind(1, base::as_bytes(key)).step();
  if (!found) return failed(found.error());
  if (!*found) return Found();
  return Found(statement->blob(0));
}

Archive::Archive(std::unique_ptr<Writer> writer) : writer_(std::move(writer)) {}
Archive::~Archive() = default;

base::Result<Archived, FileError> Archive::load() {
  return writer_->load();
}
void Archive::save_epoch(std::uint64_t number, base::Bytes proof) {
  writer_->submit(SaveEpoch{number, std::move(proof)});
}
void Archive::commit(std::vector<DecidedBlock> blocks, std::vector<DocumentChange> changes) {
  writer_->submit(Commit{std::move(blocks), std::move(changes)});
}
void Archive::keep_piece(std::uint32_t number, base::Bytes bytes) {
  writer_->submit(SavePiece{number, std::move(bytes)});
}
void Archive::install(DecidedBlock block, std::vector<Document> state, std::optional<Gap> gap) {
  writer_->submit(Install{std::move(block), std::move(state), gap});
}
void Archive::read_range(std::uint64_t from_height, std::size_t blocks_max, std::size_t bytes_max,
                         Blocks done) {
  writer_->submit(ReadRange{from_height, blocks_max, bytes_max, std::move(done)});
}
void Archive::read_newest(std::uint64_t below_height, std::size_t blocks_max, Blocks done) {
  writer_->submit(ReadNewest{below_height, blocks_max, std::move(done)});
}
void Archive::find_op(const base::Digest& id, Place done) {
  writer_->submit(FindOp{id, std::move(done)});
}
Archive::Health Archive::health() const {
  return writer_->health();
}

}  // namespace storage
