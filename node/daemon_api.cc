// The daemon's side of its own API: what a request may look at, and who answers.
#include "api/decisions_resource.h"
#include "api/handle.h"
#include "node/clock.h"
#include "node/daemon.h"
#include "node/http_answer.h"
#include "node/kernel/admission.h"
#include "node/program_pages.h"
#include "telemetry/process.h"

#include <functional>
#include <utility>

namespace node {

namespace {

std::optional<api::ShellCounters::Process> process_figures() {
  const auto figures = telemetry::read_process_figures();
  if (!figures) return std::nullopt;
  return api::ShellCounters::Process{.cpu_seconds = figures->cpu_seconds,
                                     .resident_bytes = figures->resident_bytes,
                                     .virtual_bytes = figures->virtual_bytes,
                                     .open_fds = figures->open_fds,
                                     .max_fds = figures->max_fds,
                                     .threads = figures->threads};
}

}  // namespace

// What the API may look at, for one question.
api::Response Daemon::look(const DecisionAnswers::Ask& ask) {
  const std::function<std::vector<api::Condition>()> holds = [this] { return conditions(); };
  const std::function<api::ShellCounters()> shell = [this] { return shell_counters(); };
  return ask(api::View{.kernel = *kernel_,
                       .now = steady_now(),
                       .version = PARLEY_VERSION,
                       .mesh_name = foundation_.genesis.name,
                       .mesh = foundation_.genesis.mesh,
                       .name = config_.name,
                       .started_wall = started_wall_,
                       .started = started_,
                       .access = access_,
                       .agent_block = agent_block_,
                       .parse_agent = parse_agent_,
                       .read_policy = read_policy_,
                       .conditions = holds,
                       .shell = shell,
                       .warnings = config_.warnings,
                       .calls = call_metrics_});
}

void Daemon::serve_api(const api::Request& request, std::unique_ptr<transport::Stream> stream) {
  const api::Response response = handle_api(request);
  if (response.deferred_answer) {
    kept_calls_.answer(*response.deferred_answer, std::move(stream));
  } else if (response.wait) {
    waits_.wait(*response.wait, std::move(stream));
  } else if (decision_answers_.takes(response)) {
    decision_answers_.answer(response, std::move(stream));
  } else {
    answer(*stream, response);
  }
}

api::Response Daemon::handle_api(const api::Request& request) {
  api::Response response =
      look([&request](const api::View& view) { return api::handle(view, request); });
  if (response.agent) {
    agent_block_ = response.agent->block;
    exchanges_.set_agent(transport::AgentUrl::parse(response.agent->url));
  }
  for (kernel::Input& command : response.commands) driver_->feed(std::move(command));
  return response;
}

// "" if it votes, or is no validator.
std::string Daemon::why_no_vote() const {
  const kernel::Agreement* agreement = kernel_->agreement();
  if (agreement == nullptr) return {};
  const consensus::Replica::Standing standing = agreement->replica().standing();
  if (!standing.validator) return {};
  return standing.abstains ? agreement->last_alarm() : foundation_.agreement->log_trouble();
}

std::string Daemon::why_no_admission() const {
  const kernel::Agreement* agreement = kernel_->agreement();
  if (agreement == nullptr) return {};
  return kernel::why_not_admitted(
      *agreement, foundation_.identity.id(),
      {.refused = [this](const base::NodeId& peer) { return links_.refused_by(peer); },
       .linked = links_.counters().links > 0});
}

std::vector<api::Condition> Daemon::conditions() const {
  using Of = api::Condition::Of;
  const storage::StoreHealth store = foundation_.store->health();
  const std::string trouble = foundation_.agreement ? foundation_.agreement->trouble() : "";
  const std::string no_vote = why_no_vote();
  const std::string no_admission = why_no_admission();
  const kernel::Phase phase = kernel_->phase();
  const gossip::Member* self = kernel_->membership().find(foundation_.identity.id());
  const bool joining = self == nullptr || self->state == gossip::MemberState::joining;
  const mesh::AgentCondition agent = kernel_->data_plane().local_load().condition;
  return {
      {"started", Of::startup, serving_, "the epoch of this run is not on disk yet"},
      {"storage", Of::health, store.healthy, store.detail},
      {"agreement", Of::health, trouble.empty(), trouble},
      {"vote", Of::readiness, no_vote.empty(), "this validator does not vote: " + no_vote},
      {"admission", Of::readiness, no_admission.empty(), no_admission},
      {"membership", Of::readiness, !joining, "no other node has answered yet"},
      {"phase", Of::readiness, phase == kernel::Phase::serving,
       "this node is " + std::string(kernel::to_string(phase)) + " and takes no new calls"},
      {"agent", Of::readiness, agent != mesh::AgentCondition::unhealthy,
       "the agent beside this node does not answer"},
  };
}

api::ShellCounters Daemon::shell_counters() const {
  api::ShellCounters out;
  const transport::UdpSocket::Counters& udp = udp_.counters();
  out.datagrams_sent = udp.sent;
  out.datagrams_received = udp.received;
  out.datagrams_dropped = udp.dropped_on_send + driver_->datagrams_dropped();
  out.datagram_bytes_sent = udp.bytes_sent;
  out.datagram_bytes_received = udp.bytes_received;
  const transport::PeerLinksCounters links = links_.counters();
  out.links_open = links.links;
  out.links_dialled = links.handshakes - links.accepted;
  out.links_accepted = links.accepted;
  out.link_streams_open = links.streams;
  out.links_failed = links.failed_to_connect + links.failed_timeout + links.failed_tls;
  out.links_refused = links.failed_certificate + links.failed_identity + links.failed_admission;
  out.api_connections_open = listener_.connections();
  out.api_connections = listener_.counters().accepted;
  out.api_connections_refused = listener_.counters().refused;
  out.agent_connections_open = agent_client_.connections();
  out.api_requests = agent_gateway_.counters().requests;
  out.api_requests_refused = agent_gateway_.counters().refused;
  const storage::StoreHealth store = foundation_.store->health();
  out.storage_writes = store.writes;
  out.storage_failures = store.failures;
  out.storage_queue = store.queued;
  out.storage_healthy = store.healthy;
  out.process = [] { return process_figures(); };
  return out;
}

}  // namespace node
