#include "cli/stage/child_node.h"

#include "base/strings.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>

namespace cli::stage {

namespace {

constexpr std::size_t line_max = 4096;

// Only between fork() and exec(): nothing that could take a lock.
[[noreturn]] void become_node(int parent, int output, int log, char* const* arguments) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(log, STDERR_FILENO);
  ::execv("/proc/self/exe", arguments);
  ::_exit(127);
}

std::string field_of(std::string_view line, std::string_view name) {
  for (const std::string_view word : base::split(line, ' ')) {
    if (word.starts_with(name)) return std::string(word.substr(name.size()));
  }
  return {};
}

}  // namespace

base::Result<ChildNode, std::string> ChildNode::start(const std::vector<std::string>& arguments,
                                                      const std::filesystem::path& log) {
  std::vector<std::string> words{"parley", "node"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  pointers.reserve(words.size() + 1);
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);

  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) {
    return base::Unexpected{"cannot make a pipe: " + std::string(std::strerror(errno))};
  }
  const int errors = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  const int parent = ::getpid();
  const int pid = errors < 0 ? -1 : ::fork();
  if (pid == 0) become_node(parent, pipe[1], errors, pointers.data());
  const int error = errno;
  ::close(pipe[1]);
  if (errors >= 0) ::close(errors);
  if (pid < 0) {
    ::close(pipe[0]);
    return base::Unexpected{"cannot start a node: " + std::string(std::strerror(error))};
  }
  return ChildNode(pid, pipe[0], log);
}

ChildNode::ChildNode(int pid, int output, std::filesystem::path log)
    : pid_(pid), output_(output), log_(std::move(log)) {}

ChildNode::ChildNode(ChildNode&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      output_(std::exchange(other.output_, -1)),
      log_(std::move(other.log_)),
      mesh_(std::move(other.mesh_)),
      api_(std::move(other.api_)) {}

ChildNode::~ChildNode() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  if (output_ >= 0) ::close(output_);
}

base::Result<void, std::string> ChildNode::wait_ready(base::Duration patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  std::string line;
  while (!line.ends_with('\n') && line.size() < line_max) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    pollfd entry{.fd = output_, .events = POLLIN, .revents = 0};
    if (left.count() <= 0 || ::poll(&entry, 1, static_cast<int>(left.count())) == 0) {
      return base::Unexpected{"a node was not ready in " + base::format_duration(patience) +
                              last_words()};
    }
    char byte = 0;
    const auto count = ::read(output_, &byte, 1);
    if (count == 0) return base::Unexpected{"a node ended at its start" + last_words()};
    if (count > 0) line.push_back(byte);
  }
  if (line.ends_with('\n')) line.pop_back();
  mesh_ = field_of(line, "mesh=");
  api_ = field_of(line, "api=");
  if (mesh_.empty()) return base::Unexpected{"a node printed " + line};
  return {};
}

std::string ChildNode::last_words() const {
  std::ifstream file(log_);
  std::string line;
  std::string last;
  while (std::getline(file, line)) {
    if (!line.empty()) last = line;
  }
  return last.empty() ? std::string() : "; its last words: " + last;
}

}  // namespace cli::stage
