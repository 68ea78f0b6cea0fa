#include "api/metrics.h"

#include "api/exposition.h"
#include "api/health.h"
#include "node/kernel/kernel.h"

#include <array>
#include <initializer_list>
#include <map>

namespace api {
namespace {

constexpr gossip::MemberState member_states[] = {
    gossip::MemberState::joining,  gossip::MemberState::serving, gossip::MemberState::at_capacity,
    gossip::MemberState::draining, gossip::MemberState::left,    gossip::MemberState::suspect,
    gossip::MemberState::dead};

void write_build(Exposition& out, const View& view) {
  out.family("parley_build_info", "gauge", "1, with the version of the program as a label.");
  out.sample({{"version", view.version}}, std::uint64_t{1});
  out.gauge("parley_uptime_seconds", "How long this process has run.",
            base::in_seconds(view.now - view.started));
}

void write_resilience(Exposition& out, const mesh::Counters& counters) {
  out.counter("parley_retries_denied_total", "Retries and hedges not made for want of budget.",
              counters.retries_denied);
  out.counter("parley_hedges_total", "Attempts made beside a slow one.", counters.hedges);
  out.counter("parley_fallbacks_total", "Times another capability was asked instead.",
              counters.fallbacks);
  out.counter("parley_ejections_total", "Agents left out because they are slower than their peers.",
              counters.ejections);
  out.counter("parley_rate_limited_total", "Exchanges refused by a rate limit of this node.",
              counters.rate_limited);
  out.counter("parley_shed_total", "Exchanges refused by a bulkhead of this node.", counters.shed);
  out.counter("parley_idle_timeouts_total", "Answers cut because nothing of them came any more.",
              counters.idle_timeouts);
  out.family("parley_faults_injected_total", "counter",
             "Attempts into which a policy injected a fault, by kind.");
  out.sample({{"kind", "delay"}}, counters.faults_delay);
  out.sample({{"kind", "abort"}}, counters.faults_abort);
  out.sample({{"kind", "answer"}}, counters.faults_answer);
}

void write_deferrals(Exposition& out, const mesh::Deferrals& deferrals) {
  const mesh::Deferrals::Counters& counters = deferrals.counters();
  out.family("parley_deferred_total", "counter",
             "Calls that nobody could take and that were to be kept for later, by what became of "
             "them.");
  out.sample({{"result", "kept"}}, counters.kept);
  out.sample({{"result", "delivered"}}, counters.delivered);
  out.sample({{"result", "dropped"}}, counters.dropped);
  out.sample({{"result", "refused"}}, counters.refused);
  out.gauge("parley_deferred_waiting", "Calls that wait for their delivery.",
            static_cast<std::uint64_t>(deferrals.waiting()));
}

// Of those that were ever called: the others have nothing to say.
void write_breakers(Exposition& out, const mesh::Catalogue& catalogue) {
  constexpr std::size_t series_max = 1'000;
  out.family("parley_breaker_state", "gauge",
             "Circuit breakers of agents that were called: 0 closed, 1 half open, 2 open.");
  std::size_t series = 0;
  for (const auto& [capability, offers] : catalogue.by_capability()) {
    for (const mesh::Catalogue::Offer& offer : offers) {
      const mesh::Standing& standing = *offer.standing;
      if (standing.score.success().samples <= 0 && standing.breaker.opened() == 0) continue;
      if (++series > series_max) return;
      const auto state = standing.breaker.state();
      using State = mesh::resilience::Breaker::State;
      const std::uint64_t value = state == State::closed ? 0U : state == State::half_open ? 1U : 2U;
      const base::NodeId& node = offer.entry->node;
      out.sample({{"capability", capability},
                  {"agent", offer.entry->provider.name},
                  {"node", node.short_hex()}},
                 value);
    }
  }
}

void write_calls(Exposition& out, const mesh::DataPlane& data_plane, const CallMetrics& calls) {
  const mesh::Counters& counters = data_plane.counters();
  out.family("parley_requests_total", "counter",
             "Exchanges settled, by the nodes they went between, capability and outcome.");
  for (const auto& [key, count] : calls.requests()) {
    out.sample({{"source", key.source},
                {"destination", key.destination},
                {"capability", key.capability},
                {"outcome", mesh::to_string(key.outcome)}},
               count);
  }
  out.family("parley_request_duration_seconds", "histogram",
             "From the arrival of an exchange to its settling.");
  for (const auto& [capability, sums] : calls.capabilities()) {
    out.histogram({{"capability", capability}}, duration_buckets, sums.duration.counts,
                  sums.duration.sum);
  }
  out.family("parley_attempts_total", "counter", "Attempts at agents and at other nodes.");
  for (const auto& [capability, sums] : calls.capabilities()) {
    out.sample({{"capability", capability}}, sums.attempts);
  }
  out.counter("parley_retries_total", "Attempts after the first of an exchange.", counters.retries);
  write_resilience(out, counters);
  write_breakers(out, data_plane.catalogue());
  write_deferrals(out, data_plane.deferrals());
  out.counter("parley_duplicates_total", "Requests recognised as duplicates.", counters.duplicates);
  out.counter("parley_agent_probes_total", "Health checks of the agent.", counters.probes);
  out.family("parley_refusals_total", "counter", "Exchanges answered by the mesh, by its code.");
  for (std::size_t code = 0; code < counters.refusals.size(); ++code) {
    out.sample({{"code", mesh::to_string(static_cast<mesh::ProblemCode>(code))}},
               counters.refusals.at(code));
  }
  out.gauge("parley_exchanges", "Exchanges in flight at this node.",
            static_cast<std::uint64_t>(data_plane.exchanges()));
  out.gauge("parley_agent_in_flight", "Calls in flight at this node's agent.",
            std::uint64_t{data_plane.in_flight()});
}

void write_members(Exposition& out, const gossip::Membership& membership) {
  std::map<gossip::MemberState, std::uint64_t> states;
  for (const auto& [id, member] : membership.members()) ++states[member.state];
  out.family("parley_members", "gauge", "Members in the view of this node, itself included.");
  for (const gossip::MemberState state : member_states) {
    out.sample({{"state", gossip::to_string(state)}}, states[state]);
  }
}

void write_durations(Exposition& out, std::string_view name, std::string_view help,
                     const gossip::DurationCounts& durations) {
  std::array<double, gossip::DurationCounts::bounds_ms.size()> bounds{};
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    bounds.at(i) = static_cast<double>(gossip::DurationCounts::bounds_ms.at(i)) / 1'000;
  }
  out.family(name, "histogram", help);
  out.histogram({}, bounds, durations.counts, durations.sum);
}

void write_gossip(Exposition& out, const gossip::Counters& counters, const ShellCounters& shell) {
  out.family("parley_gossip_bytes_total", "counter", "Bytes of datagrams, with their seals.");
  out.sample({{"direction", "sent"}}, shell.datagram_bytes_sent);
  out.sample({{"direction", "received"}}, shell.datagram_bytes_received);
  out.family("parley_gossip_datagrams_total", "counter", "Datagrams, garbage included.");
  out.sample({{"direction", "sent"}}, shell.datagrams_sent);
  out.sample({{"direction", "received"}}, shell.datagrams_received);
  out.counter("parley_gossip_datagrams_dropped_total",
              "Datagrams that the socket would not take, or that waited for a hung disk.",
              shell.datagrams_dropped);
  write_durations(out, "parley_gossip_convergence_seconds",
                  "From publishing an own record until a probed member has the same view.",
                  counters.convergence);
  write_durations(out, "parley_gossip_detection_seconds",
                  "From the first accusation of a member until it is dead in this view.",
                  counters.detection);
  out.counter("parley_gossip_probes_total", "Probes sent.", counters.probes_sent);
  out.counter("parley_gossip_probes_failed_total", "Probes that found no answer by any way.",
              counters.probes_failed);
  out.counter("parley_gossip_accusations_total", "Accusations this node made.",
              counters.accusations_made);
  out.counter("parley_gossip_refutations_total", "Own records published because of an accusation.",
              counters.refutations);
  out.counter("parley_gossip_false_alarms_total", "Suspects that turned out to live.",
              counters.false_alarms);
  out.counter("parley_gossip_deaths_total", "Members declared dead.", counters.deaths);
  out.counter("parley_gossip_starvations_total", "Times this node found itself starved of CPU.",
              counters.starvations);
  out.counter("parley_gossip_items_received_total", "Records and accusations that came in.",
              counters.items_received);
  out.counter("parley_gossip_items_shed_total",
              "Records and accusations not looked at, because this node was behind.",
              counters.items_shed);
  out.counter("parley_gossip_items_refused_total",
              "Of these, those out of bounds, over a rate, or badly signed.",
              counters.items_refused);
  out.counter("parley_gossip_signatures_checked_total", "Signatures checked.",
              counters.signatures_checked);
  out.counter("parley_gossip_syncs_total", "Anti-entropy exchanges over a link.", counters.syncs);
  out.counter("parley_gossip_records_published_total", "Own records published.",
              counters.records_published);
  out.counter("parley_reports_published_total", "Observation reports this node signed.",
              counters.reports_published);
  out.counter("parley_reports_received_total", "Observation reports that came in.",
              counters.reports_received);
  out.counter("parley_reports_refused_total",
              "Of these, those that are unsound, unasked, of no member, or badly signed.",
              counters.reports_refused);
  out.gauge("parley_reports_held", "Observation reports of others that are held.",
            std::uint64_t{counters.reports});
  out.gauge("parley_gossip_rumors", "Items still being told.", std::uint64_t{counters.rumors});
  out.gauge("parley_gossip_health", "Lifeguard's local health; 0 is healthy.",
            std::uint64_t{counters.health});
}

void write_links(Exposition& out, const ShellCounters& shell) {
  out.gauge("parley_links", "TLS links to other nodes, open now.", shell.links_open);
  out.gauge("parley_link_streams", "Streams on these links, open now.", shell.link_streams_open);
  out.family("parley_links_made_total", "counter", "Links made, by who dialled.");
  out.sample({{"by", "self"}}, shell.links_dialled);
  out.sample({{"by", "peer"}}, shell.links_accepted);
  out.counter("parley_links_failed_total", "Connects and handshakes that came to nothing.",
              shell.links_failed);
  out.counter("parley_links_refused_total", "Links refused because of identity or mesh.",
              shell.links_refused);
  out.gauge("parley_api_connections", "Connections to the API, open now.",
            shell.api_connections_open);
  out.counter("parley_api_connections_total", "Connections to the API.", shell.api_connections);
  out.counter("parley_api_connections_refused_total", "Connections over the bound.",
              shell.api_connections_refused);
  out.counter("parley_api_requests_total", "Requests to the API, calls included.",
              shell.api_requests);
  out.counter("parley_api_requests_refused_total", "Requests refused before they were read.",
              shell.api_requests_refused);
  out.gauge("parley_agent_connections", "Connections to the agent, open now.",
            shell.agent_connections_open);
}

void write_gate(Exposition& out, const kernel::Kernel& kernel) {
  using kernel::GateError;
  const auto refused = [&](std::initializer_list<GateError> errors) {
    std::uint64_t sum = 0;
    for (const GateError error : errors) sum += kernel.gate().refused(error);
    return sum;
  };
  out.family("parley_gate_refused_total", "counter",
             "What arrived and was turned away, by reason.");
  out.sample({{"reason", "undecodable"}},
             refused({GateError::wrong_size, GateError::unknown_version}) + kernel.undecodable());
  out.sample({{"reason", "foreign"}},
             refused({GateError::foreign_mesh, GateError::unknown_sender}));
  out.sample({{"reason", "replayed"}}, refused({GateError::replayed}));
  out.sample({{"reason", "forged"}}, refused({GateError::not_authentic, GateError::unusable_key}));
  out.sample({{"reason", "limited"}},
             refused({GateError::rate_limited, GateError::introductions_limited}));
}

void write_storage(Exposition& out, const ShellCounters& shell) {
  out.counter("parley_storage_writes_total", "Writes to the store.", shell.storage_writes);
  out.counter("parley_storage_failures_total", "Writes that failed.", shell.storage_failures);
  out.gauge("parley_storage_queue", "Writes that wait.", shell.storage_queue);
  out.gauge("parley_storage_healthy", "1 if the last write succeeded.",
            std::uint64_t{shell.storage_healthy ? 1U : 0U});
}

void write_agreement(Exposition& out, const kernel::Agreement& agreement, const View& view) {
  const consensus::Replica::Standing standing = agreement.replica().standing();
  out.counter("parley_decisions_total", "Ops that were decided, in this run.", agreement.decided());
  out.gauge("parley_agreement_epoch", "Epochs of the committee, from 0.", standing.epoch);
  out.gauge("parley_agreement_view", "The view that agreement is in.", standing.view);
  out.gauge("parley_agreement_height", "Blocks decided, of all epochs.", standing.height);
  out.gauge("parley_agreement_pending", "Ops that wait to be decided.",
            std::uint64_t{standing.pending_ops});
  const bool votes = standing.validator && !standing.abstains && lacking(view, "vote").empty();
  out.gauge("parley_agreement_votes", "1 if this node is a validator and votes.",
            std::uint64_t{votes ? 1U : 0U});
  out.gauge("parley_agreement_stale", "1 if nothing was heard of decisions for three heartbeats.",
            std::uint64_t{agreement.stale(view.now) ? 1U : 0U});
  out.counter("parley_agreement_alarms_total", "What needs a person: see the log.",
              agreement.alarms());
}

void write_conditions(Exposition& out, const View& view) {
  out.family("parley_condition_holds", "gauge",
             "1 if what must hold for the node to be healthy and ready does; /readyz says more.");
  for (const Condition& condition : view.conditions()) {
    out.sample({{"condition", condition.name}}, std::uint64_t{condition.holds ? 1U : 0U});
  }
}

void write_transitions(Exposition& out, const CallMetrics& calls) {
  out.family("parley_transitions_total", "counter", "Phase changes of the node's state machines.");
  for (const auto& [key, count] : calls.transitions()) {
    out.sample({{"machine", key.machine}, {"from", key.from}, {"to", key.to}}, count);
  }
}

void write_process(Exposition& out, const View& view, const ShellCounters& shell) {
  const auto read = shell.process ? shell.process() : std::optional<ShellCounters::Process>();
  if (!read) return;
  const ShellCounters::Process& process = *read;
  out.family("process_cpu_seconds_total", "counter", "User and system CPU time.");
  out.sample({}, process.cpu_seconds);
  out.gauge("process_resident_memory_bytes", "Resident memory.", process.resident_bytes);
  out.gauge("process_virtual_memory_bytes", "Virtual memory.", process.virtual_bytes);
  out.gauge("process_open_fds", "Open file descriptors.", process.open_fds);
  out.gauge("process_max_fds", "Most file descriptors that may be open.", process.max_fds);
  out.gauge("process_threads", "Threads.", process.threads);
  out.gauge("process_start_time_seconds", "When the process started, since 1970-01-01 UTC.",
            static_cast<double>(view.started_wall.milliseconds) / 1'000);
}

}  // namespace

std::string metrics(const View& view) {
  Exposition out;
  const ShellCounters shell = view.shell();
  write_build(out, view);
  write_calls(out, view.kernel.data_plane(), view.calls);
  write_members(out, view.kernel.membership());
  write_gossip(out, view.kernel.membership().counters(), shell);
  write_links(out, shell);
  write_gate(out, view.kernel);
  write_storage(out, shell);
  if (const kernel::Agreement* agreement = view.kernel.agreement()) {
    write_agreement(out, *agreement, view);
  }
  write_conditions(out, view);
  write_transitions(out, view.calls);
  write_process(out, view, shell);
  return out.text();
}

}  // namespace api
