#include "node/daemon.h"

#include "api/decisions_resource.h"
#include "api/hosts.h"
#include "base/check.h"
#include "base/match.h"
#include "base/strings.h"
#include "node/advertise.h"
#include "node/clock.h"
#include "node/decided_policy.h"
#include "node/http_answer.h"
#include "node/program_pages.h"
#include "node/service_notify.h"

#include <asio/co_spawn.hpp>
#include <asio/post.hpp>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <utility>

namespace node {

namespace {

constexpr base::Duration clock_period = std::chrono::seconds(30);
constexpr base::Duration idle_period = std::chrono::seconds(10);
constexpr base::Duration epoch_grain = std::chrono::seconds(2);  // more than kernel::epoch_before's
constexpr base::Duration seed_lookup_period = std::chrono::seconds(30);
constexpr base::Duration seed_lookup_timeout = std::chrono::seconds(5);
// After the last answer was given and the departure told, what is on its way out gets so long, and
// is looked after so often.
constexpr base::Duration linger_max = std::chrono::seconds(10);
constexpr base::Duration linger_min = std::chrono::milliseconds(200);
constexpr base::Duration linger_period = std::chrono::milliseconds(10);

kernel::PeerFailure failure_of(transport::StreamError error) {
  switch (error) {
    case transport::StreamError::connect_failed:
      return kernel::PeerFailure::unreachable;
    case transport::StreamError::wrong_identity:
      return kernel::PeerFailure::wrong_identity;
    case transport::StreamError::timed_out:
      return kernel::PeerFailure::timed_out;
    case transport::StreamError::connection_lost:
      return kernel::PeerFailure::lost;
    case transport::StreamError::refused:
    case transport::StreamError::cancelled:
    case transport::StreamError::protocol_error:
      return kernel::PeerFailure::refused;
  }
  CHECK(false);
  return {};
}

// What PUT and PATCH /v1/agent take, read by the configuration's own rules.
base::Result<api::ParsedAgent, std::string> parsed_agent(std::string_view json) {
  auto agent = parse_agent_json(json);
  if (!agent) return base::Unexpected{std::move(agent.error())};
  return api::ParsedAgent{url_text(agent->url), std::move(agent->descriptor)};
}

// What POST /v1/proposals takes as a policy: what every node can read, once it is decided.
base::Result<void, std::string> readable_policy(const std::string& name, const std::string& scope,
                                                const std::string& yaml) {
  const auto read = read_decided_policy(name, scope, yaml);
  if (!read) return base::Unexpected{read.error()};
  return {};
}

}  // namespace

Daemon::Daemon(asio::io_context& io, NodeConfig config, ConfigSources sources,
               Foundation foundation, telemetry::Log& log)
    : io_(io),
      config_(std::move(config)),
      sources_(std::move(sources)),
      foundation_(std::move(foundation)),
      log_(log),
      started_(steady_now()),
      started_wall_(wall_now()),
      udp_(io, {}),
      agent_client_(io, {}),
      exchanges_(
          io, agent_client_,
          [this](const base::NodeId& id) -> std::optional<base::Endpoint> {
            const gossip::Member* member = kernel_->membership().find(id);
            if (member == nullptr) return std::nullopt;
            return member->record.record.endpoint;
          },
          [this](std::string_view capability) {
            return kernel_->data_plane().reads_bodies(capability);
          },
          [this](mesh::ExchangeId exchange, KeptRequest request) {
            kept_calls_.keep(exchange, std::move(request));
          }),
      kept_calls_(*foundation_.store, exchanges_),
      decision_answers_(io, foundation_.agreement.get(),
                        [this](const DecisionAnswers::Ask& ask) { return look(ask); }),
      channels_(
          io, {},
          [this](const base::NodeId& id) -> std::optional<base::Endpoint> {
            const gossip::Member* member = kernel_->membership().find(id);
            if (member == nullptr) return std::nullopt;
            return member->record.record.endpoint;
          },
          [this](const base::NodeId& from, base::Bytes frame) {
            driver_->feed(kernel::AgreementReceived{from, std::move(frame)});
          }),
      waits_(io, [this](const base::Digest& op) { return api::on_waited(*kernel_, op); }),
      peer_gateway_(io, exchanges_, channels_),
      agent_gateway_(
          io, exchanges_,
          [this](const api::Request& request, std::unique_ptr<transport::Stream> stream) {
            serve_api(request, std::move(stream));
          },
          [this](std::string_view authority, const transport::Headers& headers) {
            mesh::Headers origin;  // the only field that matters to it
            if (const auto value = transport::find_header(headers, "origin")) {
              origin.push_back({"origin", std::string(*value)});
            }
            return api::refuse_foreign(authority, origin, access_);
          }),
      prober_(io, agent_client_),
      links_(io, foundation_.identity, foundation_.genesis.mesh, peer_gateway_,
             {.wall_clock = wall_now,
              .admit = [this](const base::NodeId& id) { return !kernel_ || kernel_->lets_in(id); },
              .on_link_lost =
                  [this](const base::NodeId& peer) { driver_->feed(kernel::LinkLost{peer}); },
              .on_handshake_failed =
                  [this](const std::string& why) { this->log(base::Severity::warning, why); }},
             {}),
      listener_(io, agent_gateway_, {}),
      signatures_(1,
                  [this](std::vector<SignaturePool::Checked> checked) {
                    asio::post(io_, [this, checked = std::move(checked)]() mutable {
                      for (auto& [batch, verdicts] : checked) {
                        driver_->feed(kernel::SignaturesChecked{batch, std::move(verdicts)});
                      }
                    });
                  }),
      parse_agent_(parsed_agent),
      read_policy_(readable_policy),
      signals_(io),
      epoch_timer_(io),
      clock_timer_(io),
      idle_timer_(io),
      seed_timer_(io),
      seed_names_(io, {.kept_for = base::Duration::zero()}),
      linger_timer_(io) {}

Daemon::~Daemon() {
  if (driver_) driver_->stop();
  peer_gateway_.shut_down();
  channels_.shut_down();
  waits_.shut_down();
  kept_calls_.shut_down();
  decision_answers_.shut_down();
  if (foundation_.agreement) foundation_.agreement->shut_down();
}

// ---- starting ----

base::Result<void, std::string> Daemon::listen() {
  const auto on_datagram = [this](const base::Endpoint& from, base::ByteView bytes,
                                  base::Duration waited) {
    driver_->feed(kernel::DatagramReceived{from, {bytes.begin(), bytes.end()}, waited});
  };
  const auto bind_udp = [&](const base::Endpoint& at) {
    return udp_.bind(at, on_datagram).has_value();
  };
  auto mesh = links_.listen(config_.mesh, bind_udp);
  if (!mesh) {
    return base::Unexpected{mesh.error() + "; choose another --mesh, or end what uses the port"};
  }
  mesh_endpoint_ = *mesh;
  auto api = listener_.listen(config_.api);
  if (!api) {
    return base::Unexpected{"cannot listen on " + config_.api.to_string() +
                            " for agents: " + api.error().message() +
                            "; choose another --api, or end what uses the port"};
  }
  access_ = {.api = *api, .hosts = config_.api_hosts};
  return {};
}

void Daemon::start() {
  kernel::Options options;
  options.mesh = foundation_.genesis.mesh;
  options.name = config_.name;
  options.seeds = config_.seed_endpoints();
  options.calls = config_.policies;
  options.invitation = foundation_.invitation;
  options.advertise = foundation_.advertise.value_or(advertised_endpoint(
      mesh_endpoint_, options.seeds.empty() ? std::nullopt : std::optional(options.seeds.front())));
  if (options.advertise.port == 0) options.advertise.port = mesh_endpoint_.port;
  kernel_.emplace(
      std::move(options), foundation_.identity,
      kernel::Stored{.epoch = kernel::epoch_before(foundation_.stored.epoch, wall_now()),
                     .members = foundation_.stored.members,
                     .descriptors = foundation_.stored.descriptors,
                     .deferred = kept_calls(foundation_.stored.deferred, wall_now())},
      base::Rng(storage::draw_seed()), agreement_options());
  EffectSink& sink = *this;
  driver_.emplace(io_, *kernel_, sink);
  exchanges_.connect(*driver_, links_);
  kept_calls_.connect(*driver_);
  decision_answers_.connect(*driver_);
  peer_gateway_.connect(*driver_);
  channels_.connect(links_);
  if (foundation_.agreement) {
    foundation_.agreement->connect(*driver_);
    foundation_.agreement->watch(
        [this](base::Severity severity, const std::string& text) { log(severity, text); },
        [this] {
          failed_ = true;
          leave();
        });
  }
  prober_.connect(*driver_);

  wait_for_signals();
  driver_->feed(kernel::Started{wall_now()});
  apply_agent(config_.agent);
  read_clock();
  resolve_seeds();
}

std::optional<kernel::AgreementOptions> Daemon::agreement_options() {
  const auto genesis = founding(foundation_.genesis);
  if (!genesis || !foundation_.agreement) return std::nullopt;
  if (const std::string& complaint = foundation_.agreement->complaint(); !complaint.empty()) {
    log(base::Severity::error, complaint);
  }
  kernel::AgreementOptions options{.genesis = *genesis,
                                   .consensus = {},
                                   .voting_key = foundation_.voting_key,
                                   .stored = foundation_.agreement->take_stored()};
  options.consensus.snapshot_after = config_.snapshot_after;
  return options;
}

// A disk that does not take the epoch does not stop the node, but holds it up for a moment: epochs
// also follow the calendar's seconds, so once this second is over, the next run takes a higher one
// even if it cannot read this one. No nonce and no version is then ever used twice.
void Daemon::on_persisted(std::uint64_t epoch, bool stored) {
  if (!driver_->waits_for(epoch)) return;  // it went on without
  if (stored) {
    driver_->persisted(epoch);
    if (!serving_) begin_serving();
    return;
  }
  log(base::Severity::error, foundation_.store->health().detail);
  if (!kernel::is_plausible(wall_now())) {
    log(base::Severity::error,
        "without a disk and a clock that can be right this node may not start");
    return;
  }
  epoch_timer_.expires_after(epoch_grain);
  epoch_timer_.async_wait([this, epoch](const std::error_code& error) {
    if (!error) on_persisted(epoch, true);
  });
}

// A disk that hangs instead of failing.
void Daemon::on_disk_late(std::uint64_t /*epoch*/) {
  log(base::Severity::error, "the disk of " + config_.data +
                                 " does not say that it has the epoch of this run; going on "
                                 "without: look at the disk");
  if (!serving_) begin_serving();
}

void Daemon::begin_serving() {
  serving_ = true;
  std::printf("ready id=%s mesh=%s api=%s\n", foundation_.identity.id().hex().c_str(),
              mesh_endpoint_.to_string().c_str(), access_.api.to_string().c_str());
  std::fflush(stdout);
  notify_service_manager("READY=1");
  watch_idleness();
  if (config_.file.empty()) return;
  watch_.emplace(io_, config_.file, [this](const std::string& text) { on_config_text(text); });
}

void Daemon::wait_for_signals() {
  signals_.add(SIGTERM);
  signals_.add(SIGINT);
  signals_.async_wait([this](const std::error_code& error, int /*signal*/) {
    if (error) return;
    if (std::exchange(stopping_, true)) {
      log(base::Severity::warning, "asked twice to stop: ending now, without waiting for calls");
      io_.stop();
      return;
    }
    leave();
    wait_for_signals();
  });
}

void Daemon::leave() {
  notify_service_manager("STOPPING=1");
  driver_->feed(kernel::DrainRequested{.leave = true});
}

void Daemon::on_drained() {
  decision_answers_.drain();
  listener_.drain();
  links_.shut_down();
  const bool in_time = exchanges_.size() == 0;  // else they had the time of the drain, and no more
  linger(steady_now() + (in_time ? linger_max : linger_min));
}

// The exchanges are over, but the ends of their answers may still be on their way to slow readers.
// Whoever waits for a decision may hear of it by the channels of agreement, which end after them.
void Daemon::linger(base::Instant until) {
  linger_timer_.expires_after(linger_period);
  linger_timer_.async_wait([this, until](const std::error_code& /*error*/) {
    const std::size_t connections = listener_.connections();
    if (connections == 0) channels_.drain();
    const std::size_t links = links_.counters().links;
    const bool sent = connections == 0 && links == 0;
    if (!sent && steady_now() < until) return linger(until);
    if (!sent) {
      log(base::Severity::warning,
          "ending although not all is sent: " + std::to_string(connections) + " connections and " +
              std::to_string(links) + " links are open");
    }
    driver_->stop();
    io_.stop();
  });
}

void Daemon::read_clock() {
  clock_timer_.expires_after(clock_period);
  clock_timer_.async_wait([this](const std::error_code& error) {
    if (error) return;
    driver_->feed(kernel::ClockRead{wall_now()});
    read_clock();
  });
}

// A node without a call for a while takes no more memory than it needs for that.
void Daemon::watch_idleness() {
  idle_timer_.expires_after(idle_period);
  idle_timer_.async_wait([this](const std::error_code& error) {
    if (error) return;
    const std::uint64_t calls = kernel_->data_plane().counters().exchanges;
    const bool idle = calls == std::exchange(calls_seen_, calls) && exchanges_.size() == 0;
    if (idle && !gave_back_) give_back_unused_memory();
    gave_back_ = idle;
    watch_idleness();
  });
}

// Seeds that are given by name: looked up now and again later, since names move.
void Daemon::resolve_seeds() {
  for (const std::string& seed : config_.seed_names()) {
    asio::co_spawn(io_, look_up_seed(seed), [this, seed](const std::exception_ptr& failure) {
      if (failure) log(base::Severity::error, "the lookup of the seed " + seed + " broke off");
    });
  }
  seed_timer_.expires_after(seed_lookup_period);
  seed_timer_.async_wait([this](const std::error_code& error) {
    if (!error) resolve_seeds();
  });
}

asio::awaitable<void> Daemon::look_up_seed(std::string seed) {
  const auto found = co_await seed_names_.resolve(seed, seed_lookup_timeout);
  if (!found) {
    log(base::Severity::warning, "cannot resolve the seed " + seed + ": " +
                                     found.error().message() + "; trying again in " +
                                     base::format_duration(seed_lookup_period));
    co_return;
  }
  for (const base::Endpoint& at : *found) driver_->feed(kernel::SeedResolved{at});
}

// ---- effects ----

void Daemon::carry_out(kernel::Effect effect) {
  base::match(
      std::move(effect),
      [&](kernel::Persist&& e) {
        foundation_.store->persist_epoch(
            e.epoch, [this, epoch = e.epoch](bool stored) { on_persisted(epoch, stored); });
      },
      [&](kernel::SaveMember&& e) { foundation_.store->save_member(e.id, std::move(e.record)); },
      [&](kernel::SaveDescriptor&& e) {
        foundation_.store->save_descriptor(e.digest, std::move(e.descriptor));
      },
      [&](kernel::ForgetMember&& e) { foundation_.store->forget_member(e.id); },
      [&](kernel::SendDatagram&& e) { udp_.send(e.to, e.datagram); },
      [&](kernel::AskPeer&& e) { carry_out(std::move(e)); },
      [&](kernel::AnswerPeer&& e) { peer_gateway_.answer_question(e.question, e.body); },
      [&](kernel::DropLinks&& e) { links_.drop(e.node); },
      [&](kernel::SendAgreement&& e) { channels_.send(e.to, e.frame); },
      [&](kernel::DecidedPolicies&& e) { carry_out(std::move(e)); },
      [&](kernel::AppendLog&& e) { foundation_.agreement->carry_out(std::move(e)); },
      [&](kernel::SyncLog&& e) { foundation_.agreement->carry_out(e); },
      [&](kernel::RewriteLog&& e) { foundation_.agreement->carry_out(std::move(e)); },
      [&](kernel::StoreDecisions&& e) {
        waits_.on_decided(e);
        foundation_.agreement->carry_out(std::move(e));
        decision_answers_.on_decided();
      },
      [&](kernel::StoreState&& e) { foundation_.agreement->carry_out(std::move(e)); },
      [&](kernel::KeepPiece&& e) { foundation_.agreement->carry_out(std::move(e)); },
      [&](kernel::StoreEpoch&& e) { foundation_.agreement->carry_out(std::move(e)); },
      [&](kernel::SpendKey&& e) { foundation_.agreement->carry_out(e); },
      [&](kernel::ReadDecisions&& e) { foundation_.agreement->carry_out(e); },
      [&](kernel::ProposalSettled&& e) { decision_answers_.carry_out(e); },
      [&](kernel::CheckSignatures&& e) { carry_out(std::move(e)); },
      [&](mesh::DeliverCall&& e) { kept_calls_.carry_out(e); },
      [&](mesh::EndDelivery&& e) { kept_calls_.carry_out(e); },
      [&](mesh::ForgetCall&& e) { kept_calls_.carry_out(e); },
      [&](mesh::ProbeAgent&& e) { prober_.probe(e, exchanges_.agent()); },
      [&](mesh::ExchangeSettled&& e) {
        const auto& catalogue = kernel_->data_plane().catalogue();
        call_metrics_.on_settled(e,
                                 e.attempts > 0 || !catalogue.providers_of(e.capability).empty());
        exchanges_.carry_out(e);
      },
      [&](base::Transition&& e) {
        call_metrics_.on_transition(e);
        if (log_.tells(e)) log_.transition(e, {steady_now(), wall_now()});
      },
      [&](base::Notice&& e) { log(e.severity, e.text); }, [&](kernel::Drained&&) { on_drained(); },
      [&](auto&& e) { exchanges_.carry_out(std::forward<decltype(e)>(e)); });
}

void Daemon::carry_out(kernel::CheckSignatures&& effect) {
  if (auto verdicts = signatures_.check_now(effect.checks, steady_now())) {
    driver_->feed(kernel::SignaturesChecked{effect.batch, *std::move(verdicts)});
  } else {
    signatures_.submit(effect.batch, std::move(effect.checks));
  }
}

void Daemon::carry_out(kernel::AskPeer&& effect) {
  links_.ask(
      effect.node, effect.at, std::move(effect.body), effect.timeout,
      [this, request = effect.request](transport::PeerLinks::Answer answer) {
        if (answer) {
          driver_->feed(kernel::PeerAnswered{request, answer->first, std::move(answer->second)});
        } else {
          driver_->feed(kernel::PeerFailed{request, failure_of(answer.error())});
        }
      });
}

// ---- configuration and API ----

void Daemon::carry_out(kernel::DecidedPolicies&& effect) {
  decided_policies_ = std::move(effect);
  load_policies();
}

// What was decided for all, and what this node's own file says.
void Daemon::load_policies() {
  mesh::Options options = config_.policies;
  for (const kernel::DecidedPolicies::Policy& decided : decided_policies_.policies) {
    auto read = read_decided_policy(decided.name, decided.scope, decided.yaml);
    if (!read) {
      log(base::Severity::error, read.error() + " (it has no effect on this node)");
      continue;
    }
    for (mesh::Policy& policy : *read) {
      policy.authority =
          decided.local_may_override ? mesh::Authority::decided_default : mesh::Authority::decided;
      options.policies.push_back(std::move(policy));
    }
  }
  driver_->feed(kernel::PoliciesChanged{std::move(options)});
}

void Daemon::apply_agent(const std::optional<AgentConfig>& agent) {
  if (!agent) {
    exchanges_.set_agent(std::nullopt);
    agent_block_.clear();
    driver_->feed(kernel::AgentConfigured{std::nullopt});
    return;
  }
  exchanges_.set_agent(agent->url);
  agent_block_ = agent_json(*agent);
  driver_->feed(kernel::AgentConfigured{agent->descriptor});
}

// A valid change below agent: and policies: is live at once, an invalid file changes nothing.
void Daemon::on_config_text(const std::string& text) {
  auto changed = parse_config(text, config_.file, sources_);
  if (!changed) {
    for (const ConfigError& error : changed.error()) {
      log(base::Severity::error, error.text() + " (the running configuration stays)");
    }
    return;
  }
  for (const std::string& key : restart_keys(config_, *changed)) {
    log(base::Severity::warning, config_.file + ": " + key + " changed: it waits for a restart");
  }
  if (changed->agent != config_.agent) apply_agent(changed->agent);
  config_.agent = std::move(changed->agent);
  if (changed->policies != config_.policies) {
    config_.policies = std::move(changed->policies);
    load_policies();
  }
  config_.warnings = std::move(changed->warnings);
  log(base::Severity::info, config_.file + ": read again; agent and policies are live");
}

void Daemon::log(base::Severity severity, const std::string& text) {
  log_.write(severity, text, {steady_now(), wall_now()});
}

}  // namespace node
