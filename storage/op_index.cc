#include "storage/op_index.h"

#include "base/check.h"

#include <algorithm>
#include <iterator>
#include <span>
#include <utility>

namespace storage {

namespace {

constexpr std::size_t id_size = 16;
constexpr std::size_t entry_size = id_size + 8;
constexpr std::uint64_t chunk_ops = 128;           // about; so that a chunk fits into a page
constexpr std::size_t fan_in = 8;                  // runs that become one
constexpr std::uint64_t run_ops_max = 256 * 1024;  // merged in one transaction
constexpr int chunk_bits = 20;                     // of a row's number, below the run's

enum : std::size_t {
  list_runs,
  save_run,
  drop_run,
  save_chunk,
  drop_chunks,
  all_chunks,
  one_chunk
};
constexpr std::array statements{
    "SELECT run, level, ops FROM op_runs ORDER BY run",
    "INSERT INTO op_runs (run, level, ops) VALUES (?1, ?2, ?3)",
    "DELETE FROM op_runs WHERE run = ?1",
    "INSERT INTO op_chunks (number, entries) VALUES (?1, ?2)",
    "DELETE FROM op_chunks WHERE number >= ?1 AND number < ?2",
    "SELECT entries FROM op_chunks WHERE number >= ?1 AND number < ?2 ORDER BY number",
    "SELECT entries FROM op_chunks WHERE number = ?1",
};

std::uint64_t chunks_of(std::uint64_t ops) {
  return std::clamp<std::uint64_t>(ops / chunk_ops, 1, std::uint64_t{1} << chunk_bits);
}
// Evenly, and in the order of the ids.
std::uint64_t chunk_of(std::span<const std::byte, id_size> id, std::uint64_t chunks) {
  std::uint64_t head = 0;
  for (std::size_t i = 0; i < 4; ++i) head = head << 8 | std::to_integer<std::uint64_t>(id[i]);
  return head * chunks >> 32;
}
std::int64_t row_of(std::uint64_t run, std::uint64_t chunk) {
  return static_cast<std::int64_t>((run << chunk_bits) + chunk);
}
std::uint64_t place_at(base::ByteView entry) {
  std::uint64_t place = 0;
  for (const std::byte byte : entry.subspan(id_size, 8)) {
    place = place << 8 | std::to_integer<std::uint64_t>(byte);
  }
  return place;
}
base::Result<void, SqlError> done(const base::Result<bool, SqlError>& step) {
  if (!step) return base::Unexpected{step.error()};
  return {};
}

}  // namespace

base::Result<OpIndex, SqlError> OpIndex::open(Database& database) {
  std::vector<Statement> prepared;
  for (const char* sql : statements) {
    auto statement = database.prepare(sql);
    if (!statement) return base::Unexpected{statement.error()};
    prepared.push_back(std::move(*statement));
  }
  OpIndex index(std::move(prepared));
  if (auto read = index.read_runs(); !read) return base::Unexpected{read.error()};
  return index;
}

OpIndex::Done OpIndex::read_runs() {
  Statement& row = statements_[list_runs];
  for (;;) {
    const auto more = row.step();
    if (!more) return done(more);
    if (!*more) break;
    runs_.push_back({.number = static_cast<std::uint64_t>(row.integer(0)),
                     .level = static_cast<std::uint64_t>(row.integer(1)),
                     .ops = static_cast<std::uint64_t>(row.integer(2))});
  }
  if (!runs_.empty()) next_run_ = runs_.back().number + 1;
  return {};
}

void OpIndex::begin() {
  noted_.clear();
  runs_before_ = runs_;
}

void OpIndex::note(const base::Digest& id, Place place) {
  CHECK(place.index < places_max);
  Entry entry{.id = {}, .place = place.height * places_max + place.index};
  std::copy_n(id.bytes.begin(), id_size, entry.id.begin());
  noted_.push_back(entry);
}

void OpIndex::roll_back() {
  noted_.clear();
  runs_ = runs_before_;
}

OpIndex::Done OpIndex::add() {
  if (noted_.empty()) return {};
  Done written = write(0, std::exchange(noted_, {}));
  for (std::uint64_t level = 0; written && merges(level); ++level) written = merge(level);
  return written;
}

OpIndex::Done OpIndex::write(std::uint64_t level, std::vector<Entry> entries) {
  std::stable_sort(entries.begin(), entries.end());
  const Run run{.number = next_run_++, .level = level, .ops = entries.size()};
  runs_.push_back(run);
  const auto saved = statements_[save_run]
                         .bind(1, static_cast<std::int64_t>(run.number))
                         .bind(2, static_cast<std::int64_t>(run.level))
                         .bind(3, static_cast<std::int64_t>(run.ops))
                         .step();
  Done written = done(saved);
  const std::uint64_t chunks = chunks_of(run.ops);
  for (auto first = entries.begin(); written && first != entries.end();) {
    const std::uint64_t chunk = chunk_of(first->id, chunks);
    const auto last = std::find_if(first, entries.end(), [&](const Entry& entry) {
      return chunk_of(entry.id, chunks) != chunk;
    });
    written = write_chunk(row_of(run.number, chunk), &*first, &*first + (last - first));
    first = last;
  }
  return written;
}

OpIndex::Done OpIndex::write_chunk(std::int64_t row, const Entry* first, const Entry* last) {
  base::Bytes bytes;
  bytes.reserve(static_cast<std::size_t>(last - first) * entry_size);
  for (const Entry* entry = first; entry != last; ++entry) {
    bytes.insert(bytes.end(), entry->id.begin(), entry->id.end());
    for (int shift = 56; shift >= 0; shift -= 8) {
      bytes.push_back(static_cast<std::byte>(entry->place >> shift));
    }
  }
  return done(statements_[save_chunk].bind(1, row).bind(2, bytes).step());
}

bool OpIndex::merges(std::uint64_t level) const {
  std::size_t count = 0;
  for (const Run& run : runs_) {
    if (run.level == level && may_grow(run)) ++count;
  }
  return count >= fan_in;
}

// What is larger stays as it is, and keeps the small ones beside it from nothing.
bool OpIndex::may_grow(const Run& run) {
  return run.ops <= run_ops_max / fan_in;
}

OpIndex::Done OpIndex::merge(std::uint64_t level) {
  std::vector<Entry> entries;
  for (const Run& run : runs_) {
    if (run.level != level || !may_grow(run)) continue;
    if (auto taken = take(run, entries); !taken) return taken;
  }
  std::erase_if(runs_, [&](const Run& run) { return run.level == level && may_grow(run); });
  return write(level + 1, std::move(entries));
}

OpIndex::Done OpIndex::take(const Run& run, std::vector<Entry>& entries) {
  const std::int64_t first = row_of(run.number, 0);
  const std::int64_t end = row_of(run.number + 1, 0);
  Statement& row = statements_[all_chunks].bind(1, first).bind(2, end);
  for (;;) {
    const auto more = row.step();
    if (!more) return done(more);
    if (!*more) break;
    const base::Bytes bytes = row.blob(0);
    const base::ByteView view(bytes);
    for (std::size_t at = 0; at + entry_size <= view.size(); at += entry_size) {
      Entry entry{.id = {}, .place = place_at(view.subspan(at, entry_size))};
      std::copy_n(view.begin() + static_cast<std::ptrdiff_t>(at), id_size, entry.id.begin());
      entries.push_back(entry);
    }
  }
  if (auto gone = done(statements_[drop_chunks].bind(1, first).bind(2, end).step()); !gone) {
    return gone;
  }
  return done(statements_[drop_run].bind(1, static_cast<std::int64_t>(run.number)).step());
}

std::optional<OpIndex::Place> OpIndex::find(const base::Digest& id) {
  const base::ByteView wanted = id.view().first(id_size);
  for (auto run = runs_.rbegin(); run != runs_.rend(); ++run) {
    const std::uint64_t chunk = chunk_of(wanted.first<id_size>(), chunks_of(run->ops));
    Statement& row = statements_[one_chunk].bind(1, row_of(run->number, chunk));
    const auto there = row.step();
    if (!there || !*there) continue;
    const base::Bytes bytes = row.blob(0);
    row.reset();
    const base::ByteView view(bytes);
    for (std::size_t at = 0; at + entry_size <= view.size(); at += entry_size) {
      if (!std::ranges::equal(view.subspan(at, id_size), wanted)) continue;
      const std::uint64_t place = place_at(view.subspan(at, entry_size));
      return Place{.height = place / places_max, .index = place % places_max};
    }
  }
  return std::nullopt;
}

}  // namespace storage
