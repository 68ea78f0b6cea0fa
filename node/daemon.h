// The daemon: builds the parts of one node, joins them, and carries the kernel's effects to them.
// Everything but the signature pool and the store's writer runs on the thread that calls run().
//
//   sockets, links, agents --inputs--> Driver --> Kernel --effects--> Daemon::carry_out --> the
//   parts
#pragma once

#include "api/counters.h"
#include "api/http.h"
#include "api/view.h"
#include "base/endpoint.h"
#include "base/ids.h"
#include "crypto/identity.h"
#include "node/agent_gateway.h"
#include "node/agent_prober.h"
#include "node/agreement_channels.h"
#include "node/agreement_disk.h"
#include "node/config.h"
#include "node/config_watch.h"
#include "node/decision_answers.h"
#include "node/decision_waits.h"
#include "node/driver.h"
#include "node/exchanges.h"
#include "node/genesis.h"
#include "node/kept_calls.h"
#include "node/peer_gateway.h"
#include "node/signature_pool.h"
#include "storage/data_directory.h"
#include "storage/store.h"
#include "telemetry/log.h"
#include "transport/agent_client.h"
#include "transport/http_listener.h"
#include "transport/peer_links.h"
#include "transport/resolver.h"
#include "transport/udp_socket.h"

#include <asio/awaitable.hpp>
#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>
#include <asio/steady_timer.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace node {

// What has to be there before a daemon can be built; opened by run_node().
struct Foundation {
  std::optional<base::Endpoint> advertise;  // what the configuration says, looked up
  storage::DataDirectory directory;         // held while the node runs
  crypto::Identity identity;
  Genesis genesis;
  storage::Stored stored;
  std::unique_ptr<storage::Store> store;
  std::unique_ptr<AgreementDisk> agreement;    // null in a mesh without validators
  std::optional<crypto::Identity> voting_key;  // if this node has one
  std::optional<ledger::Invitation> invitation;
};

class Daemon final : private EffectSink {
 public:
  Daemon(asio::io_context& io, NodeConfig config, ConfigSources sources, Foundation foundation,
         telemetry::Log& log);
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;
  ~Daemon() override;

  // Binds the ports; the error is one line for people.
  [[nodiscard]] base::Result<void, std::string> listen();
  // Gives the kernel its first inputs; serves until drained, then stops the io_context.
  void start();
  // It ended since it could not go on, not since it was asked to.
  [[nodiscard]] bool failed() const { return failed_; }

 private:
  void carry_out(kernel::Effect effect) override;
  void carry_out(kernel::AskPeer&& effect);
  void carry_out(kernel::CheckSignatures&& effect);
  void on_disk_late(std::uint64_t epoch) override;
  void on_persisted(std::uint64_t epoch, bool stored);
  void carry_out(kernel::DecidedPolicies&& effect);
  void load_policies();
  [[nodiscard]] std::optional<kernel::AgreementOptions> agreement_options();
  void begin_serving();  // once the epoch is on disk
  void on_drained();
  void linger(base::Instant until);
  void wait_for_signals();
  void leave();
  void read_clock();
  void watch_idleness();
  void resolve_seeds();
  asio::awaitable<void> look_up_seed(std::string seed);
  void apply_agent(const std::optional<AgentConfig>& agent);
  void on_config_text(const std::string& text);

  void serve_api(const api::Request& request, std::unique_ptr<transport::Stream> stream);
  [[nodiscard]] api::Response handle_api(const api::Request& request);
  [[nodiscard]] api::Response look(const DecisionAnswers::Ask& ask);
  [[nodiscard]] std::vector<api::Condition> conditions() const;
  [[nodiscard]] std::string why_no_vote() const;
  [[nodiscard]] std::string why_no_admission() const;
  [[nodiscard]] api::ShellCounters shell_counters() const;
  void log(base::Severity severity, const std::string& text);

  asio::io_context& io_;
  NodeConfig config_;
  const ConfigSources sources_;  // to read a changed file as the first one was read
  Foundation foundation_;
  telemetry::Log& log_;
  const base::Instant started_;
  const base::WallTime started_wall_;

  // Built by start(), when the ports are known; destroyed after all that feeds inputs.
  std::optional<kernel::Kernel> kernel_;
  std::optional<Driver> driver_;

  transport::UdpSocket udp_;
  transport::AgentClient agent_client_;
  Exchanges exchanges_;
  KeptCalls kept_calls_;
  DecisionAnswers decision_answers_;
  AgreementChannels channels_;
  DecisionWaits waits_;
  PeerGateway peer_gateway_;
  AgentGateway agent_gateway_;
  AgentProber prober_;
  transport::PeerLinks links_;
  transport::HttpListener listener_;
  SignaturePool signatures_;

  base::Endpoint mesh_endpoint_;
  api::Access access_;
  kernel::DecidedPolicies decided_policies_;
  const api::AgentParser parse_agent_;
  const api::PolicyReader read_policy_;
  std::string agent_block_;  // as GET /v1/agent shows it; "" = no agent
  api::CallMetrics call_metrics_;
  std::optional<ConfigWatch> watch_;

  asio::signal_set signals_;
  asio::steady_timer epoch_timer_;
  asio::steady_timer clock_timer_;
  asio::steady_timer idle_timer_;
  asio::steady_timer seed_timer_;
  transport::Resolver seed_names_;
  asio::steady_timer linger_timer_;
  std::uint64_t calls_seen_ = 0;  // when idleness was last looked at
  bool gave_back_ = false;        // and no call came since
  bool serving_ = false;
  bool stopping_ = false;
  bool failed_ = false;
};

}  // namespace node
