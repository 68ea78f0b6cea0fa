// A `parley node` as a child process, for measurements with real nodes. It runs this very program,
// and never outlives its owner: it is killed with it, also if the owner crashes.
#pragma once

#include "base/result.h"
#include "base/time.h"

#include <filesystem>
#include <string>
#include <vector>

namespace cli::stage {

class ChildNode {
 public:
  // `arguments` follow `parley node`. What it writes to stderr goes to `log`.
  [[nodiscard]] static base::Result<ChildNode, std::string> start(
      const std::vector<std::string>& arguments, const std::filesystem::path& log);
  ChildNode(ChildNode&& other) noexcept;
  ChildNode& operator=(ChildNode&&) = delete;
  ~ChildNode();  // SIGKILL, and waits for its end

  // Until it says that it serves; then mesh() and api() are known.
  [[nodiscard]] base::Result<void, std::string> wait_ready(base::Duration patience);
  [[nodiscard]] const std::string& mesh() const { return mesh_; }  // IP:PORT
  [[nodiscard]] const std::string& api() const { return api_; }    // IP:PORT

 private:
  ChildNode(int pid, int output, std::filesystem::path log);
  [[nodiscard]] std::string last_words() const;

  int pid_;
  int output_;  // the reading end of its stdout
  std::filesystem::path log_;
  std::string mesh_;
  std::string api_;
};

}  // namespace cli::stage
