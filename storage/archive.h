// What was decided, on disk: blocks with what proves them, how each epoch ended, and the state that
// the newest block led to, in decisions.db. One thread owns the file; what waits for it is written
// in one transaction, in order, so that the state on disk is always that of the newest block there.
//
//  - committed(height) is posted once blocks up to there, with their state, survive a loss of
//  power.
//  - A write that fails (disk full, I/O) is tried again until it goes through; health() tells.
//  Reads see what waits meanwhile.
//  - Bytes go in and come out as they are; what is in them is not this folder's business.
#pragma once

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "storage/archived.h"
#include "storage/file_error.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace storage {

class Archive {
 public:
  // Runs a function on the loop's thread.
  using Post = std::function<void(std::function<void()>)>;
  using Committed = std::function<void(std::uint64_t height)>;
  using Blocks = std::function<void(std::vector<DecidedBlock>)>;
  using Place = std::function<void(std::optional<OpPlace>)>;

  struct Options {
    base::Duration gather = std::chrono::milliseconds(100);       // what comes within that time
    base::Duration retry_after = std::chrono::milliseconds(500);  // a write that failed
  };
  struct Health {
    bool healthy = true;  // the last write went through
    std::string detail;   // of the last failure
    std::uint64_t writes = 0;
    std::uint64_t failures = 0;
    std::size_t waiting_bytes = 0;
  };

  // Opens or makes DIR/decisions.db. `post` and `committed` live as long as the archive.
  [[nodiscard]] static base::Result<std::unique_ptr<Archive>, FileError> open(
      const std::filesystem::path& directory, Options options, Post post, Committed committed);
  // One document of the state in DIR/decisions.db, whoever has it open; changes nothing. Nothing if
  // there is no such file or document.
  [[nodiscard]] static base::Result<std::optional<base::Bytes>, FileError> read_document(
      const std::filesystem::path& directory, std::string_view key);
  Archive(const Archive&) = delete;
  Archive& operator=(const Archive&) = delete;
  ~Archive();  // writes what can be written, then closes

  // Everything that is there; call before the first write.
  [[nodiscard]] base::Result<Archived, FileError> load();

  void save_epoch(std::uint64_t number, base::Bytes proof);
  // The changes lead to the state of the last block.
  void commit(std::vector<DecidedBlock> blocks, std::vector<DocumentChange> changes);
  // Of a state that comes as a whole and is not all here; the newest of each number.
  void keep_piece(std::uint32_t number, base::Bytes bytes);
  // A state that came as a whole replaces ours and the pieces; `block` is what led to it.
  // `gap` is what it passed over.
  void install(DecidedBlock block, std::vector<Document> state, std::optional<Gap> gap);

  // Consecutive from `from_height` on, until one of the bounds, but at least one if it is there;
  // then so far that the last one has a proof. Answers are posted.
  void read_range(std::uint64_t from_height, std::size_t blocks_max, std::size_t bytes_max,
                  Blocks done);
  // The newest below `below_height`, newest first.
  void read_newest(std::uint64_t below_height, std::size_t blocks_max, Blocks done);
  void find_op(const base::Digest& id, Place done);

  [[nodiscard]] Health health() const;

 private:
  class Writer;
  explicit Archive(std::unique_ptr<Writer> writer);

  std::unique_ptr<Writer> writer_;  // sole owner
};

}  // namespace storage
