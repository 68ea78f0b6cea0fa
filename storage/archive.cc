#include "storage/archive.h"

#include "base/check.h"
#include "base/match.h"
#include "storage/database.h"
#include "storage/op_index.h"
#include "storage/schema.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <limits>
#include <map>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>
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

std::int64_t number_of(std::uint64_t value) {
  return static_cast<std::int64_t>(
      std::min<std::uint64_t>(value, std::numeric_limits<std::int64_t>::max()));
}

struct Statements {
  Statement save_epoch;
  Statement save_block;
  Statement put_document;
  Statement delete_document;
  Statement clear_state;
  Statement save_piece;
  Statement clear_pieces;
  Statement save_gap;
  Statement range;
  Statement newest;
  Statement find_old_op;  // of archives from before there was an OpIndex
};

base::Result<Statements, SqlError> prepare_all(Database& database) {
  std::optional<SqlError> failed;
  const auto prepare = [&](const char* sql) -> std::optional<Statement> {
    auto prepared = database.prepare(sql);
    if (prepared) return std::move(*prepared);
    failed = prepared.error();
    return std::nullopt;
  };
  auto save_epoch = prepare("INSERT OR REPLACE INTO epochs (number, proof) VALUES (?1, ?2)");
  auto save_block = prepare(
      "INSERT OR REPLACE INTO decisions (height, epoch, block, proof, events)"
      " VALUES (?1, ?2, ?3, ?4, ?5)");
  auto put = prepare("INSERT OR REPLACE INTO state (key, document) VALUES (?1, ?2)");
  auto remove = prepare("DELETE FROM state WHERE key = ?1");
  auto clear = prepare("DELETE FROM state");
  auto save_piece = prepare("INSERT OR REPLACE INTO pieces (number, bytes) VALUES (?1, ?2)");
  auto clear_pieces = prepare("DELETE FROM pieces");
  auto save_gap = prepare("INSERT OR REPLACE INTO gaps (first, last) VALUES (?1, ?2)");
  auto range = prepare(
      "SELECT height, epoch, block, proof, events FROM decisions WHERE height >= ?1"
      " ORDER BY height");
  auto newest = prepare(
      "SELECT height, epoch, block, proof, events FROM decisions WHERE height < ?1"
      " ORDER BY height DESC LIMIT ?2");
  auto find_old_op = prepare("SELECT height, place FROM ops WHERE id = ?1");
  if (failed) return base::Unexpected{*failed};
  return Statements{std::move(*save_epoch),   std::move(*save_block), std::move(*put),
                    std::move(*remove),       std::move(*clear),      std::move(*save_piece),
                    std::move(*clear_pieces), std::move(*save_gap),   std::move(*range),
                    std::move(*newest),       std::move(*find_old_op)};
}

FileError file_error(const std::filesystem::path& file, const std::string& why) {
  return {"cannot be used: " + why, file.string(),
          "check that the directory is writable and the disk has room"};
}

DecidedBlock row_of(const Statement& row) {
  return {.height = static_cast<std::uint64_t>(row.integer(0)),
          .epoch = static_cast<std::uint64_t>(row.integer(1)),
          .block = row.blob(2),
          .proof = row.blob(3),
          .ops = {},
          .events = row.blob(4)};
}

}  // namespace

class Archive::Writer {
 public:
  Writer(std::filesystem::path file, Options options, Post post, Committed committed,
         Database database, Statements statements, OpIndex index)
      : file_(std::move(file)),
        options_(options),
        post_(std::move(post)),
        committed_(std::move(committed)),
        database_(std::move(database)),
        statements_(std::move(statements)),
        index_(std::move(index)) {}
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
    Health health = health_;
    health.waiting = queue_.size();
    return health;
  }

 private:
  using Done = base::Result<void, SqlError>;

  void work();
  // False: stopped before it went through.
  bool write_all(const std::vector<Operation>& writes);
  Done write(const std::vector<Operation>& writes);
  Done write(const SaveEpoch& operation);
  Done write(const Commit& operation);
  Done write(const Install& operation);
  Done write(const SavePiece& operation);
  Done write(const DecidedBlock& block);
  Done write_changes();
  std::vector<DecidedBlock> range(std::uint64_t from_height, std::size_t blocks_max,
                                  std::size_t bytes_max);
  std::optional<OpIndex::Place> find_old(const base::Digest& id);
  void read(ReadRange& operation);
  void read(ReadNewest& operation);
  void read(FindOp& operation);
  void note(const Done& done);

  const std::filesystem::path file_;
  const Options options_;
  const Post post_;
  const Committed committed_;
  Database database_;  // used by the writer's thread once that runs
  Statements statements_;
  OpIndex index_;
  std::uint64_t height_ = 0;  // the newest that is written
  // Of this transaction, not written yet: of each document its last change, which its operation
  // owns. Most blocks change the same few.
  std::map<std::string_view, const DocumentChange*> changes_;

  mutable std::mutex mutex_;  // guards queue_, health_, stopping_
  std::condition_variable changed_;
  std::deque<Operation> queue_;
  bool asked_ = false;  // there is a read in it
  Health health_;
  bool stopping_ = false;
  std::thread thread_;  // started by the first submit(): load() comes before
};

base::Result<Archived, FileError> Archive::Writer::load() {
  CHECK(!thread_.joinable());
  Archived archived;
  const auto rows = [&](const char* sql, const auto& take) -> Done {
    auto statement = database_.prepare(sql);
    if (!statement) return base::Unexpected{statement.error()};
    for (;;) {
      const auto row = statement->step();
      if (!row) return base::Unexpected{row.error()};
      if (!*row) return {};
      take(*statement);
    }
  };
  auto done = rows("SELECT proof FROM epochs ORDER BY number",
                   [&](const Statement& row) { archived.epochs.push_back(row.blob(0)); });
  if (done) {
    done = rows(
        "SELECT height, epoch, block, proof, events FROM decisions ORDER BY height DESC LIMIT 1",
        [&](const Statement& row) { archived.newest = row_of(row); });
  }
  if (done) {
    done = rows("SELECT key, document FROM state ORDER BY key", [&](const Statement& row) {
      archived.state.emplace_back(std::string(base::as_text(row.blob(0))), row.blob(1));
    });
  }
  if (done) {
    done = rows("SELECT number, bytes FROM pieces ORDER BY number", [&](const Statement& row) {
      archived.pieces.emplace_back(static_cast<std::uint32_t>(row.integer(0)), row.blob(1));
    });
  }
  if (done) {
    done = rows("SELECT first, last FROM gaps ORDER BY first", [&](const Statement& row) {
      archived.gaps.push_back(
          {static_cast<std::uint64_t>(row.integer(0)), static_cast<std::uint64_t>(row.integer(1))});
    });
  }
  if (!done) return base::Unexpected{file_error(file_, done.error().text)};
  return archived;
}

void Archive::Writer::submit(Operation operation) {
  {
    const std::lock_guard lock(mutex_);
    asked_ = asked_ || is_read(operation);
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
    std::vector<Operation> writes;
    std::vector<Operation> reads;
    for (Operation& operation : batch) {
      (is_read(operation) ? reads : writes).push_back(std::move(operation));
    }
    if (!writes.empty() && !write_all(writes)) return;
    for (Operation& operation : reads) {
      base::match(
          operation, [](SaveEpoch&) {}, [](Commit&) {}, [](Install&) {}, [](SavePiece&) {},
          [&](auto& read_operation) { read(read_operation); });
    }
  }
}

bool Archive::Writer::write_all(const std::vector<Operation>& writes) {
  for (;;) {
    const Done done = write(writes);
    note(done);
    if (done) break;
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, options_.retry_after, [this] { return stopping_; });
    if (stopping_) return false;
  }
  const bool decided = std::ranges::any_of(writes, [](const Operation& operation) {
    return std::holds_alternative<Commit>(operation) || std::holds_alternative<Install>(operation);
  });
  if (decided) post_([committed = committed_, height = height_] { committed(height); });
  return true;
}

Archive::Writer::Done Archive::Writer::write(const std::vector<Operation>& writes) {
  if (auto begun = database_.execute("BEGIN IMMEDIATE"); !begun) return begun;
  const std::uint64_t before = height_;
  index_.begin();
  changes_.clear();
  Done done;
  for (const Operation& operation : writes) {
    done = base::match(
        operation, [](const ReadRange&) { return Done{}; },
        [](const ReadNewest&) { return Done{}; }, [](const FindOp&) { return Done{}; },
        [&](const auto& write_operation) { return write(write_operation); });
    if (!done) break;
  }
  if (done) done = write_changes();
  if (done) done = index_.add();
  if (done) done = database_.execute("COMMIT");
  if (!done) {
    height_ = before;
    index_.roll_back();
    static_cast<void>(database_.execute("ROLLBACK"));
  }
  return done;
}

Archive::Writer::Done Archive::Writer::write(const SaveEpoch& operation) {
  const auto step =
      statements_.save_epoch.bind(1, number_of(operation.number)).bind(2, operation.proof).step();
  if (!step) return base::Unexpected{step.error()};
  return {};
}

Archive::Writer::Done Archive::Writer::write(const DecidedBlock& block) {
  auto step = statements_.save_block.bind(1, number_of(block.height))
                  .bind(2, number_of(block.epoch))
                  .bind(3, block.block)
                  .bind(4, block.proof)
                  .bind(5, block.events)
                  .step();
  if (!step) return base::Unexpected{step.error()};
  for (std::size_t i = 0; i < block.ops.size(); ++i) {
    index_.note(block.ops[i], {.height = block.height, .index = i});
  }
  height_ = block.height;
  return {};
}

Archive::Writer::Done Archive::Writer::write(const Commit& operation) {
  for (const DecidedBlock& block : operation.blocks) {
    if (auto written = write(block); !written) return written;
  }
  for (const DocumentChange& change : operation.changes) changes_[change.first] = &change;
  return {};
}

Archive::Writer::Done Archive::Writer::write_changes() {
  for (const auto& [key, change] : changes_) {
    const base::ByteView name = base::as_bytes(key);
    const std::optional<base::Bytes>& document = change->second;
    const auto step = document ? statements_.put_document.bind(1, name).bind(2, *document).step()
                               : statements_.delete_document.bind(1, name).step();
    if (!step) return base::Unexpected{step.error()};
  }
  changes_.clear();
  return {};
}

Archive::Writer::Done Archive::Writer::write(const SavePiece& operation) {
  const auto step =
      statements_.save_piece.bind(1, number_of(operation.number)).bind(2, operation.bytes).step();
  if (!step) return base::Unexpected{step.error()};
  return {};
}

Archive::Writer::Done Archive::Writer::write(const Install& operation) {
  changes_.clear();  // of a state that is replaced
  for (Statement* clear : {&statements_.clear_state, &statements_.clear_pieces}) {
    if (const auto cleared = clear->step(); !cleared) return base::Unexpected{cleared.error()};
  }
  for (const auto& [key, document] : operation.state) {
    const auto step =
        statements_.put_document.bind(1, base::as_bytes(key)).bind(2, document).step();
    if (!step) return base::Unexpected{step.error()};
  }
  if (operation.gap) {
    const auto step = statements_.save_gap.bind(1, number_of(operation.gap->first))
                          .bind(2, number_of(operation.gap->last))
                          .step();
    if (!step) return base::Unexpected{step.error()};
  }
  return write(operation.block);
}

// A failed read finds nothing: whoever asks asks somebody else.
std::vector<DecidedBlock> Archive::Writer::range(std::uint64_t from_height, std::size_t blocks_max,
                                                 std::size_t bytes_max) {
  std::vector<DecidedBlock> blocks;
  std::size_t bytes = 0;
  std::size_t proven = 0;  // of them, up to the last one with a proof
  statements_.range.bind(1, number_of(from_height));
  for (std::uint64_t expected = from_height;; ++expected) {
    const auto row = statements_.range.step();
    if (!row || !*row) break;
    DecidedBlock block = row_of(statements_.range);
    if (block.height != expected) break;
    bytes += block.block.size() + block.proof.size();
    const bool full = blocks.size() >= blocks_max || bytes > bytes_max;
    if (full && proven > 0) break;
    blocks.push_back(std::move(block));
    if (!blocks.back().proof.empty()) proven = blocks.size();
  }
  statements_.range.reset();
  blocks.resize(proven);
  return blocks;
}

void Archive::Writer::read(ReadRange& operation) {
  auto blocks = range(operation.from_height, operation.blocks_max, operation.bytes_max);
  post_([done = std::move(operation.done), blocks = std::move(blocks)]() mutable {
    done(std::move(blocks));
  });
}

void Archive::Writer::read(ReadNewest& operation) {
  std::vector<DecidedBlock> blocks;
  statements_.newest.bind(1, number_of(operation.below_height))
      .bind(2, number_of(operation.blocks_max));
  for (;;) {
    const auto row = statements_.newest.step();
    if (!row || !*row) break;
    blocks.push_back(row_of(statements_.newest));
  }
  post_([done = std::move(operation.done), blocks = std::move(blocks)]() mutable {
    done(std::move(blocks));
  });
}

std::optional<OpIndex::Place> Archive::Writer::find_old(const base::Digest& id) {
  Statement& row = statements_.find_old_op.bind(1, id.view());
  const auto there = row.step();
  if (!there || !*there) return std::nullopt;
  const OpIndex::Place place{.height = static_cast<std::uint64_t>(row.integer(0)),
                             .index = static_cast<std::uint64_t>(row.integer(1))};
  row.reset();
  return place;
}

void Archive::Writer::read(FindOp& operation) {
  std::optional<OpPlace> place;
  auto found = index_.find(operation.id);
  if (!found) found = find_old(operation.id);
  if (found) {
    place = OpPlace{.blocks = range(found->height, 1, 0), .index = found->index};
    if (place->blocks.empty()) place.reset();
  }
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
  auto database = Database::open(file);
  if (!database) return base::Unexpected{file_error(file, database.error().text)};
  // NORMAL would be enough for what peers can give back; FULL is what committed() promises.
  for (const char* pragma : {"PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL",
                             "PRAGMA cache_size=-1024", "PRAGMA wal_autocheckpoint=1000"}) {
    if (auto set = database->execute(pragma); !set) {
      return base::Unexpected{file_error(file, set.error().text)};
    }
  }
  if (auto migrated = migrate(*database, archive_schema()); !migrated) {
    return base::Unexpected{file_error(file, migrated.error())};
  }
  auto statements = prepare_all(*database);
  if (!statements) return base::Unexpected{file_error(file, statements.error().text)};
  auto index = OpIndex::open(*database);
  if (!index) return base::Unexpected{file_error(file, index.error().text)};
  return std::unique_ptr<Archive>(new Archive(
      std::make_unique<Writer>(file, options, std::move(post), std::move(committed),
                               std::move(*database), std::move(*statements), std::move(*index))));
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
