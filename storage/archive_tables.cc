#include "storage/archive_tables.h"

#include "storage/schema.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace storage {

namespace {

std::int64_t number_of(std::uint64_t value) {
  return static_cast<std::int64_t>(
      std::min<std::uint64_t>(value, std::numeric_limits<std::int64_t>::max()));
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

base::Result<ArchiveTables, std::string> ArchiveTables::open(const std::filesystem::path& file) {
  auto database = Database::open(file);
  if (!database) return base::Unexpected{database.error().text};
  // NORMAL would be enough for what peers can give back; FULL is what committed() promises.
  for (const char* pragma : {"PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL",
                             "PRAGMA cache_size=-1024", "PRAGMA wal_autocheckpoint=1000"}) {
    if (auto set = database->execute(pragma); !set) return base::Unexpected{set.error().text};
  }
  if (auto migrated = migrate(*database, archive_schema()); !migrated) {
    return base::Unexpected{migrated.error()};
  }
  auto statements = prepare_all(*database);
  if (!statements) return base::Unexpected{statements.error().text};
  auto index = OpIndex::open(*database);
  if (!index) return base::Unexpected{index.error().text};
  return ArchiveTables(std::move(*database), std::move(*statements), std::move(*index));
}

base::Result<ArchiveTables::Statements, SqlError> ArchiveTables::prepare_all(Database& database) {
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

base::Result<Archived, SqlError> ArchiveTables::load() {
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
  if (!done) return base::Unexpected{done.error()};
  return archived;
}

ArchiveTables::Done ArchiveTables::begin() {
  if (auto begun = database_.execute("BEGIN IMMEDIATE"); !begun) return begun;
  height_before_ = height_;
  index_.begin();
  changes_.clear();
  return {};
}

ArchiveTables::Done ArchiveTables::end() {
  if (auto written = write_changes(); !written) return written;
  if (auto added = index_.add(); !added) return added;
  return database_.execute("COMMIT");
}

void ArchiveTables::roll_back() {
  height_ = height_before_;
  index_.roll_back();
  static_cast<void>(database_.execute("ROLLBACK"));
}

ArchiveTables::Done ArchiveTables::save_epoch(std::uint64_t number, base::ByteView proof) {
  const auto step = statements_.save_epoch.bind(1, number_of(number)).bind(2, proof).step();
  if (!step) return base::Unexpected{step.error()};
  return {};
}

ArchiveTables::Done ArchiveTables::save(const DecidedBlock& block) {
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

ArchiveTables::Done ArchiveTables::commit(const std::vector<DecidedBlock>& blocks,
                                          const std::vector<DocumentChange>& changes) {
  for (const DecidedBlock& block : blocks) {
    if (auto saved = save(block); !saved) return saved;
  }
  for (const DocumentChange& change : changes) changes_[change.first] = &change;
  return {};
}

ArchiveTables::Done ArchiveTables::write_changes() {
  for (const auto& [key, change] : changes_) {
    const std::optional<base::Bytes>& document = change->second;
    const base::ByteView name = base::as_bytes(key);
    const auto step = document ? statements_.put_document.bind(1, name).bind(2, *document).step()
                               : statements_.delete_document.bind(1, name).step();
    if (!step) return base::Unexpected{step.error()};
  }
  changes_.clear();
  return {};
}

ArchiveTables::Done ArchiveTables::keep_piece(std::uint32_t number, base::ByteView bytes) {
  const auto step = statements_.save_piece.bind(1, number_of(number)).bind(2, bytes).step();
  if (!step) return base::Unexpected{step.error()};
  return {};
}

ArchiveTables::Done ArchiveTables::install(const DecidedBlock& block,
                                           const std::vector<Document>& state,
                                           const std::optional<Gap>& gap) {
  changes_.clear();  // of a state that is replaced
  for (Statement* clear : {&statements_.clear_state, &statements_.clear_pieces}) {
    if (const auto cleared = clear->step(); !cleared) return base::Unexpected{cleared.error()};
  }
  for (const auto& [key, document] : state) {
    const auto step =
        statements_.put_document.bind(1, base::as_bytes(key)).bind(2, document).step();
    if (!step) return base::Unexpected{step.error()};
  }
  if (gap) {
    const auto step =
        statements_.save_gap.bind(1, number_of(gap->first)).bind(2, number_of(gap->last)).step();
    if (!step) return base::Unexpected{step.error()};
  }
  return save(block);
}

std::vector<DecidedBlock> ArchiveTables::range(std::uint64_t from_height, std::size_t blocks_max,
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

std::vector<DecidedBlock> ArchiveTables::newest(std::uint64_t below_height,
                                                std::size_t blocks_max) {
  std::vector<DecidedBlock> blocks;
  statements_.newest.bind(1, number_of(below_height)).bind(2, number_of(blocks_max));
  for (;;) {
    const auto row = statements_.newest.step();
    if (!row || !*row) return blocks;
    blocks.push_back(row_of(statements_.newest));
  }
}

std::optional<OpIndex::Place> ArchiveTables::find_old(const base::Digest& id) {
  Statement& row = statements_.find_old_op.bind(1, id.view());
  const auto there = row.step();
  if (!there || !*there) return std::nullopt;
  const OpIndex::Place place{.height = static_cast<std::uint64_t>(row.integer(0)),
                             .index = static_cast<std::uint64_t>(row.integer(1))};
  row.reset();
  return place;
}

std::optional<OpPlace> ArchiveTables::find_op(const base::Digest& id) {
  auto found = index_.find(id);
  if (!found) found = find_old(id);
  if (!found) return std::nullopt;
  OpPlace place{.blocks = range(found->height, 1, 0), .index = found->index};
  if (place.blocks.empty()) return std::nullopt;
  return place;
}

}  // namespace storage
