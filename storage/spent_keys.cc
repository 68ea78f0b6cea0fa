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
  // On a line of its own, also after one that was cut short by a full disk or a loss of power. One
  // that is there already may not be on disk yet.
  const std::string line = lists(path, vote_key) ? "" : "\n" + vote_key.hex() + "\n";
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  bool durable = file >= 0 &&
                 ::write(file, line.data(), line.size()) == static_cast<ssize_t>(line.size()) &&
                 ::fsync(file) == 0;
  int error = errno;
  if (file >= 0) ::close(file);
  if (durable) {
    const int parent = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    durable = parent >= 0 && ::fsync(parent) == 0;
    error = errno;
    if (parent >= 0) ::close(parent);
  }
  if (durable) return {};
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

bool was_replaced(const std::string& directory, const base::NodeId& vote_key) {
  const std::string own = vote_key.hex();
  bool begun = false;
  bool replaced = false;
  std::ifstream file(begun_in(directory));
  for (std::string line; std::getline(file, line);) {
    if (line == own) {
      begun = true;
    } else if (line.size() == own.size()) {
      replaced = begun;
    }
  }
  return replaced;
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
