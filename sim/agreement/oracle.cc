#include "sim/agreement/oracle.h"

#include "crypto/digest.h"
#include "crypto/stand_in.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

namespace sim::agreement {

using consensus::Certificate;
using consensus::Vote;
using consensus::VoteKind;

namespace {

std::string of_view(const Vote& vote) {
  return " in view " + std::to_string(vote.view) + " of epoch " + std::to_string(vote.epoch);
}

// One of each is kept for an epoch and signer (3.12).
int type_of(const Vote& first, const Vote& second) {
  return first.kind == second.kind ? static_cast<int>(first.kind) : 0;
}

bool behind(const Oracle::Progress& now, const Oracle::Progress& before) {
  if (now.epoch < before.epoch || now.height < before.height) return true;
  return now.epoch == before.epoch && (now.view < before.view || now.finalized < before.finalized);
}

// Tells certificates of one statement apart.
std::uint64_t fingerprint(const Certificate& certificate) {
  std::uint64_t sum = certificate.signers;
  const auto mix = [&](std::uint64_t word) {
    sum = std::rotl((sum ^ word) * 0x9e3779b97f4a7c15ULL, 29);
  };
  const auto add = [&](base::ByteView bytes) {
    for (std::size_t i = 0; i + 8 <= bytes.size(); i += 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, bytes.data() + i, 8);
      mix(word);
    }
  };
  mix(certificate.epoch);
  add(certificate.block.view());
  for (const crypto::Signature& signature : certificate.signatures) add(signature.view());
  return sum;
}

}  // namespace

void Oracle::violate(const std::string& checker, std::string text) {
  if (violations_.size() >= Outcome::violations_max) return;
  violations_.push_back({.checker = checker, .at = now_, .text = std::move(text)});
}

void Oracle::on_submitted(const base::Bytes& op) {
  ops_submitted_.insert(crypto::digest(op));
}

bool Oracle::decided(const base::Bytes& op) const {
  return ops_decided_.contains(crypto::digest(op));
}

// I1, I2, I3 and "never notarize what was nullified"; I4; I18.
void Oracle::on_released(NodeNumber node, const Vote& vote, const consensus::Epoch& epoch,
                         bool durable, consensus::EpochNumber guard_epoch) {
  check_votes(node, vote, epoch);
  if (spent_.contains(node)) {
    violate("spent key", "node " + std::to_string(node) +
                             " votes although others hold votes that it does not know" +
                             of_view(vote));
  }
  if (!durable) {
    violate("I4 barrier", "node " + std::to_string(node) +
                              " let a vote out before its log was durable" + of_view(vote));
  }
  if (vote.epoch != guard_epoch) {
    violate("I18 epochs",
            "node " + std::to_string(node) + " votes in an epoch that is over" + of_view(vote));
  }
}

// By the order of the log: a notarize vote that a restart brought back may leave after a nullify
// vote that was cast later.
void Oracle::on_cast(NodeNumber node, const Vote& vote, const consensus::Epoch& epoch) {
  // I5.
  const Floor& floor = floors_[node];
  if (vote.epoch != floor.epoch || vote.view <= floor.view) {
    violate("I5 floor",
            "node " + std::to_string(node) + " signs at or below its floor" + of_view(vote));
  }
  const auto promises = promises_.find({node, {epoch.id(), vote.view}});
  if (vote.kind != VoteKind::notarize || promises == promises_.end()) return;
  if (!promises->second.nullified || promises->second.notarized) return;
  violate("I3 notarize after nullify",
          "node " + std::to_string(node) + " notarizes what it nullified" + of_view(vote));
}

void Oracle::check_votes(NodeNumber node, const Vote& vote, const consensus::Epoch& epoch) {
  const std::string who = "node " + std::to_string(node);
  Promises& promises = promises_[{node, {epoch.id(), vote.view}}];
  switch (vote.kind) {
    case VoteKind::notarize:
      if (promises.notarized && *promises.notarized != vote.block) {
        violate("I1 one notarize", who + " notarizes two blocks" + of_view(vote));
      }
      promises.notarized = vote.block;
      break;
    case VoteKind::finalize:
      if (promises.finalized && *promises.finalized != vote.block) {
        violate("I2 one finalize", who + " finalizes two blocks" + of_view(vote));
      }
      promises.finalized = vote.block;
      break;
    case VoteKind::nullify:
      promises.nullified = true;
      break;
  }
  if (promises.finalized && promises.nullified) {
    violate("I3 finalize and nullify", who + " finalizes and nullifies" + of_view(vote));
  }
}

void Oracle::on_started(NodeNumber node, consensus::EpochNumber epoch, consensus::View floor) {
  floors_[node] = {.epoch = epoch, .view = floor};
}

// I10, I11, I12, I17, I22.
void Oracle::on_certificate(NodeNumber node, const Certificate& certificate,
                            const consensus::Epoch& epoch) {
  const ViewKey key{epoch.id(), certificate.view};
  Floor& floor = floors_[node];
  if (certificate.kind == VoteKind::finalize && certificate.epoch == floor.epoch) {
    floor.view = std::max(floor.view, certificate.view);
  }
  views_[certificate.epoch] = std::max(views_[certificate.epoch], certificate.view);
  check_signatures(node, certificate, epoch);
  const auto& seen = certificate.kind == VoteKind::notarize ? notarized_ : finalized_;
  const bool again = certificate.kind == VoteKind::nullify
                         ? nullified_.contains(key)
                         : seen.contains(key) && seen.at(key) == certificate.block;
  if (again) return;
  check_certificate_pairs(key, certificate);
  if (certificate.kind == VoteKind::notarize) check_availability(certificate, epoch);
}

// I17, of each certificate once, whatever others say the same.
void Oracle::check_signatures(NodeNumber node, const Certificate& certificate,
                              const consensus::Epoch& epoch) {
  const ViewKey key{epoch.id(), certificate.view};
  if (!verified_.emplace(key, certificate.kind, fingerprint(certificate)).second) return;
  bool holds = well_formed(certificate, epoch);
  if (holds) {
    std::vector<crypto::SignatureCheck> checks;
    append_checks(certificate, epoch, checks);
    holds = std::all_of(checks.begin(), checks.end(), [](const crypto::SignatureCheck& check) {
      return crypto::check_stand_in(check).holds();
    });
  }
  if (holds) return;
  violate("I17 certificates", "node " + std::to_string(node) + " holds a bad certificate of view " +
                                  std::to_string(certificate.view));
}

void Oracle::check_certificate_pairs(const ViewKey& key, const Certificate& certificate) {
  const std::string view =
      "view " + std::to_string(certificate.view) + " of epoch " + std::to_string(certificate.epoch);
  if (certificate.kind == VoteKind::notarize) {
    const auto [at, fresh] = notarized_.emplace(key, certificate.block);
    if (!fresh) violate("I10 one notarization", view + " has two notarizations");
  }
  if (certificate.kind == VoteKind::finalize) {
    const auto [at, fresh] = finalized_.emplace(key, certificate.block);
    if (!fresh) violate("I11 one finalization", view + " has two finalizations");
  }
  if (certificate.kind == VoteKind::nullify) nullified_.insert(key);
  const auto notarized = notarized_.find(key);
  const auto finalized = finalized_.find(key);
  if (finalized == finalized_.end()) return;
  if (notarized != notarized_.end() && notarized->second != finalized->second) {
    violate("I11 one finalization", view + " finalized another block than it notarized");
  }
  if (nullified_.contains(key)) {
    violate("I12 finalization or nullification", view + " has both");
  }
}

// I22, when the notarization is first seen: f + 1 correct ones at least have the body on disk.
void Oracle::check_availability(const Certificate& certificate, const consensus::Epoch& epoch) {
  if (small_quorum_) return;
  std::size_t durable = 0;
  for (const auto& [node, bodies] : bodies_) {
    if (bodies.durable.contains(certificate.block)) ++durable;
  }
  if (durable + epoch.committee().faults() < epoch.quorum()) {
    violate("I22 availability", "the body of view " + std::to_string(certificate.view) +
                                    " is durable at " + std::to_string(durable) + " nodes only");
  }
}

void Oracle::on_body(NodeNumber node, const base::Digest& hash) {
  bodies_[node].written.push_back(hash);
}
void Oracle::on_bodies_durable(NodeNumber node) {
  Bodies& bodies = bodies_[node];
  bodies.durable.insert(bodies.written.begin(), bodies.written.end());
  bodies.written.clear();
}
void Oracle::on_power_lost(NodeNumber node) {
  bodies_[node].written.clear();
  heard_.erase(node);
}

// I13, I14, I15, I16.
void Oracle::on_decided(NodeNumber node, const consensus::Decided& decided,
                        const base::Digest& state_root) {
  const consensus::Block& block = *decided.decision.block;
  const consensus::BlockHeader& header = block.header();
  const std::string where =
      " at height " + std::to_string(header.height) + ", node " + std::to_string(node);
  if (state_root != header.state_root) violate("I16 same state", "another state" + where);
  if (header.tail()) violate("I18 epochs", "a tail block was decided" + where);
  const auto [at, fresh] = log_.emplace(header.height, std::pair(block.hash(), header.state_root));
  if (!fresh) {
    if (at->second.first != block.hash()) violate("I14 one log", "two blocks" + where);
    return;
  }
  for (const base::Bytes& op : block.ops()) {
    const base::Digest id = crypto::digest(op);
    if (!ops_submitted_.contains(id)) violate("I15 ops", "an op that nobody submitted" + where);
    if (!ops_decided_.emplace(id, header.height).second) {
      violate("I15 ops", "an op for the second time" + where);
    }
  }
  check_ancestry(header);
}

void Oracle::check_ancestry(const consensus::BlockHeader& header) {
  const base::Digest& epoch = header.epoch_id;
  const consensus::View parent = header.parent_view;
  if (parent > 0) {
    const auto notarized = notarized_.find({epoch, parent});
    const auto finalized = finalized_.find({epoch, parent});
    const bool good = (notarized != notarized_.end() && notarized->second == header.parent_hash) ||
                      (finalized != finalized_.end() && finalized->second == header.parent_hash);
    if (!good) {
      violate("I13 ancestry",
              "the parent of view " + std::to_string(header.view) + " is not notarized");
    }
  }
  for (consensus::View view = parent + 1; view < header.view; ++view) {
    if (nullified_.contains({epoch, view})) continue;
    violate("I13 ancestry", "view " + std::to_string(view) + " was skipped and not nullified");
    return;
  }
}

void Oracle::on_epoch(NodeNumber node, const consensus::EpochProof& proof) {
  const base::Digest id = consensus::Epoch(proof.descriptor).id();
  const auto [at, fresh] = epoch_ids_.emplace(proof.descriptor.number, id);
  Floor& floor = floors_[node];
  if (proof.descriptor.number > floor.epoch) floor = {.epoch = proof.descriptor.number, .view = 0};
  if (!fresh && at->second != id) {
    violate("I18 epochs", "node " + std::to_string(node) + " starts another epoch " +
                              std::to_string(proof.descriptor.number));
  }
}

// I19.
void Oracle::on_evidence(NodeNumber node, const consensus::Evidence& evidence,
                         const consensus::Epoch& epoch, bool accused_is_honest) {
  ++evidence_;
  const Vote& first = evidence.first;
  const Vote& second = evidence.second;
  accused_.insert({node, epoch.id(), first.signer, type_of(first, second)});
  const bool holds = contradict(first, second) && first.signer < epoch.committee().size() &&
                     crypto::check_stand_in(check_of(first, epoch)).holds() &&
                     crypto::check_stand_in(check_of(second, epoch)).holds();
  if (!holds) {
    violate("I20 completeness",
            "node " + std::to_string(node) + " has evidence that proves nothing" + of_view(first));
  }
  if (accused_is_honest) {
    violate("I19 accuracy", "node " + std::to_string(node) + " has evidence against an honest one" +
                                of_view(first));
  }
}

// I20.
void Oracle::on_heard(NodeNumber node, const Vote& vote, const consensus::Epoch& epoch) {
  if (!crypto::check_stand_in(check_of(vote, epoch)).holds()) return;
  Heard& heard = heard_[node][{{epoch.id(), vote.view}, vote.signer}];
  const auto expect = [&](int type) { expected_.push_back({node, epoch.id(), vote.signer, type}); };
  switch (vote.kind) {
    case VoteKind::notarize:
      heard.notarized.insert(vote.block);
      if (heard.notarized.size() > 1) expect(static_cast<int>(vote.kind));
      return;
    case VoteKind::finalize:
      heard.finalized.insert(vote.block);
      if (heard.finalized.size() > 1) expect(static_cast<int>(vote.kind));
      break;
    case VoteKind::nullify:
      heard.nullified = true;
      break;
  }
  if (heard.nullified && !heard.finalized.empty()) expect(0);
}

void Oracle::check_evidence(NodeNumber node) {
  for (const Accused& one : std::exchange(expected_, {})) {
    if (accused_.contains(one)) continue;
    violate("I20 completeness", "node " + std::to_string(node) +
                                    " heard two votes that contradict each other, of signer " +
                                    std::to_string(std::get<2>(one)) + ", and has no evidence");
  }
}

// I9.
void Oracle::check_fill(NodeNumber node, std::string_view buffer, std::size_t size,
                        std::size_t limit) {
  if (size <= limit) return;
  violate("I9 bounds", "node " + std::to_string(node) + " keeps " + std::to_string(size) + " " +
                           std::string(buffer) + ", at most " + std::to_string(limit) + " may be");
}

// I24.
void Oracle::check_replayed(NodeNumber node, const std::vector<Vote>& released,
                            const std::vector<Vote>& replayed, consensus::EpochNumber epoch,
                            consensus::View floor) {
  for (const Vote& vote : released) {
    if (vote.epoch < epoch || (vote.epoch == epoch && vote.view <= floor)) continue;
    const bool known = std::any_of(replayed.begin(), replayed.end(), [&](const Vote& own) {
      return own.epoch == vote.epoch && own.view == vote.view && own.kind == vote.kind &&
             own.block == vote.block;
    });
    if (known) continue;
    violate("I24 replay", "node " + std::to_string(node) + " could sign something else" +
                              of_view(vote) + " after a replay");
    return;
  }
}

void Oracle::on_misbehaved(NodeNumber node, const std::string& what, bool accused_is_honest) {
  if (!accused_is_honest) return;
  violate("I19 accuracy", "node " + std::to_string(node) + " blames an honest one: " + what);
}

// I8.
void Oracle::on_alarm(NodeNumber node, const consensus::Alarm& alarm, bool expected) {
  if (alarm.kind == consensus::Alarm::Kind::votes_unknown) spent_.insert(node);
  if (expected) return;
  const bool guard = alarm.kind == consensus::Alarm::Kind::guard_refused;
  violate(guard ? "I8 guard" : "alarms", "node " + std::to_string(node) + ": " + alarm.text);
}

// I6, while it runs.
void Oracle::check_progress(NodeNumber node, const Progress& now) {
  const auto known = progress_.find(node);
  if (known != progress_.end() && behind(now, known->second)) {
    violate("I6 monotone", "node " + std::to_string(node) + " went backwards");
  }
  progress_.insert_or_assign(node, now);
}

// I6 and I7, after a restart.
void Oracle::check_started(NodeNumber node, const Progress& durable, const Progress& now) {
  if (!behind(now, durable)) return;
  violate("I6 monotone", "node " + std::to_string(node) + " starts behind what its disk has");
}

std::uint64_t Oracle::views() const {
  std::uint64_t sum = 0;
  for (const auto& [epoch, view] : views_) sum += view;
  return sum;
}

}  // namespace sim::agreement
