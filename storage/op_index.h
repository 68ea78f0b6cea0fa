// Where each op was decided, by its id. Ids are digests: a row for each would go to a page by
// chance, and a thousand ops would write a thousand pages. So each transaction adds one run, sorted
// by id, and eight runs of a size are merged to one of the next, as in a log-structured merge tree
// (O'Neil, Cheng, Gawlick and O'Neil 1996): what is written is written one behind the other.
//
// A run is cut into chunks by the ids' first bytes alone, which spread evenly; so the chunk that
// would hold an id follows from it. Kept of an id are 16 bytes.
#pragma once

#include "base/ids.h"
#include "base/result.h"
#include "storage/database.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace storage {

class OpIndex {
 public:
  struct Place {
    std::uint64_t height = 0;
    std::uint64_t index = 0;  // among the ops of its block, below places_max
    bool operator==(const Place&) const = default;
  };
  static constexpr std::uint64_t places_max = 1024;

  // The database has its tables and outlives it.
  [[nodiscard]] static base::Result<OpIndex, SqlError> open(Database& database);

  // A transaction begins.
  void begin();
  void note(const base::Digest& id, Place place);
  // At its end: what was noted is a run then.
  [[nodiscard]] base::Result<void, SqlError> add();
  // It failed: nothing that was noted in it is here.
  void roll_back();
  [[nodiscard]] std::optional<Place> find(const base::Digest& id);

  [[nodiscard]] std::size_t runs() const { return runs_.size(); }

 private:
  struct Entry {
    std::array<std::byte, 16> id;
    std::uint64_t place = 0;
    bool operator<(const Entry& other) const { return id < other.id; }
  };
  struct Run {
    std::uint64_t number = 0;
    std::uint64_t level = 0;
    std::uint64_t ops = 0;
  };
  using Done = base::Result<void, SqlError>;

  explicit OpIndex(std::vector<Statement> statements) : statements_(std::move(statements)) {}

  [[nodiscard]] Done read_runs();
  [[nodiscard]] Done write(std::uint64_t level, std::vector<Entry> entries);
  [[nodiscard]] Done write_chunk(std::int64_t row, const Entry* first, const Entry* last);
  [[nodiscard]] Done merge(std::uint64_t level);
  [[nodiscard]] Done take(const Run& run, std::vector<Entry>& entries);
  [[nodiscard]] bool merges(std::uint64_t level) const;
  [[nodiscard]] static bool may_grow(const Run& run);

  std::vector<Statement> statements_;
  std::vector<Entry> noted_;
  std::vector<Run> runs_;         // by number, the newest last
  std::vector<Run> runs_before_;  // the transaction
  std::uint64_t next_run_ = 1;    // what is merged is the newest, too
};

}  // namespace storage
