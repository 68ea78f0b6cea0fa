// Notices that the configuration file has new content, and hands it over. It watches the directory,
// not the file: editors replace a file by renaming, and Kubernetes swaps a symlink beside it.
// Whatever happens there, the file is read again, and told only if its bytes differ from the last
// ones.
#pragma once

#include <asio/io_context.hpp>

#include <functional>
#include <memory>
#include <string>

namespace node {

class ConfigWatch {
 public:
  using Changed = std::function<void(const std::string& text)>;

  // A directory that cannot be watched means no live reload, said by watching().
  ConfigWatch(asio::io_context& io, const std::string& file, Changed changed);
  ConfigWatch(ConfigWatch&&) noexcept;
  ConfigWatch& operator=(ConfigWatch&&) noexcept;
  ~ConfigWatch();

  [[nodiscard]] bool watching() const;

 private:
  class Watcher;
  std::shared_ptr<Watcher> watcher_;  // shared with the read that is under way
};

}  // namespace node
