#include "node/run.h"

#include "api/invitations_resource.h"
#include "node/advertise.h"
#include "node/clock.h"
#include "node/daemon.h"
#include "node/data_mesh.h"
#include "node/genesis.h"
#include "storage/data_directory.h"
#include "storage/key_file.h"
#include "storage/store.h"
#include "telemetry/log.h"

#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <sodium.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace node {

namespace {

enum ExitCode : int { done = 0, failed = 1, wrong_configuration = 2 };

int complain(ExitCode code, const std::string& text) {
  std::fprintf(stderr, "parley: %s\n", text.c_str());
  return code;
}

struct StartError {
  ExitCode code;
  std::string text;
};

base::Unexpected<StartError> start_error(ExitCode code, std::string text) {
  return base::Unexpected{StartError{code, std::move(text)}};
}

struct AgreementParts {
  std::unique_ptr<AgreementDisk> disk;
  std::optional<crypto::Identity> voting_key;
};

// Nothing of both in a mesh without validators.
base::Result<AgreementParts, StartError> open_agreement(asio::io_context& io,
                                                        const NodeConfig& config,
                                                        const Genesis& genesis) {
  AgreementParts parts;
  if (!founding(genesis)) return parts;
  // An observer has one, too: the committee may give it a seat while it runs.
  auto voter = storage::load_or_create_key(config.data, storage::KeyKind::voter);
  if (!voter) return start_error(wrong_configuration, voter.error().text());
  parts.voting_key = crypto::Identity::from_seed(*voter);
  auto disk = AgreementDisk::open(io, config.data, parts.voting_key->id());
  if (!disk) return start_error(failed, disk.error());
  parts.disk = std::move(*disk);
  return parts;
}

// What the operator wrote and what can be mended by writing something else is the configuration;
// what the disk or a name server does is a failure.
base::Result<Foundation, StartError> open_foundation(asio::io_context& io,
                                                     const NodeConfig& config) {
  auto genesis = load_genesis(config.genesis);
  if (!genesis) return start_error(wrong_configuration, genesis.error());
  std::optional<base::Endpoint> advertise;
  if (!config.advertise.empty()) {
    auto given = given_endpoint(config.advertise);
    if (!given) return start_error(failed, given.error());
    advertise = *given;
  }
  std::optional<ledger::Invitation> invitation;
  if (!config.invitation.empty()) {
    invitation = api::invitation_named(config.invitation);
    if (!invitation) {
      return start_error(wrong_configuration,
                         "--invitation: is none; give what parley invite printed, pi1:...");
    }
  }
  auto directory = storage::DataDirectory::open(config.data);
  if (!directory) return start_error(wrong_configuration, directory.error().text());
  if (const auto fits = check_data_mesh(config.data, *genesis); !fits) {
    return start_error(wrong_configuration, fits.error());
  }
  auto seed = storage::load_or_create_key(config.data, storage::KeyKind::identity);
  if (!seed) return start_error(wrong_configuration, seed.error().text());
  auto store = storage::Store::open(
      config.data, {}, [&io](std::function<void()> run) { asio::post(io, std::move(run)); });
  if (!store) return start_error(failed, store.error().text);
  auto stored = (*store)->load();
  if (!stored) return start_error(failed, stored.error().text);
  auto agreement = open_agreement(io, config, *genesis);
  if (!agreement) return base::Unexpected{agreement.error()};
  return Foundation{.advertise = advertise,
                    .directory = std::move(*directory),
                    .identity = crypto::Identity::from_seed(*seed),
                    .genesis = std::move(*genesis),
                    .stored = std::move(*stored),
                    .store = std::move(*store),
                    .agreement = std::move(agreement->disk),
                    .voting_key = std::move(agreement->voting_key),
                    .invitation = std::move(invitation)};
}

}  // namespace

int run_node(const ConfigSources& sources) {
  if (sodium_init() < 0) return complain(failed, "the system gives no random numbers");
  auto config = load_config(sources);
  if (!config) {
    for (const ConfigError& error : config.error()) complain(wrong_configuration, error.text());
    return wrong_configuration;
  }

  const bool json = config->log == LogFormat::json;
  telemetry::LogOptions log_options;
  log_options.format = json ? telemetry::LogFormat::json : telemetry::LogFormat::text;
  log_options.level = config->log_level;
  log_options.color = !json && telemetry::stderr_wants_color();
  telemetry::Log log(log_options, telemetry::stderr_sink());
  for (const std::string& warning : config->warnings) {
    log.write(base::Severity::warning, warning, {steady_now(), wall_now()});
  }

  // A bound on the size of files is a failed write, which the store reports, and not the end.
  std::signal(SIGXFSZ, SIG_IGN);
  asio::io_context io(1);
  auto foundation = open_foundation(io, *config);
  if (!foundation) return complain(foundation.error().code, foundation.error().text);
  if (config->name.empty()) config->name = foundation->identity.id().short_hex();

  Daemon daemon(io, std::move(*config), sources, std::move(*foundation), log);
  if (auto listening = daemon.listen(); !listening) return complain(failed, listening.error());
  daemon.start();
  io.run();
  return daemon.failed() ? failed : done;
}

}  // namespace node
