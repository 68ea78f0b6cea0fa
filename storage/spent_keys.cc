#include "storage/spent_keys.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

namespace storage {

namespace {

bool lists(const std::string& path, const base::NodeId& vote_key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line == vote_key.hex()) return true;
  }
  return false;
}

base::Result<void, FileError> add(const std::string& directory, const std::string& path,
                                  const base::NodeId& vote_key) {
  if (lists(path, vote_key)) return {};
  // On a line of its own, also after one that was cut short by a full disk or a loss of power.
  const std::string line = "\n" + vote_key.hex() + "\n";
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  const bool written =
      file >= 0 && ::write(file, line.data(), line.size()) == static_cast<ssize_t>(line.size()) &&
      ::fsync(file) == 0;
  const int error = errno;
  if (file >= 0) ::close(file);
  const int parent = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (parent >= 0) {
    ::fsync(parent);
    ::close(parent);
  }
  if (written) return {};
  return base::Unexpected{FileError{std::string("cannot be written: ") + std::strerror(error), path,
                                    "make room, and let the user of this process write there"}};
}

std::string begun_in(const std::string& directory) {
  return directory + "/voter.begun";
}
std::string spent_in(const std::string& directory) {
  return directory + "/voter.spent";
}

}  // namespace

bool has_begun(const std::string& directory, const base::NodeId& vote_key) {
  return lists(begun_in(directory), vote_key);
}

bool lists_others(const std::string& directory, const base::NodeId& vote_key) {
  for (const std::string& path : {begun_in(directory), spent_in(directory)}) {
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
      if (line.size() == vote_key.hex().size() && line != vote_key.hex()) return true;
    }
  }
  return false;
}

base::Result<void, FileError> mark_begun(const std::string& directory,
                                         const base::NodeId& vote_key) {
  return add(directory, begun_in(directory), vote_key);
}

bool is_spent(const std::string& directory, const base::NodeId& vote_key) {
  return lists(spent_in(directory), vote_key);
}

base::Result<void, FileError> mark_spent(const std::string& directory,
                                         const base::NodeId& vote_key) {
  return add(directory, spent_in(directory), vote_key);
}

}  // namespace storage
