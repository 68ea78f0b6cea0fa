// What holds of every state that ops can lead to, looked at from the documents alone.
#pragma once

#include "base/check.h"
#include "ledger/limits.h"
#include "ledger/records.h"
#include "ledger/state.h"

#include <map>
#include <set>
#include <string>

namespace ledger::samples {

template <class T>
T record(const State& state, std::string_view key) {
  const auto found = state.find(key);
  CHECK(found.has_value());
  const auto out = parse<T>(*found);
  CHECK(out.has_value());
  return *out;
}
template <class T>
std::map<std::string, T> records(const State& state, std::string_view prefix) {
  std::map<std::string, T> out;
  for (const Entry* entry : state.under(prefix)) {
    const auto parsed = parse<T>(entry->document);
    CHECK(parsed.has_value());
    CHECK(encode(*parsed) == entry->document);
    out.emplace(entry->key.substr(prefix.size()), *parsed);
  }
  return out;
}

inline void check_members(const State& state, const Limits& limits) {
  const auto committee = record<Committee>(state, key::committee);
  std::map<std::string, std::uint32_t> holders;
  const auto members = records<Member>(state, key::members);
  CHECK(members.size() == record<Totals>(state, key::totals).members);
  CHECK(members.size() <= limits.members_max);
  for (const auto& [hex, member] : members) {
    const base::NodeId node = *base::NodeId::from_hex(hex);
    CHECK(member.admitted() == member.has_role(member_role));
    CHECK(member.admitted() || member.roles.empty());
    CHECK(committee.seats_node(node) == member.has_role(validator_role));
    CHECK(member.used_invitations.size() <= limits.invitations_used_max);
    for (const std::string& role : member.roles) ++holders[role];
  }
  for (const Seat& seat : committee.seats) CHECK(members.at(seat.node.hex()).admitted());

  const auto roles = records<Role>(state, key::roles);
  CHECK(roles.size() == record<Totals>(state, key::totals).roles);
  for (const auto& [name, role] : roles) CHECK(role.holders == holders[name]);
  for (const auto& [name, count] : holders) CHECK(roles.contains(name));
  CHECK(holders[std::string(operator_role)] > 0);
  for (const auto& [right, rule] : records<Rule>(state, "rule/")) {
    if (!rule.direct) CHECK(holders[rule.electorate] > 0);
  }
}

inline void check_totals(const State& state, const Limits& limits) {
  const auto totals = record<Totals>(state, key::totals);
  std::set<std::uint64_t> versions;
  std::uint64_t bytes = 0;
  const auto documents = records<Document>(state, key::documents);
  for (const auto& [name, document] : documents) {
    bytes += name.size() + document.value.size();
    CHECK(versions.insert(document.version).second);
  }
  CHECK(documents.size() == totals.documents);
  CHECK(bytes == totals.document_bytes);
  CHECK(totals.documents <= limits.documents_max);
  bytes = 0;
  const auto policies = records<Policy>(state, key::policies);
  for (const auto& [name, policy] : policies) {
    bytes += policy.yaml.size();
    CHECK(versions.insert(policy.version).second);
  }
  CHECK(policies.size() == totals.policies);
  CHECK(bytes == totals.policy_bytes);
  CHECK(versions.empty() || *versions.rbegin() <= totals.version);
  CHECK(records<Evidence>(state, key::evidences).size() == totals.evidences);
  CHECK(records<Committee>(state, "epoch/").size() <= limits.epochs_kept);
}

inline void check_ballots(const State& state, const Limits& limits) {
  const auto index = record<BallotIndex>(state, key::ballots);
  const auto ballots = records<Ballot>(state, key::ballot_prefix);
  CHECK(ballots.size() == index.open.size() + index.closed.size());
  CHECK(records<Tally>(state, "tally/").size() == ballots.size());
  CHECK(index.open.size() <= limits.ballots_open_max);
  CHECK(index.closed.size() <= limits.ballots_kept_max);
  for (const BallotIndex::Open& open : index.open) {
    const Ballot& ballot = ballots.at(open.id.hex());
    CHECK(ballot.result == BallotResult::open);
    CHECK(ballot.ask.until_ms == open.until_ms);
    CHECK(ballot.opener == open.opener);
  }
  for (const base::Digest& id : index.closed) {
    CHECK(ballots.at(id.hex()).result != BallotResult::open);
  }
}

inline void check_state(const State& state, const Limits& limits) {
  check_members(state, limits);
  check_totals(state, limits);
  check_ballots(state, limits);
}

}  // namespace ledger::samples
