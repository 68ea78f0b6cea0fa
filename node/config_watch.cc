#include "node/config_watch.h"

#include "node/config.h"

#include <asio/buffer.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <optional>
#include <utility>

namespace node {

// Shared by its ConfigWatch and by the read that is under way, which ends when the watch does.
class ConfigWatch::Watcher : public std::enable_shared_from_this<Watcher> {
 public:
  Watcher(asio::io_context& io, std::string file, Changed changed)
      : file_(std::move(file)), changed_(std::move(changed)), events_(io) {}

  void start() {
    const int handle = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (handle < 0) return;
    std::filesystem::path directory = std::filesystem::path(file_).parent_path();
    if (directory.empty()) directory = ".";
    constexpr unsigned mask = IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_ATTRIB;
    if (::inotify_add_watch(handle, directory.c_str(), mask) < 0) {
      ::close(handle);
      return;
    }
    events_.assign(handle);
    last_ = read();
    wait();
  }
  void stop() {
    changed_ = nullptr;
    std::error_code ignored;
    events_.close(ignored);
  }
  [[nodiscard]] bool watching() const { return events_.is_open(); }

 private:
  void wait() {
    events_.async_read_some(asio::buffer(buffer_),
                            [self = shared_from_this()](const std::error_code& error, std::size_t) {
                              if (error || !self->changed_) return;
                              self->look();
                              if (self->changed_) self->wait();
                            });
  }

  // The events only say that something moved; the content decides.
  void look() {
    std::optional<std::string> text = read();
    if (!text || text == last_) return;
    last_ = text;
    // A copy: what it calls may end this watch.
    const Changed changed = changed_;
    changed(*text);
  }

  // Nothing while the file is away, as between two steps of a swap.
  [[nodiscard]] std::optional<std::string> read() const {
    std::ifstream stream(file_, std::ios::binary);
    if (!stream.is_open()) return std::nullopt;
    std::string text(config_bytes_max + 1, '\0');
    stream.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (stream.bad()) return std::nullopt;
    text.resize(static_cast<std::size_t>(stream.gcount()));
    return text;
  }

  const std::string file_;
  Changed changed_;  // nothing once stopped
  asio::posix::stream_descriptor events_;
  std::array<char, 4096> buffer_{};
  std::optional<std::string> last_;
};

ConfigWatch::ConfigWatch(asio::io_context& io, const std::string& file, Changed changed)
    : watcher_(std::make_shared<Watcher>(io, file, std::move(changed))) {
  watcher_->start();
}
ConfigWatch::ConfigWatch(ConfigWatch&&) noexcept = default;
ConfigWatch& ConfigWatch::operator=(ConfigWatch&& other) noexcept {
  if (watcher_) watcher_->stop();
  watcher_ = std::move(other.watcher_);
  return *this;
}
ConfigWatch::~ConfigWatch() {
  if (watcher_) watcher_->stop();
}

bool ConfigWatch::watching() const {
  return watcher_->watching();
}

}  // namespace node
