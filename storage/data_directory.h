// A node's own directory, held for as long as this object lives: a lock on DIR/lock keeps a second
// node out, which would otherwise use the same identity and epochs. The kernel of the machine lets
// go of the lock when the process ends, however it ends.
#pragma once

#include "base/result.h"
#include "storage/file_error.h"

#include <string>

namespace storage {

class DataDirectory {
 public:
  // Makes the directory (mode 0700) if it is missing; its parent must exist or be creatable too.
  [[nodiscard]] static base::Result<DataDirectory, FileError> open(const std::string& path);
  // Whether open() would succeed. Leaves nothing behind.
  [[nodiscard]] static base::Result<void, FileError> look_at(const std::string& path);
  DataDirectory(DataDirectory&& other) noexcept;
  DataDirectory& operator=(DataDirectory&& other) noexcept;
  DataDirectory(const DataDirectory&) = delete;
  DataDirectory& operator=(const DataDirectory&) = delete;
  ~DataDirectory();

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  DataDirectory(std::string path, int lock) : path_(std::move(path)), lock_(lock) {}

  std::string path_;
  int lock_ = -1;  // the descriptor that holds the lock
};

}  // namespace storage
