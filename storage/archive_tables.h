// The tables of decisions.db, of one thread. Whoever writes begins a transaction and ends it; a
// write that failed is undone with it. A read that fails finds nothing.
#pragma once

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "storage/archived.h"
#include "storage/database.h"
#include "storage/op_index.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace storage {

class ArchiveTables {
 public:
  using Done = base::Result<void, SqlError>;

  // Opens or makes the file; the error says why that cannot be.
  [[nodiscard]] static base::Result<ArchiveTables, std::string> open(
      const std::filesystem::path& file);

  // Everything that is there, outside of a transaction.
  [[nodiscard]] base::Result<Archived, SqlError> load();

  // ---- one transaction ----
  // What is written stays where it is until the end.
  [[nodiscard]] Done begin();
  [[nodiscard]] Done save_epoch(std::uint64_t number, base::ByteView proof);
  [[nodiscard]] Done commit(const std::vector<DecidedBlock>& blocks,
                            const std::vector<DocumentChange>& changes);
  [[nodiscard]] Done install(const DecidedBlock& block, const std::vector<Document>& state,
                             const std::optional<Gap>& gap);
  [[nodiscard]] Done keep_piece(std::uint32_t number, base::ByteView bytes);
  [[nodiscard]] Done end();
  void roll_back();

  // Of the newest block that was written by this one; 0: none.
  [[nodiscard]] std::uint64_t height() const { return height_; }

  // As Archive::read_range() and its like.
  [[nodiscard]] std::vector<DecidedBlock> range(std::uint64_t from_height, std::size_t blocks_max,
                                                std::size_t bytes_max);
  [[nodiscard]] std::vector<DecidedBlock> newest(std::uint64_t below_height,
                                                 std::size_t blocks_max);
  [[nodiscard]] std::optional<OpPlace> find_op(const base::Digest& id);

 private:
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

  ArchiveTables(Database database, Statements statements, OpIndex index)
      : database_(std::move(database)),
        statements_(std::move(statements)),
        index_(std::move(index)) {}

  [[nodiscard]] static base::Result<Statements, SqlError> prepare_all(Database& database);
  [[nodiscard]] Done save(const DecidedBlock& block);
  [[nodiscard]] Done write_changes();
  [[nodiscard]] std::optional<OpIndex::Place> find_old(const base::Digest& id);

  Database database_;
  Statements statements_;
  OpIndex index_;
  std::uint64_t height_ = 0;
  std::uint64_t height_before_ = 0;  // the transaction
  // Of this transaction, not written yet: of each document its last change, which the caller owns.
  // Most blocks change the same few.
  std::map<std::string_view, const DocumentChange*> changes_;
};

}  // namespace storage
