#include "cli/command.h"
#include "cli/http_client.h"
#include "cli/verbs.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <netdb.h>
#include <nlohmann/json.hpp>
#include <sys/socket.h>

#include <array>
#include <memory>
#include <optional>

namespace cli {
namespace {

struct JoinOptions {
  CommandOptions command;
  std::string seed;
};

// The node takes numbers; the name is looked up here, where the operator sees what is wrong with
// it.
base::Result<std::string, std::string> resolve(const std::string& seed) {
  const auto parts = split_address(seed);
  if (!parts) return base::Unexpected{std::string("it is not of the form HOST:PORT")};
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(parts->first.c_str(), parts->second.c_str(), &hints, &found);
  if (error != 0) return base::Unexpected{std::string(gai_strerror(error))};
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  std::array<char, NI_MAXHOST> host{};
  ::getnameinfo(found->ai_addr, found->ai_addrlen, host.data(), host.size(), nullptr, 0,
                NI_NUMERICHOST);
  const bool v6 = found->ai_family == AF_INET6;
  return (v6 ? "[" : "") + std::string(host.data()) + (v6 ? "]:" : ":") + parts->second;
}

int join(Console& console, const JoinOptions& options) {
  const auto seed = resolve(options.seed);
  if (!seed)
    return fail_usage(console, "cannot use the seed " + options.seed + ": " + seed.error());
  return send_command(console, options.command, "/v1/join", Json{{"seed", *seed}}.dump());
}

}  // namespace

void add_join(CLI::App& app, Action& action) {
  auto options = std::make_shared<JoinOptions>();  // owned by the callback below
  CLI::App* verb = app.add_subcommand("join", "Join the mesh of another node");
  verb->footer("Example:\n  parley join 10.0.0.1:7400");
  verb->add_option("seed", options->seed, "Mesh address of any member")
      ->required()
      ->type_name("HOST:PORT");
  add_command_options(*verb, options->command);
  verb->callback([options, &action] {
    action = [options](Console& console) { return join(console, *options); };
  });
}

}  // namespace cli
