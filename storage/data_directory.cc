#include "storage/data_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

namespace storage {

namespace {

std::string reason(int error) {
  return std::error_code(error, std::generic_category()).message();
}

base::Unexpected<FileError> not_writable(int error, const std::string& where) {
  return base::Unexpected{
      FileError{"cannot write into the data directory: " + reason(error), where,
                "let the user of this process write there, or name another one with --data"}};
}

base::Result<void, FileError> take_lock(int lock, const std::string& lock_path) {
  if (::flock(lock, LOCK_EX | LOCK_NB) == 0) return {};
  if (errno == EWOULDBLOCK) {
    return base::Unexpected{FileError{"another node runs with this data directory", lock_path,
                                      "stop it, or name another directory with --data"}};
  }
  return base::Unexpected{FileError{"cannot lock: " + reason(errno), lock_path,
                                    "use a file system that supports flock"}};
}

}  // namespace

base::Result<void, FileError> DataDirectory::look_at(const std::string& path) {
  std::error_code error;
  std::filesystem::path there = std::filesystem::absolute(path, error);
  while (!std::filesystem::exists(there, error) && there.has_relative_path()) {
    there = there.parent_path();
  }
  // Permissions alone do not tell it: try.
  std::string probe = (there / ".parley-check-XXXXXX").string();
  if (::mkdtemp(probe.data()) == nullptr) return not_writable(errno, there.string());
  ::rmdir(probe.c_str());
  const std::string lock_path = path + "/lock";
  const int lock = ::open(lock_path.c_str(), O_RDWR | O_CLOEXEC);
  if (lock < 0) {
    if (errno == ENOENT) return {};
    return not_writable(errno, lock_path);
  }
  auto taken = take_lock(lock, lock_path);
  ::close(lock);
  return taken;
}

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
  if (lock < 0) return not_writable(errno, lock_path);
  if (auto taken = take_lock(lock, lock_path); !taken) {
    ::close(lock);
    return base::Unexpected{taken.error()};
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
