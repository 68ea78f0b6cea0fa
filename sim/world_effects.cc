// The effects of a kernel, carried out in order as the daemon does.
#include "base/match.h"
#include "sim/world.h"

#include <utility>

namespace sim {

// Everything up to the next Persist goes out at once; that one's sync continues here.
void World::drain(NodeIndex index) {
  SimulatedNode& node = *nodes_[index];
  const std::uint32_t life = node.lives;
  while (node.runs() && node.lives == life && !node.persisting && !node.outbox.empty()) {
    kernel::Effect effect = std::move(node.outbox.front());
    node.outbox.pop_front();
    carry_out(index, std::move(effect));
  }
  if (node.drained && node.outbox.empty()) stop(index, false);
}

void World::carry_out(NodeIndex index, kernel::Effect effect) {
  SimulatedNode& node = *nodes_[index];
  observer_->digest().add(effect.index());
  base::match(
      std::move(effect), [&](const kernel::Persist& e) { persist(index, e.epoch); },
      [&](kernel::SaveMember&& e) { node.disk.put_member(e.id, std::move(e.record)); },
      [&](kernel::SaveDescriptor&& e) {
        node.disk.put_descriptor(e.digest, std::move(e.descriptor));
      },
      [&](const kernel::ForgetMember& e) { node.disk.forget_member(e.id); },
      [&](kernel::SendDatagram&& e) { send(index, e.to, std::move(e.datagram)); },
      [&](kernel::AskPeer&& e) {
        observer_->digest().add(e.body);
        peer_links_.ask(index, std::move(e));
      },
      [&](kernel::AnswerPeer&& e) {
        observer_->digest().add(e.body);
        if (lies(index)) twist_answer(index, e);
        peer_links_.answer(index, e);
      },
      [&](const kernel::DropLinks& e) { drop_links(index, e.node); },
      [&](const kernel::CheckSignatures& e) { check_signatures(index, e); },
      [&](const mesh::StartAttempt& e) { exchanges_.start(index, e); },
      [&](const mesh::FabricateAnswer& e) { exchanges_.fabricate(index, e); },
      [&](const mesh::CancelAttempt& e) { exchanges_.cancel(index, e); },
      [&](const mesh::InspectAnswer& e) { exchanges_.inspect(index, e); },
      [&](const mesh::RelayAnswer& e) { exchanges_.relay(index, e); },
      [&](const mesh::RefuseExchange& e) { exchanges_.refuse(index, e); },
      [&](const mesh::DeferCall& e) { kept_calls_.defer(index, e); },
      [&](const mesh::AcceptExchange& e) { exchanges_.accept(index, e); },
      [&](const mesh::DeliverCall& e) { kept_calls_.deliver(index, e); },
      [&](const mesh::EndDelivery& e) { end_delivery(index, e); },
      [&](const mesh::ForgetCall& e) {
        observer_->tell(&Checker::on_deferral_ended,
                        DeferralEnded{now(), index, std::string(e.id), false});
        kept_calls_.forget(index, e);
      },
      [&](const mesh::KeepAnswer& e) { exchanges_.keep(index, e); },
      [&](const mesh::ForgetAnswer& e) { exchanges_.forget(index, e); },
      [&](const mesh::ReplayAnswer& e) { exchanges_.replay(index, e); },
      [&](const mesh::ExchangeSettled& e) {
        if (options_.watch) {
          observer_->coverage().saw("outcome", "", to_string(e.outcome));
          observer_->tell(&Checker::on_exchange_ended,
                          ExchangeEnded{now(), index, e.exchange.value});
        }
        exchanges_.settle(index, e);
      },
      [&](const mesh::ProbeAgent& e) { probe_agent(index, e); },
      [&](kernel::SendAgreement&& e) { decisions_->carry_out(index, std::move(e)); },
      [&](kernel::AppendLog&& e) { decisions_->carry_out(index, std::move(e)); },
      [&](const kernel::SyncLog& e) { decisions_->carry_out(index, e); },
      [&](kernel::RewriteLog&& e) { decisions_->carry_out(index, std::move(e)); },
      [&](kernel::StoreDecisions&& e) { decisions_->carry_out(index, std::move(e)); },
      [&](kernel::StoreState&& e) { decisions_->carry_out(index, std::move(e)); },
      [&](kernel::StoreEpoch&& e) { decisions_->carry_out(index, std::move(e)); },
      [&](const kernel::SpendKey& e) { decisions_->carry_out(index, e); },
      [&](const kernel::ReadDecisions& e) { decisions_->carry_out(index, e); },
      [&](kernel::KeepPiece&& e) { decisions_->carry_out(index, std::move(e)); },
      [](const kernel::DecidedPolicies&) {}, [](const kernel::ProposalSettled&) {},
      [&](const base::Transition& e) {
        if (options_.stepped) options_.stepped(now(), index, e);
        if (options_.watch) observer_->machine(index, now(), e);
      },
      [&](const base::Notice& e) { observer_->notice(index, now(), e); },
      [&](const kernel::Drained&) { node.drained = true; });
}

void World::drop_links(NodeIndex index, const base::NodeId& peer) {
  peer_links_.drop(index, peer);
  if (decisions_) decisions_->dropped(index, peer);
}

void World::end_delivery(NodeIndex index, const mesh::EndDelivery& e) {
  if (e.keep) {
    observer_->coverage().saw("milestone", "", "deferred_call_delivered");
    observer_->tell(&Checker::on_deferral_ended,
                    DeferralEnded{now(), index, std::string(e.id), true});
  }
  kept_calls_.end(index, e);
}

void World::persist(NodeIndex index, std::uint64_t epoch) {
  SimulatedNode& node = *nodes_[index];
  node.disk.put_epoch(epoch);
  node.persisting = true;
  sync(index, node.lives);
}

void World::sync(NodeIndex index, std::uint32_t life) {
  SimulatedNode& node = *nodes_[index];
  if (!node.runs() || node.lives != life) return;
  constexpr base::Duration retry = std::chrono::milliseconds(200);
  const std::optional<base::Duration> time = node.disk.sync_time();
  if (!time) {
    scheduler_.after(retry, [=, this] { sync(index, life); });
    return;
  }
  scheduler_.after(*time, [this, index, life] {
    SimulatedNode& synced = *nodes_[index];
    if (!synced.runs() || synced.lives != life) return;
    synced.disk.synced();
    synced.persisting = false;
    if (synced.outbox.empty()) return;
    touched_.clear();
    if (options_.watch) look(index);
    drain(index);
  });
}

void World::send(NodeIndex from, const base::Endpoint& to, base::Bytes datagram) {
  const std::optional<NodeIndex> target = node_at(to);
  if (target && lies(from)) {
    auto again = revoice(from, *target, datagram);
    if (!again) return;
    datagram = std::move(*again);
  }
  send_raw(from, to, std::move(datagram));
}

void World::send_raw(NodeIndex from, const base::Endpoint& to, base::Bytes datagram) {
  const std::optional<NodeIndex> target = node_at(to);
  if (!target) return;  // nobody has that address
  if (network_.quality(from, *target).clogged) {
    if (clogged_.size() < clogged_max) clogged_.push_back({from, to, std::move(datagram)});
    return;
  }
  Figures& figures = observer_->figures();
  ++figures.datagrams;
  figures.datagram_bytes += datagram.size();
  observer_->digest().add(datagram);
  if (options_.watch) {
    observer_->tell(&Checker::on_datagram, DatagramSent{now(), from, *target, datagram.size()});
  }
  const Fate fate = network_.datagram(from, *target, datagram, scheduler_.now());
  const base::Endpoint source = nodes_[from]->endpoint;
  if (fate.copies == 2) {
    scheduler_.after(fate.delays[1], [=, this] {
      feed(*target, kernel::DatagramReceived{source, datagram});
    });
  }
  if (fate.copies == 0) return;
  if (fate.flipped && !datagram.empty()) {
    const std::uint64_t bit = *fate.flipped % (datagram.size() * 8);
    datagram[bit / 8] ^= std::byte{1} << (bit % 8);
  }
  scheduler_.after(fate.delays[0], [this, target, source, bytes = std::move(datagram)]() mutable {
    feed(*target, kernel::DatagramReceived{source, std::move(bytes)});
  });
}

void World::check_signatures(NodeIndex index, const kernel::CheckSignatures& question) {
  constexpr base::Duration per_check = std::chrono::microseconds(50);
  kernel::SignaturesChecked answer{question.batch, {}};
  answer.verdicts.reserve(question.checks.size());
  for (const crypto::SignatureCheck& check : question.checks) {
    answer.verdicts.push_back(signatures_.check(check));
    if (!answer.verdicts.back().holds()) {
      observer_->coverage().saw("milestone", "", "signature_refused");
    }
  }
  const base::Duration time = per_check * static_cast<std::int64_t>(question.checks.size());
  scheduler_.after(time, [this, index, life = life(index), answer = std::move(answer)]() mutable {
    if (this->life(index) == life) feed(index, std::move(answer));
  });
}

void World::probe_agent(NodeIndex index, const mesh::ProbeAgent& probe) {
  const AgentRun run = nodes_[index]->agent.probed(probe.probe + (std::uint64_t{1} << 40));
  const bool answers = run.connects && run.head_after <= probe.timeout;
  kernel::ProbeAnswered answer{probe.probe, std::nullopt};
  if (answers) answer.status = run.status;
  const base::Duration refused = std::chrono::microseconds(100);
  const base::Duration time = answers ? run.head_after : (run.connects ? probe.timeout : refused);
  scheduler_.after(time, [this, index, life = life(index), answer] {
    if (this->life(index) == life) feed(index, answer);
  });
}

// ---- what becomes of calls ----

void World::call_ended(std::uint32_t call, const mesh::AnswerHead* head, const std::string& body) {
  const auto open = open_calls_.extract(call);
  const int status = head == nullptr ? 0 : head->status;
  if (options_.called && !open.empty()) {
    options_.called({.call = call,
                     .node = open.mapped().node,
                     .issued = open.mapped().issued,
                     .took = now() - open.mapped().issued,
                     .status = status,
                     .good = status == 200 && body == good_output});
  }
  if (status == 200) ++observer_->figures().calls_succeeded;
  observer_->digest().add((std::uint64_t{call} << 32) | static_cast<std::uint64_t>(status));
  if (!options_.watch) return;
  observer_->tell(&Checker::on_call_ended, CallEnded{now(), call, status});
  std::string text = "call " + std::to_string(call) + " -> ";
  text += head == nullptr ? std::string("broken") : std::to_string(status);
  if (head != nullptr) {
    if (const auto code = mesh::find_header(head->headers, "parley-error")) {
      text += " " + std::string(*code);
    }
  }
  observer_->trace().add(now(), std::nullopt, std::move(text));
}

void World::exchange_opened(NodeIndex node, std::uint64_t exchange) {
  if (!options_.watch) return;
  observer_->tell(&Checker::on_exchange, ExchangeOpened{now(), node, exchange});
}

void World::agent_succeeded(NodeIndex node, const std::string& key) {
  if (!options_.watch) return;
  observer_->tell(&Checker::on_agent_succeeded, AgentSucceeded{now(), node, key});
}

void World::answer_passed_on(NodeIndex node, const std::string& key) {
  if (!options_.watch) return;
  observer_->tell(&Checker::on_passed_on, AnswerPassedOn{now(), node, key});
}

}  // namespace sim
