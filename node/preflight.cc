#include "node/preflight.h"

#include "node/advertise.h"
#include "node/clock.h"
#include "node/config_agent.h"
#include "node/genesis.h"
#include "storage/data_directory.h"
#include "storage/key_file.h"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

namespace node {

namespace {

using Outcome = CheckResult::Outcome;

constexpr int connect_timeout_ms = 2'000;
constexpr std::uintmax_t free_bytes_min = std::uintmax_t{64} * 1024 * 1024;
// No node ran before this was written: 2026-01-01 UTC.
constexpr std::int64_t earliest_plausible_ms = 1'767'225'600'000;

struct Addresses {
  addrinfo* first = nullptr;
  Addresses(const std::string& host, const std::string& port, int type, int flags) {
    addrinfo hints{};
    hints.ai_socktype = type;
    hints.ai_flags = flags;
    if (::getaddrinfo(host.c_str(), port.c_str(), &hints, &first) != 0) first = nullptr;
  }
  Addresses(const Addresses&) = delete;
  Addresses& operator=(const Addresses&) = delete;
  ~Addresses() {
    if (first != nullptr) ::freeaddrinfo(first);
  }
};

struct Socket {
  int handle;
  explicit Socket(const addrinfo& at)
      : handle(::socket(at.ai_family, at.ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {}
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() {
    if (handle >= 0) ::close(handle);
  }
};

std::string reason(int error) {
  return std::error_code(error, std::generic_category()).message();
}

std::pair<std::string, std::string> split_endpoint(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  std::string host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
  return {host, text.substr(colon + 1)};
}

// "" if somebody listens there.
std::string try_connect(const std::string& host, const std::string& port) {
  const Addresses addresses(host, port, SOCK_STREAM, 0);
  if (addresses.first == nullptr) return "its name cannot be resolved";
  std::string why;
  for (const addrinfo* at = addresses.first; at != nullptr; at = at->ai_next) {
    const Socket socket(*at);
    if (::connect(socket.handle, at->ai_addr, at->ai_addrlen) == 0) return "";
    if (errno != EINPROGRESS) {
      why = reason(errno);
      continue;
    }
    pollfd waiting{.fd = socket.handle, .events = POLLOUT, .revents = 0};
    if (::poll(&waiting, 1, connect_timeout_ms) != 1) {
      why = "no answer in time";
      continue;
    }
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(socket.handle, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error == 0) return "";
    why = reason(error);
  }
  return why;
}

// "" if a node could listen there.
std::string try_bind(const base::Endpoint& endpoint, int type) {
  const auto [host, port] = split_endpoint(endpoint.to_string());
  const Addresses addresses(host, port, type, AI_NUMERICHOST | AI_PASSIVE);
  if (addresses.first == nullptr) return "is no address of this machine";
  const Socket socket(*addresses.first);
  const int on = 1;
  if (type == SOCK_STREAM) {
    ::setsockopt(socket.handle, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  }
  if (::bind(socket.handle, addresses.first->ai_addr, addresses.first->ai_addrlen) != 0) {
    return reason(errno);
  }
  return "";
}

CheckResult check_data(const NodeConfig& config) {
  const auto usable = storage::DataDirectory::look_at(config.data);
  if (!usable) {
    return {"data directory", Outcome::failed, usable.error().where + ": " + usable.error().what,
            usable.error().what_to_do};
  }
  std::error_code error;
  if (!std::filesystem::exists(config.data, error)) {
    return {"data directory", Outcome::ok,
            "there is none yet; the first start makes " + config.data, ""};
  }
  const auto space = std::filesystem::space(config.data, error);
  if (!error && space.available < free_bytes_min) {
    return {"data directory", Outcome::warning,
            config.data + " has " + std::to_string(space.available / 1024) + " KiB left",
            "free some space on that file system"};
  }
  return {"data directory", Outcome::ok, config.data + " is writable and not in use", ""};
}

CheckResult check_key(const NodeConfig& config) {
  const std::string path = storage::key_path(config.data, storage::KeyKind::identity);
  if (!std::filesystem::exists(path)) {
    return {"identity key", Outcome::ok, "there is none yet; the first start makes " + path, ""};
  }
  const auto seed = storage::load_key(config.data, storage::KeyKind::identity);
  if (!seed) {
    return {"identity key", Outcome::failed, seed.error().where + ": " + seed.error().what,
            seed.error().what_to_do};
  }
  return {"identity key", Outcome::ok, crypto::Identity::from_seed(*seed).id().hex(), ""};
}

CheckResult check_genesis(const NodeConfig& config) {
  const auto genesis = load_genesis(config.genesis);
  if (!genesis) {
    return {"genesis", Outcome::failed, genesis.error(), "get the file from who made the mesh"};
  }
  return {"genesis", Outcome::ok, "mesh " + genesis->name + ", " + genesis->mesh.hex(), ""};
}

CheckResult check_port(const std::string& name, const base::Endpoint& endpoint, int type,
                       const std::string& flag) {
  const std::string wrong = try_bind(endpoint, type);
  if (!wrong.empty()) {
    return {name, Outcome::failed, endpoint.to_string() + ": " + wrong,
            "end what uses it, or choose another with " + flag};
  }
  return {name, Outcome::ok, endpoint.to_string() + " is free", ""};
}

CheckResult check_advertise(const std::string& advertise) {
  const auto endpoint = given_endpoint(advertise);
  if (!endpoint) {
    return {"advertise", Outcome::failed, endpoint.error(), "correct the name or its entry"};
  }
  return {"advertise", Outcome::ok, advertise + " is " + endpoint->to_string(), ""};
}

CheckResult check_seed(const std::string& seed) {
  const auto [host, port] = split_endpoint(seed);
  const std::string wrong = try_connect(host, port);
  if (!wrong.empty()) {
    return {"seed", Outcome::warning, seed + ": " + wrong,
            "start that node, or look at name, firewall and port"};
  }
  return {"seed", Outcome::ok, seed + " takes connections", ""};
}

CheckResult check_clock() {
  if (wall_now().milliseconds < earliest_plausible_ms) {
    return {"clock", Outcome::failed, "the calendar clock is before 2026",
            "set it (timedatectl set-ntp true): certificates are bound to time"};
  }
  return {"clock", Outcome::ok, "the calendar clock is plausible", ""};
}

CheckResult check_agent(const AgentConfig& agent) {
  const std::string url = url_text(agent.url);
  const std::string wrong = try_connect(agent.url.host, std::to_string(agent.url.port));
  if (!wrong.empty()) {
    return {"agent", Outcome::warning, url + ": " + wrong, "start the agent, or correct agent.url"};
  }
  return {"agent", Outcome::ok, url + " takes connections", ""};
}

}  // namespace

std::vector<CheckResult> preflight(const ConfigSources& sources) {
  std::vector<CheckResult> out;
  const auto config = load_config(sources);
  if (!config) {
    for (const ConfigError& error : config.error()) {
      out.push_back({"configuration", Outcome::failed, error.text(), "correct it"});
    }
    return out;
  }
  out.push_back({"configuration", Outcome::ok,
                 config->file.empty() ? "flags and defaults" : config->file, ""});
  for (const std::string& warning : config->warnings) {
    out.push_back(
        {"configuration", Outcome::warning, warning, "leave it out, or keep it for later"});
  }
  out.push_back(check_genesis(*config));
  out.push_back(check_data(*config));
  out.push_back(check_key(*config));
  out.push_back(check_clock());
  out.push_back(check_port("mesh port, UDP", config->mesh, SOCK_DGRAM, "--mesh"));
  out.push_back(check_port("mesh port, TCP", config->mesh, SOCK_STREAM, "--mesh"));
  out.push_back(check_port("API port", config->api, SOCK_STREAM, "--api"));
  if (!config->advertise.empty()) out.push_back(check_advertise(config->advertise));
  for (const std::string& seed : config->seeds) out.push_back(check_seed(seed));
  if (config->agent) out.push_back(check_agent(*config->agent));
  return out;
}

int exit_code(const std::vector<CheckResult>& results) {
  int code = 0;
  for (const CheckResult& result : results) {
    if (result.outcome != Outcome::failed) continue;
    if (result.name == "configuration") return 2;
    code = 1;
  }
  return code;
}

}  // namespace node
