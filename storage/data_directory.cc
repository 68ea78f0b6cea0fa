#include "storage/data_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

namespace storage {

namespace {

std::string reason(int error) {
  return std::error_code(error, std::generic_category()).message();
}

}  // namespace

base::Result<DataDirectory, FileError> DataDirectory::open(const std::string& path) {
  std::error_code error;
  const std::filesystem::path directory(path);
  if (directory.has_parent_path()) {
    std::filesystem::create_directories(directory.parent_path(), error);
  }
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return base::Unexpected{FileError{"cannot make the data directory: " + reason(errno), path,
                                      "make it, or name another one with --data"}};
  }
  const std::string lock_path = path + "/lock";
  const int lock = ::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock < 0) {
    return base::Unexpected{
        FileError{"cannot write into the data directory: " + reason(errno), lock_path,
                  "let the user of this process write there, or name another one with --data"}};
  }
  if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
    const int why = errno;
    ::close(lock);
    if (why == EWOULDBLOCK) {
      return base::Unexpected{FileError{"another node runs with this data directory", lock_path,
                                        "stop it, or name another directory with --data"}};
    }
    return base::Unexpected{FileError{"cannot lock: " + reason(why), lock_path,
                                      "use a file system that supports flock"}};
  }
  return DataDirectory(path, lock);
}

DataDirectory::DataDirectory(DataDirectory&& other) noexcept
    : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)) {}

DataDirectory& DataDirectory::operator=(DataDirectory&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(lock_, other.lock_);
  return *this;
}

DataDirectory::~DataDirectory() {
  if (lock_ >= 0) ::close(lock_);
}

}  // namespace storage
