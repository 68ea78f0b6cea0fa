#include "mesh/data_plane.h"

#include "base/check.h"
#include "mesh/agent_health.h"
#include "mesh/calls.h"
#include "mesh/requirements.h"
#include "mesh/routing/explain.h"

#include <algorithm>
#include <utility>

namespace mesh {

// The parts know each other by reference, so this never moves.
struct DataPlane::State {
  State(Options chosen, base::NodeId self_id, std::string self_name, base::Rng rng)
      : options(std::move(chosen)),
        self(self_id),
        name(std::move(self_name)),
        calls({.options = options,
               .policies = policies,
               .catalogue = catalogue,
               .health = health,
               .counters = counters,
               .self = self,
               .name = name},
              rng) {
    policies.load(options.policies, options.usual);
  }

  // What the operator should know about the agent: its condition changed in the meantime.
  void tell_condition(AgentCondition before, Effects& effects) const {
    const AgentCondition after = health.condition();
    if (before == after) return;
    effects.emplace_back(base::Transition{
        .machine = "agent", .from = to_string(before), .to = to_string(after), .subject = name});
  }

  // Where a call looks for them.
  void hand_out_opinions(std::string_view capability) const {
    for (const Catalogue::Offer& offer : catalogue.providers_of(capability)) {
      const score::Opinion* opinion = observations.of(capability, offer.entry->node);
      offer.standing->opinion = opinion == nullptr ? score::Opinion{} : *opinion;
    }
  }

  Options options;
  PolicyTable policies;
  const base::NodeId self;
  const std::string name;
  Catalogue catalogue;
  score::Observations observations;
  AgentHealth health;
  Counters counters;
  Calls calls;  // last: it refers to all of the above
};

DataPlane::DataPlane(Options options, base::NodeId self, std::string name, base::Rng rng)
    : state_(std::make_unique<State>(std::move(options), self, std::move(name), rng)) {}
DataPlane::~DataPlane() = default;
DataPlane::DataPlane(DataPlane&&) noexcept = default;

void DataPlane::on_time(base::Instant now, Effects& effects) {
  const AgentCondition before = state_->health.condition();
  state_->calls.on_time(now, effects);
  if (std::optional<ProbeAgent> probe = state_->health.on_time(state_->options, now)) {
    ++state_->counters.probes;
    effects.emplace_back(std::move(*probe));
  }
  state_->tell_condition(before, effects);
}

base::Instant DataPlane::next_deadline() const {
  return std::min(state_->calls.next_deadline(), state_->health.next_deadline());
}

// ---- who can do what ----

void DataPlane::on_agent(std::optional<AgentDescriptor> agent, base::Instant now,
                         Effects& effects) {
  const AgentCondition before = state_->health.condition();
  state_->health.on_agent(agent ? &*agent : nullptr, now);
  state_->calls.on_concurrency(agent ? agent->concurrency : 0);
  if (agent) {
    for (const Capability& each : agent->capabilities) state_->calls.on_hope(each.name, now);
    state_->catalogue.put(
        state_->self,
        Provider{.name = state_->name,
                 .availability = Availability::serving,
                 .load = {.in_flight = 0, .concurrency = agent->concurrency, .latency = {}},
                 .descriptor = std::make_shared<const AgentDescriptor>(std::move(*agent))});
  } else {
    state_->catalogue.remove(state_->self);
  }
  state_->tell_condition(before, effects);
}

void DataPlane::on_provider(const base::NodeId& node, Provider provider, base::Instant now,
                            Effects& effects) {
  if (node == state_->self) return;  // known at first hand
  const Provider* before = state_->catalogue.find(node);
  const bool suspected = provider.availability == Availability::suspect && before != nullptr &&
                         before->availability != Availability::suspect;
  state_->calls.on_provider(before, provider, now);
  state_->catalogue.put(node, std::move(provider));
  if (suspected) state_->calls.on_suspect(node, now, effects);
}

void DataPlane::on_provider_gone(const base::NodeId& node, base::Instant /*now*/) {
  if (node == state_->self) return;
  state_->catalogue.remove(node);
}

void DataPlane::on_options(Options options) {
  state_->options = std::move(options);
  state_->policies.load(state_->options.policies, state_->options.usual);
}

void DataPlane::on_drain(bool draining) {
  state_->calls.on_drain(draining);
}

void DataPlane::on_leave(base::Instant now, Effects& effects) {
  state_->calls.on_leave(now, effects);
}

// ---- one exchange ----

void DataPlane::on_call(ExchangeId exchange, const Origin& origin, CallRequest request,
                        base::Instant now, Effects& effects) {
  state_->calls.on_call(exchange, origin, std::move(request), now, effects);
}

void DataPlane::on_answered(ExchangeId exchange, std::uint32_t attempt, const AnswerHead& head,
                            base::Instant now, Effects& effects) {
  state_->calls.on_answered(exchange, attempt, head, now, effects);
}

void DataPlane::on_inspected(ExchangeId exchange, std::uint32_t attempt,
                             const std::optional<std::string>& body, base::Instant now,
                             Effects& effects) {
  state_->calls.on_inspected(exchange, attempt, body, now, effects);
}

void DataPlane::on_feedback(std::string_view call, double quality, base::Instant now) {
  state_->calls.on_feedback(call, quality, now);
}

void DataPlane::restore(const Deferrals::Kept& kept, base::Instant now) {
  state_->calls.restore(kept, now);
}

void DataPlane::on_kept(ExchangeId exchange, const CallId& id, std::optional<std::uint64_t> bytes,
                        std::string_view why, base::Instant now, Effects& effects) {
  state_->calls.on_kept(exchange, id, bytes, why, now, effects);
}

void DataPlane::on_kept_unreadable(const CallId& id, bool gone, base::Instant now,
                                   Effects& effects) {
  state_->calls.on_kept_unreadable(id, gone, now, effects);
}

void DataPlane::on_cancelled(const CallId& id, Effects& effects) {
  state_->calls.on_cancelled(id, effects);
}

const Deferrals& DataPlane::deferrals() const {
  return state_->calls.deferrals();
}

void DataPlane::on_completed(ExchangeId exchange, std::uint32_t attempt, base::Instant now,
                             Effects& effects) {
  state_->calls.on_completed(exchange, attempt, now, effects);
}

void DataPlane::on_failed(ExchangeId exchange, std::uint32_t attempt, AttemptFailure failure,
                          base::Instant now, Effects& effects) {
  const AgentCondition before = state_->health.condition();
  state_->calls.on_failed(exchange, attempt, failure, now, effects);
  state_->tell_condition(before, effects);
}

void DataPlane::on_unrepeatable(ExchangeId exchange) {
  state_->calls.on_unrepeatable(exchange);
}

void DataPlane::on_answer_started(ExchangeId exchange) {
  state_->calls.on_answer_started(exchange);
}

void DataPlane::on_caller_gone(ExchangeId exchange, base::Instant now, Effects& effects) {
  state_->calls.on_caller_gone(exchange, now, effects);
}

void DataPlane::on_probe(std::uint64_t probe, std::optional<int> status, base::Instant /*now*/,
                         Effects& effects) {
  const AgentCondition before = state_->health.condition();
  state_->health.on_probe(probe, status, state_->options);
  state_->tell_condition(before, effects);
}

// ---- what other nodes saw ----

std::vector<score::Observed> DataPlane::observed(base::Instant now) {
  std::vector<score::Observations::Card> cards;
  for (const auto& [capability, offers] : state_->catalogue.by_capability()) {
    for (const Catalogue::Offer& offer : offers) {
      const base::NodeId& node = offer.entry->node;
      if (node != state_->self) cards.push_back({capability, node, offer.standing->score});
    }
  }
  return state_->observations.own(cards, now);
}

void DataPlane::on_report(score::ObservationReport report) {
  const std::string capability = report.capability;
  state_->observations.on_report(std::move(report));
  state_->hand_out_opinions(capability);
}

void DataPlane::on_report_gone(const base::NodeId& author, std::string_view capability) {
  state_->observations.on_report_gone(author, capability);
  state_->hand_out_opinions(capability);
}

// ---- views ----

bool DataPlane::reads_bodies(std::string_view capability) const {
  const std::optional<ComplexityEstimator>& complexity =
      state_->policies.of(capability)->complexity;
  return complexity && !complexity->keywords.empty();
}

const score::Observations& DataPlane::observations() const {
  return state_->observations;
}

const Catalogue& DataPlane::catalogue() const {
  return state_->catalogue;
}

bool DataPlane::knows_call(std::string_view call) const {
  return state_->calls.knows_call(call);
}

std::uint32_t DataPlane::in_flight() const {
  return state_->calls.own_agent().in_flight;
}

std::size_t DataPlane::exchanges() const {
  return state_->calls.size();
}

LocalLoad DataPlane::local_load() const {
  const routing::OwnAgent own = state_->calls.own_agent();
  return {.in_flight = own.in_flight,
          .concurrency = state_->calls.concurrency(),
          .latency = own.latency,
          .at_capacity = own.full,
          .condition = state_->health.condition()};
}

std::vector<RouteExplanation> DataPlane::explain(std::string_view capability,
                                                 std::string_view require,
                                                 base::Instant now) const {
  const base::Result<Requirements, std::string> requirements = Requirements::parse(require);
  if (!requirements) return {};  // the caller has parsed it to say what is wrong with it
  const std::shared_ptr<const CallPolicy> policy = state_->policies.of(capability);
  const Path path;  // of a call that begins here
  const std::vector<base::NodeId> tried;
  const std::vector<OpenAttempt> open;
  return routing::explain(state_->catalogue.providers_of(capability),
                          {.requirements = *requirements,
                           .path = path,
                           .tried = tried,
                           .open = open,
                           .own = state_->calls.own_agent(),
                           .policy = *policy,
                           .context_version = {},
                           .probing = routing::Probing::none,
                           .experts_only = false,
                           .heeds_latency = routing::heeds_latency(policy->route),
                           .now = now},
                          {.capability = capability,
                           .prefer = {},
                           .route = policy->route,
                           .policy = *policy,
                           .complexity = std::nullopt},
                          state_->calls.chooser());
}

const Counters& DataPlane::counters() const {
  return state_->counters;
}

}  // namespace mesh
