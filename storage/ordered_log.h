// What must be on disk, in order, before something may be said: the promises of a validator. One
// append-only file (log_format.h), written by a thread of its own, so that nothing else on the disk
// holds up a vote. What is appended between two syncs shares one write and one fdatasync.
//
//  - A position counts the records since the log began. synced(p) is posted once every record up to
//    p survives a loss of power; the records before it in time are never lost without those after.
//  - A write that fails (disk full, I/O) is tried again until it goes through; nothing is dropped,
//    and nothing is said to be on disk meanwhile. health() tells.
//  - rewrite() replaces all that was before by a shorter saying, atomically.
//  - A torn tail is cut off when the log is opened. A damaged log is moved aside, and said.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "storage/file_error.h"
#include "storage/log_format.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace storage {

class OrderedLog {
 public:
  // Runs a function on the loop's thread.
  using Post = std::function<void(std::function<void()>)>;
  // `took`: how long the disk had, from the write on.
  using Synced = std::function<void(std::uint64_t position, base::Duration took)>;

  struct Options {
    std::size_t grow_by = std::size_t{1} << 20U;                  // bytes; the file grows by zeros
    std::size_t waiting_bytes_max = std::size_t{64} << 20U;       // of records not written yet
    base::Duration retry_after = std::chrono::milliseconds(500);  // a write that failed
  };
  struct Health {
    bool healthy = true;  // the last write went through
    std::string detail;   // of the last failure
    std::uint64_t syncs = 0;
    std::uint64_t failures = 0;
  };
  struct Opened;
  struct Found {
    LogContent content;
    bool absent = false;
  };

  // What is in FILE, which stays as it is; `absent` where it is not there or has not a single byte.
  [[nodiscard]] static base::Result<Found, FileError> read(const std::filesystem::path& file);
  // Opens or makes FILE. `post` and `synced` live as long as the log; `synced` runs by `post`.
  [[nodiscard]] static base::Result<Opened, FileError> open(const std::filesystem::path& file,
                                                            Options options, Post post,
                                                            Synced synced);
  OrderedLog(const OrderedLog&) = delete;
  OrderedLog& operator=(const OrderedLog&) = delete;
  ~OrderedLog();  // writes what can be written, then closes

  // `position` is one more than that of the record before. False: there is no room for it, because
  // the disk takes nothing; the log is behind for good then, and must not be appended to again.
  [[nodiscard]] bool append(std::uint64_t position, base::Bytes record);
  void sync(std::uint64_t position);
  // These records now stand for everything up to `position`, the newest one.
  void rewrite(std::vector<base::Bytes> records, std::uint64_t position);

  [[nodiscard]] Health health() const;

 private:
  class Writer;
  explicit OrderedLog(std::unique_ptr<Writer> writer);

  std::unique_ptr<Writer> writer_;  // sole owner
};

struct OrderedLog::Opened {
  std::unique_ptr<OrderedLog> log;
  LogContent content;
  std::filesystem::path moved_to;  // where a damaged log is now, "" if it was not
};

}  // namespace storage
