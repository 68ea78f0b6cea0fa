#include "storage/ordered_log.h"

#include "base/check.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <fstream>
#include <iterator>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

namespace storage {

namespace {

using Clock = std::chrono::steady_clock;

std::string reason(int error) {
  return std::error_code(error, std::generic_category()).message();
}

// The errno of what went wrong, 0 if nothing did.
int write_all(int fd, base::ByteView bytes, std::size_t at) {
  while (!bytes.empty()) {
    const auto written = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(at));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    bytes = bytes.subspan(static_cast<std::size_t>(written));
    at += static_cast<std::size_t>(written);
  }
  return 0;
}

int sync_folder(const std::filesystem::path& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return errno;
  const int error = ::fsync(fd) == 0 ? 0 : errno;
  ::close(fd);
  return error;
}

struct Waiting {
  std::uint64_t position = 0;
  base::Bytes record;
};
struct Rewrite {
  std::vector<base::Bytes> records;
  std::uint64_t position = 0;
};

}  // namespace

class OrderedLog::Writer {
 public:
  Writer(std::filesystem::path file, Options options, Post post, Synced synced)
      : file_(std::move(file)),
        options_(options),
        post_(std::move(post)),
        synced_(std::move(synced)) {}
  ~Writer() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
    if (fd_ >= 0) ::close(fd_);
  }

  int start(const LogContent& content);
  bool append(Waiting waiting);
  void sync(std::uint64_t position);
  void rewrite(Rewrite rewrite);
  Health health() const {
    const std::lock_guard lock(mutex_);
    return health_;
  }

 private:
  // What the thread takes over at once: a new file if there is one, and what goes behind it.
  struct Batch {
    std::optional<Rewrite> rewrite;
    std::vector<Waiting> records;
    std::uint64_t sync = 0;
  };

  void work();
  int write(const Batch& batch);
  int replace(const Rewrite& rewrite);
  int grow(std::size_t size);
  void note(int error);

  const std::filesystem::path file_;
  const Options options_;
  const Post post_;
  const Synced synced_;

  // The thread's own, once it runs.
  int fd_ = -1;
  std::size_t end_ = 0;        // of the last record
  std::size_t size_ = 0;       // of the file
  std::uint64_t on_disk_ = 0;  // position

  mutable std::mutex mutex_;  // guards the rest
  std::condition_variable changed_;
  Batch batch_;  // what waits
  std::size_t waiting_bytes_ = 0;
  Health health_;
  bool stopping_ = false;
  std::thread thread_;
};

int OrderedLog::Writer::start(const LogContent& content) {
  fd_ = ::open(file_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd_ < 0) return errno;
  end_ = content.bytes;
  on_disk_ = content.position;
  if (end_ == 0) {
    base::Bytes head;
    append_log_head(0, head);
    if (const int error = write_all(fd_, head, 0)) return error;
    end_ = head.size();
  }
  // What a torn write left must not be taken for a record later.
  if (::ftruncate(fd_, static_cast<off_t>(end_)) != 0) return errno;
  size_ = end_;
  if (::fsync(fd_) != 0) return errno;
  if (const int error = sync_folder(file_.parent_path())) return error;
  thread_ = std::thread([this] { work(); });
  return 0;
}

bool OrderedLog::Writer::append(Waiting waiting) {
  const std::lock_guard lock(mutex_);
  if (waiting_bytes_ + waiting.record.size() > options_.waiting_bytes_max) return false;
  waiting_bytes_ += waiting.record.size();
  batch_.records.push_back(std::move(waiting));
  return true;
}

void OrderedLog::Writer::sync(std::uint64_t position) {
  {
    const std::lock_guard lock(mutex_);
    batch_.sync = std::max(batch_.sync, position);
  }
  changed_.notify_one();
}

void OrderedLog::Writer::rewrite(Rewrite rewrite) {
  {
    const std::lock_guard lock(mutex_);
    // It says what these said, whether or not they were written.
    for (const Waiting& old : batch_.records) waiting_bytes_ -= old.record.size();
    batch_.records.clear();
    batch_.rewrite = std::move(rewrite);
  }
  changed_.notify_one();
}

void OrderedLog::Writer::work() {
  for (;;) {
    Batch batch;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stopping_ || batch_.sync > 0 || batch_.rewrite; });
      std::swap(batch, batch_);
      waiting_bytes_ = 0;
      if (stopping_ && batch.records.empty() && !batch.rewrite) return;
    }
    const Clock::time_point began = Clock::now();
    int error = write(batch);
    note(error);
    while (error != 0) {
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, options_.retry_after, [this] { return stopping_; });
      if (stopping_) return;
      lock.unlock();
      error = write(batch);
      note(error);
    }
    const auto took = std::chrono::duration_cast<base::Duration>(Clock::now() - began);
    post_([synced = synced_, position = on_disk_, took] { synced(position, took); });
  }
}

int OrderedLog::Writer::write(const Batch& batch) {
  // If it is tried again, the file is replaced again: what it says is the same.
  if (batch.rewrite) {
    if (const int error = replace(*batch.rewrite)) return error;
  }
  if (batch.records.empty()) return 0;
  base::Bytes bytes;
  for (const Waiting& waiting : batch.records) {
    append_log_record(waiting.position, on_disk_, waiting.record, bytes);
  }
  if (const int error = grow(end_ + bytes.size())) return error;
  if (const int error = write_all(fd_, bytes, end_)) return error;
  if (::fdatasync(fd_) != 0) return errno;
  end_ += bytes.size();
  on_disk_ = batch.records.back().position;
  return 0;
}

// Into a file beside it, which then takes its place.
int OrderedLog::Writer::replace(const Rewrite& rewrite) {
  CHECK(rewrite.records.size() <= rewrite.position);
  base::Bytes bytes;
  std::uint64_t position = rewrite.position - rewrite.records.size();
  append_log_head(position, bytes);
  for (const base::Bytes& record : rewrite.records) {
    append_log_record(++position, rewrite.position, record, bytes);  // all or none
  }
  const std::filesystem::path beside = file_.string() + ".new";
  const int fd = ::open(beside.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return errno;
  int error = write_all(fd, bytes, 0);
  if (error == 0 && ::fsync(fd) != 0) error = errno;
  if (error == 0 && ::rename(beside.c_str(), file_.c_str()) != 0) error = errno;
  if (error == 0) error = sync_folder(file_.parent_path());
  if (error != 0) {
    ::close(fd);
    return error;
  }
  ::close(std::exchange(fd_, fd));
  end_ = size_ = bytes.size();
  on_disk_ = rewrite.position;
  return 0;
}

// By zeros that are written, not only promised: then a sync has nothing to note but the data.
int OrderedLog::Writer::grow(std::size_t size) {
  if (size <= size_) return 0;
  const std::size_t target = (size + options_.grow_by - 1) / options_.grow_by * options_.grow_by;
  const base::Bytes zeros(target - size_);
  if (write_all(fd_, zeros, size_) == 0) {
    size_ = target;
    return 0;
  }
  // No room for all of it; the records themselves may fit.
  if (::ftruncate(fd_, static_cast<off_t>(size_)) != 0) return errno;
  return 0;
}

void OrderedLog::Writer::note(int error) {
  const std::lock_guard lock(mutex_);
  health_.healthy = error == 0;
  if (error == 0) {
    ++health_.syncs;
    return;
  }
  ++health_.failures;
  health_.detail = "cannot write " + file_.string() + ": " + reason(error) +
                   "; make room on the disk: this node does not vote until it can";
}

base::Result<OrderedLog::Found, FileError> OrderedLog::read(const std::filesystem::path& file) {
  base::Bytes bytes;
  if (std::filesystem::exists(file)) {
    std::ifstream stream(file, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(stream),
                           std::istreambuf_iterator<char>()};
    if (stream.bad() || !stream.is_open()) {
      return base::Unexpected{
          FileError{"cannot be read", file.string(), "let the user of this process read it"}};
    }
    bytes = base::to_bytes(text);
  }
  return Found{.content = read_log(bytes), .absent = bytes.empty()};
}

base::Result<OrderedLog::Opened, FileError> OrderedLog::open(const std::filesystem::path& file,
                                                             Options options, Post post,
                                                             Synced synced) {
  auto found = read(file);
  if (!found) return base::Unexpected{found.error()};
  Opened opened;
  opened.content = std::move(found->content);
  LogContent start = opened.content;
  if (start.ending == LogEnding::damaged) {
    opened.moved_to = file.string() + ".damaged";
    std::error_code error;
    std::filesystem::rename(file, opened.moved_to, error);
    if (error) {
      return base::Unexpected{FileError{"is damaged and cannot be moved aside: " + error.message(),
                                        file.string(), "move it away by hand"}};
    }
    start = {};
  }
  auto writer = std::make_unique<Writer>(file, options, std::move(post), std::move(synced));
  if (const int error = writer->start(start)) {
    return base::Unexpected{FileError{"cannot be written: " + reason(error), file.string(),
                                      "make room on the disk, or let the user of this process "
                                      "write there"}};
  }
  opened.log.reset(new OrderedLog(std::move(writer)));
  return opened;
}

OrderedLog::OrderedLog(std::unique_ptr<Writer> writer) : writer_(std::move(writer)) {}
OrderedLog::~OrderedLog() = default;

bool OrderedLog::append(std::uint64_t position, base::Bytes record) {
  return writer_->append({position, std::move(record)});
}
void OrderedLog::sync(std::uint64_t position) {
  writer_->sync(position);
}
void OrderedLog::rewrite(std::vector<base::Bytes> records, std::uint64_t position) {
  writer_->rewrite({std::move(records), position});
}
OrderedLog::Health OrderedLog::health() const {
  return writer_->health();
}

}  // namespace storage
