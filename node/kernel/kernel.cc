#include "node/kernel/kernel.h"

#include "base/check.h"
#include "base/match.h"
#include "crypto/digest.h"
#include "node/kernel/observations.h"
#include "wire/descriptor_codec.h"
#include "wire/packet_codec.h"

#include <algorithm>
#include <utility>

namespace kernel {

namespace {

constexpr std::size_t doors_max = 16;

gossip::Self self_of(const Options& options, const Stored& stored) {
  gossip::Self self{.mesh = options.mesh,
                    .name = options.name,
                    .endpoint = options.advertise,
                    .seeds = options.seeds,
                    .epoch_before = stored.epoch,
                    .known = {}};
  for (const base::Bytes& bytes : stored.members) {
    if (auto record = wire::decode_record(bytes)) self.known.push_back(std::move(record).value());
  }
  return self;
}

}  // namespace

std::uint64_t epoch_before(std::uint64_t stored, base::WallTime now) {
  if (!is_plausible(now)) return stored;
  return std::max(stored, static_cast<std::uint64_t>(now.milliseconds / 1'000));
}

bool is_plausible(base::WallTime now) {
  constexpr std::int64_t from = 1'577'836'800;   // 2020-01-01
  constexpr std::int64_t until = 4'102'444'800;  // 2100-01-01
  return now.milliseconds >= from * 1'000 && now.milliseconds < until * 1'000;
}

Kernel::Kernel(Options options, const crypto::Identity& identity, Stored stored,
               const base::Rng& rng, std::optional<AgreementOptions> agreement)
    : options_(std::move(options)),
      self_(identity.id()),
      membership_(options_.gossip, self_of(options_, stored), identity, rng.fork("gossip")),
      data_plane_(options_.calls, self_, options_.name, rng.fork("calls")),
      identity_(identity),
      deferred_(std::move(stored.deferred)),
      observer_rng_(rng.fork("observers")),
      lifecycle_(options_.drain_timeout) {
  if (agreement) agreement_.emplace(std::move(*agreement), identity, rng.fork("agreement"));
  for (base::Bytes& bytes : stored.descriptors) {
    const base::Digest digest = crypto::digest(bytes);
    providers_.restore(digest, bytes);
    membership_.on_descriptor(digest, std::move(bytes));
  }
}

void Kernel::handle(Input input, base::Instant now, Effects& effects) {
  CHECK(phase() != Phase::created || std::holds_alternative<Started>(input));
  now_ = now;
  base::match(std::move(input), [&](auto&& value) { on(std::forward<decltype(value)>(value)); });
  data_plane_.on_drain(lifecycle_.drain_wanted());
  heed_doors();
  take_gossip(effects);
  publish_status();
  heed_doors();
  take_gossip(effects);
  take_calls(effects);
  take_agreement(effects);
  take_answers(effects);
  advance_phase(effects);
}

base::Instant Kernel::next_deadline() const {
  return std::min({membership_.next_deadline(), data_plane_.next_deadline(),
                   lifecycle_.next_deadline(), newcomers_.next_deadline(),
                   agreement_ ? agreement_->next_deadline() : base::Instant::never(),
                   options_.invitation && agreement_ ? knock_at_ : base::Instant::never()});
}

// ---- the node itself ----

void Kernel::on(Started&& input) {
  lifecycle_.start();
  for (const mesh::Deferrals::Kept& kept : deferred_) data_plane_.restore(kept, now_);
  deferred_.clear();
  warm_until_ = now_ + std::chrono::minutes(2);
  start_agreement(input.wall);  // first, since it knows who may take part
  membership_.on_start(input.wall, now_, gossip_effects_);
  gate_.emplace(identity_, options_.mesh, membership_.find(self_)->record.record.version.epoch,
                options_.gate);
  if (is_plausible(input.wall)) return;
  gossip_effects_.emplace_back(base::Notice{
      base::Severity::warning,
      "the clock of this machine cannot be right; the epoch of this run is one more than that of "
      "the last one on disk. Set the clock: links need it too"});
}

void Kernel::on(TimePassed&&) {
  if (now_ >= membership_.next_deadline()) membership_.on_time(now_, gossip_effects_);
  if (now_ >= data_plane_.next_deadline()) data_plane_.on_time(now_, call_effects_);
  if (agreement_) tend_agreement();
  refuse_all(newcomers_.expired(now_));
  // By then those who are there have said so, and what they can do.
  if (now_ >= warm_until_) providers_.drop_restored();
}

void Kernel::on(ClockRead&& input) {
  if (agreement_) agreement_->on_wall_clock(input.wall, now_);
  membership_.on_wall_clock(input.wall, now_, gossip_effects_);
}
void Kernel::on(JoinRequested&& input) {
  membership_.on_join(input.seed, now_, gossip_effects_);
}
void Kernel::on(SeedResolved&& input) {
  if (options_.invitation && doors_.size() < doors_max) doors_.push_back(input.seed);
  membership_.on_seed(input.seed, now_, gossip_effects_);
}
void Kernel::on(DrainRequested&& input) {
  lifecycle_.drain(input.leave, now_);
}
void Kernel::on(ResumeRequested&&) {
  lifecycle_.resume();
}

void Kernel::on(AgentConfigured&& input) {
  own_descriptor_ = {};
  if (input.agent) {
    auto encoded = wire::encode_descriptor(*input.agent);
    if (encoded) {
      base::Bytes bytes = std::move(encoded).value();
      own_descriptor_ = crypto::digest(bytes);
      membership_.on_descriptor(own_descriptor_, std::move(bytes));
    } else {
      gossip_effects_.emplace_back(
          base::Notice{base::Severity::error,
                       "the agent's description cannot be published (" +
                           std::string(wire::to_string(encoded.error())) +
                           "): shorten it; until then other nodes do not call this agent"});
    }
  }
  data_plane_.on_agent(std::move(input.agent), now_, call_effects_);
}

void Kernel::on(PoliciesChanged&& input) {
  data_plane_.on_options(std::move(input.options));
}

// ---- between nodes ----

// ---- effects ----

// Handling an effect may make the membership emit more: they join the end of the list.
void Kernel::take_gossip(Effects& effects) {
  for (std::size_t i = 0; i < gossip_effects_.size(); ++i) {
    gossip::Effect effect = std::move(gossip_effects_[i]);
    base::match(
        std::move(effect), [&](gossip::SendPacket&& e) { take(std::move(e), effects); },
        [&](gossip::Ask&& e) {
          effects.emplace_back(
              AskPeer{e.request, e.node, e.at, wire::encode(e.question), e.timeout});
        },
        [&](gossip::Answer&& e) {
          effects.emplace_back(AnswerPeer{e.question, wire::encode(e.reply)});
        },
        [&](gossip::CheckSignatures&& e) {
          effects.emplace_back(CheckSignatures{e.batch, std::move(e.checks)});
        },
        [&](gossip::MemberChanged&& e) { take(e, effects); },
        [&](const gossip::MemberHeard& e) { save_member(e.id, effects); },
        [&](const gossip::CandidateCalled& e) {
          gate_->allow(e.id, {.epoch = e.epoch, .at = e.at});
        },
        [&](gossip::MemberForgotten&& e) {
          gate_->forget(e.id);
          providers_.on_forgotten(e.id);
          data_plane_.on_provider_gone(e.id, now_);
          saved_members_.erase(e.id);
          effects.emplace_back(ForgetMember{e.id});
        },
        [&](gossip::DescriptorArrived&& e) { take(std::move(e), effects); },
        [&](const gossip::ObservationsDue&) {
          membership_.on_observed(told(data_plane_.observed(now_)), now_, gossip_effects_);
        },
        [&](const gossip::ReportArrived& e) { data_plane_.on_report(heard(e.report->report)); },
        [&](const gossip::ReportGone& e) { data_plane_.on_report_gone(e.author, e.capability); },
        [&](gossip::ClaimEpoch&& e) {
          if (gate_->claim(e.epoch)) return effects.emplace_back(Persist{e.epoch}), void();
          effects.emplace_back(
              base::Notice{base::Severity::error,
                           "the mesh knows this node in the last epoch that there is: its next run "
                           "needs a new identity (another --data-dir)"});
        },
        [&](base::Transition&& e) { effects.emplace_back(std::move(e)); },
        [&](base::Notice&& e) { effects.emplace_back(std::move(e)); });
  }
  gossip_effects_.clear();
}

// Who may not take part hears nothing, and is so given up like one that died.
void Kernel::take(gossip::SendPacket&& effect, Effects& effects) {
  if (!welcomes(effect.to)) return;
  auto datagram = gate_->seal(effect.to, effect.packet.introduces, wire::encode(effect.packet));
  // An id that is no usable key gets nothing; its owner made it so.
  if (datagram) effects.emplace_back(SendDatagram{effect.at, std::move(datagram).value()});
}

void Kernel::take(const gossip::MemberChanged& effect, Effects& effects) {
  const gossip::Member* member = membership_.find(effect.id);
  if (member == nullptr || effect.id == self_) return;  // null: forgotten by a later effect
  const base::Endpoint& endpoint = member->record.record.endpoint;
  gate_->allow(effect.id, {.epoch = member->record.record.version.epoch, .at = endpoint});
  if (membership_.heard(effect.id)) save_member(effect.id, effects);
  // Who left closes its links itself, after the last byte of the last answer.
  const bool died = effect.after == gossip::MemberState::dead && effect.before != effect.after;
  if (died) effects.emplace_back(DropLinks{effect.id});
  if (agreement_ && effect.before != effect.after) {
    const bool gone = died || effect.after == gossip::MemberState::left;
    agreement_->on_liveness(effect.id, !gone, now_, agreement_effects_);
  }
  refresh_provider(effect.id);
  if (!effect.before) on_admitted(effect.id);
}

// The next run knocks at whom this one heard: anybody can name those that do not exist.
void Kernel::save_member(const base::NodeId& id, Effects& effects) {
  const gossip::Member* member = membership_.find(id);
  if (member == nullptr || id == self_) return;
  const base::Endpoint& endpoint = member->record.record.endpoint;
  const auto saved = saved_members_.find(id);
  if (saved != saved_members_.end() && saved->second == endpoint) return;
  saved_members_[id] = endpoint;
  effects.emplace_back(SaveMember{id, wire::encode(member->record)});
}

void Kernel::take(gossip::DescriptorArrived&& effect, Effects& effects) {
  if (!providers_.on_descriptor(effect.digest, effect.descriptor)) {
    effects.emplace_back(base::Notice{
        base::Severity::warning, "a member's capabilities cannot be read or kept (descriptor " +
                                     effect.digest.short_hex() + "): it is not called"});
    return;
  }
  for (const base::NodeId& id : providers_.members_of(effect.digest)) refresh_provider(id);
  effects.emplace_back(SaveDescriptor{effect.digest, std::move(effect.descriptor)});
}

void Kernel::refresh_provider(const base::NodeId& id) {
  const gossip::Member* member = membership_.find(id);
  if (member == nullptr || id == self_) return;
  Providers::View view = providers_.on_member(id, *member);
  if (view.wanted) membership_.want_descriptor(id, *view.wanted, now_, gossip_effects_);
  if (view.provider) {
    data_plane_.on_provider(id, std::move(*view.provider), now_, call_effects_);
  } else {
    data_plane_.on_provider_gone(id, now_);
  }
}

void Kernel::take_calls(Effects& effects) {
  for (mesh::Effect& effect : call_effects_) {
    base::match(std::move(effect),
                [&](auto&& e) { effects.emplace_back(std::forward<decltype(e)>(e)); });
  }
  call_effects_.clear();
}

// ---- what the node says of itself ----

void Kernel::publish_status() {
  if (phase() != Phase::serving && phase() != Phase::draining) return;
  const gossip::LocalStatus status =
      status_of(data_plane_.local_load(), lifecycle_.drain_wanted(), own_descriptor_);
  if (status == published_) return;
  published_ = status;
  membership_.on_local_status(status, now_, gossip_effects_);
}

void Kernel::advance_phase(Effects& effects) {
  while (auto next = lifecycle_.advance(data_plane_.exchanges(), membership_.departed(), now_)) {
    next->subject = options_.name;
    effects.emplace_back(*std::move(next));
    if (phase() == Phase::gone) effects.emplace_back(Drained{});
    if (phase() != Phase::leaving) continue;
    refuse_all(newcomers_.close());
    take_answers(effects);
    data_plane_.on_leave(now_, call_effects_);
    take_calls(effects);
    membership_.on_leave(now_, gossip_effects_);
    take_gossip(effects);
  }
}

}  // namespace kernel
