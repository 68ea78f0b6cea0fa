#include "cli/checks.h"

#include "cli/http_client.h"
#include "node/advertise.h"
#include "node/data_mesh.h"
#include "node/genesis.h"
#include "storage/data_directory.h"
#include "storage/key_file.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/timex.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <system_error>

namespace cli {
namespace {

namespace fs = std::filesystem;

// Released in 2026; a clock before that is not set.
constexpr std::int64_t earliest_now = 1'767'225'600;
constexpr std::uintmax_t free_bytes_min = std::uintmax_t{64} * 1024 * 1024;
constexpr std::int64_t latest_now = earliest_now + std::int64_t{30} * 365 * 24 * 3600;

sockaddr_in6 to_sockaddr(const base::Endpoint& endpoint) {
  sockaddr_in6 address = {};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(endpoint.port);
  // 0.0.0.0 is kept as a mapped address; a socket for it is bound to :: with both families.
  if (!endpoint.is_unspecified()) std::memcpy(&address.sin6_addr, endpoint.ip.data(), 16);
  return address;
}

// 0, or the error of binding there.
int try_bind(const base::Endpoint& endpoint, int type) {
  const int fd = ::socket(AF_INET6, type | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  const int off = 0;
  const int on = 1;
  ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  if (type == SOCK_STREAM) ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const sockaddr_in6 address = to_sockaddr(endpoint);
  int error = 0;
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) error = errno;
  if (error == 0 && type == SOCK_STREAM && ::listen(fd, 1) != 0) error = errno;
  ::close(fd);
  return error;
}

bool clock_is_synchronised() {
  timex state = {};
  return ::adjtimex(&state) != TIME_ERROR;
}

Check check_advertise(const std::string& advertise) {
  const auto endpoint = node::given_endpoint(advertise);
  if (!endpoint) {
    return {"advertise", CheckStatus::failed, endpoint.error() + "; correct the name or its entry"};
  }
  return {"advertise", CheckStatus::ok, advertise + " is " + endpoint->to_string()};
}

Check check_genesis(const std::string& file, const std::string& data) {
  const auto genesis = node::load_genesis(file);
  if (!genesis) return {"genesis", CheckStatus::failed, genesis.error()};
  if (const auto fits = node::check_data_mesh(data, *genesis); !fits) {
    return {"genesis", CheckStatus::failed, fits.error()};
  }
  return {"genesis", CheckStatus::ok,
          "the mesh " + genesis->name + ", id " + genesis->mesh.short_hex()};
}

}  // namespace

std::vector<Check> check_data(const std::string& directory) {
  std::error_code error;
  const auto usable = storage::DataDirectory::look_at(directory);
  if (!usable) return {{"data", CheckStatus::failed, usable.error().text()}};
  if (!fs::exists(directory, error)) {
    return {{"data", CheckStatus::ok, directory + " will be made, with a new identity"}};
  }
  std::vector<Check> checks{{"data", CheckStatus::ok, directory + " is usable"}};
  const auto space = fs::space(directory, error);
  if (!error && space.available < free_bytes_min) {
    checks.push_back({"data", CheckStatus::warning,
                      directory + " has " + std::to_string(space.available / 1024) +
                          " KiB left; free some space on that file system"});
  }
  if (!fs::exists(storage::key_path(directory, storage::KeyKind::identity), error)) {
    checks.push_back({"keys", CheckStatus::ok, "a new identity will be made"});
    return checks;
  }
  const auto seed = storage::load_key(directory, storage::KeyKind::identity);
  checks.push_back(seed ? Check{"keys", CheckStatus::ok,
                                "the identity is " + crypto::Identity::from_seed(*seed).id().hex()}
                        : Check{"keys", CheckStatus::failed, seed.error().text()});
  return checks;
}

Check check_port(const char* flag, const base::Endpoint& endpoint, bool udp) {
  const std::string what = std::string(udp ? "UDP " : "TCP ") + endpoint.to_string();
  const int error = try_bind(endpoint, udp ? SOCK_DGRAM : SOCK_STREAM);
  if (error == 0) return {"port", CheckStatus::ok, what + " is free"};
  return {"port", CheckStatus::failed,
          what + " cannot be used: " + std::strerror(error) +
              "; stop what uses it, or choose another " + flag};
}

Check check_clock(std::int64_t unix_seconds, bool synchronised) {
  if (unix_seconds < earliest_now || unix_seconds > latest_now) {
    return {"clock", CheckStatus::failed,
            "the clock of this machine is far off: it says " + std::to_string(unix_seconds) +
                " s since 1970; set it, or certificates of other nodes look expired"};
  }
  if (!synchronised) {
    return {"clock", CheckStatus::warning,
            "nothing keeps the clock right; run chrony or systemd-timesyncd"};
  }
  return {"clock", CheckStatus::ok, "the clock is set, and kept right"};
}

Check check_reachable(const std::string& name, const std::string& address, CheckStatus otherwise) {
  const auto error = probe_connect(address, std::chrono::seconds(2));
  if (!error) return {name, CheckStatus::ok, address + " accepts connections"};
  return {name, otherwise, address + " cannot be reached: " + *error};
}

std::vector<Check> run_checks(const node::NodeConfig& config) {
  std::vector<Check> checks;
  checks.push_back({"configuration", CheckStatus::ok,
                    config.file.empty() ? "no file; flags and variables" : config.file});
  for (const std::string& warning : config.warnings) {
    checks.push_back({"configuration", CheckStatus::warning, warning});
  }
  checks.push_back(check_genesis(config.genesis, config.data));
  for (Check& check : check_data(config.data)) checks.push_back(std::move(check));
  checks.push_back(check_port("--mesh", config.mesh, true));
  checks.push_back(check_port("--mesh", config.mesh, false));
  checks.push_back(check_port("--api", config.api, false));
  if (!config.advertise.empty()) checks.push_back(check_advertise(config.advertise));
  checks.push_back(check_clock(std::time(nullptr), clock_is_synchronised()));
  for (const std::string& seed : config.seeds) {
    checks.push_back(check_reachable("seed", seed, CheckStatus::failed));
  }
  if (config.agent) {
    const transport::AgentUrl& url = config.agent->url;
    checks.push_back(
        check_reachable("agent", url.host + ":" + std::to_string(url.port), CheckStatus::warning));
  }
  return checks;
}

}  // namespace cli
