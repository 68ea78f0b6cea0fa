#include "ledger/view.h"

#include "base/check.h"

#include <algorithm>

namespace ledger {

namespace {

template <class T>
std::optional<T> find(const State& state, std::string_view key) {
  const std::optional<base::ByteView> found = state.find(key);
  if (!found) return std::nullopt;
  std::optional<T> out = parse<T>(*found);
  CHECK(out.has_value());
  return out;
}

template <class T>
T get(const State& state, std::string_view key) {
  std::optional<T> out = find<T>(state, key);
  CHECK(out.has_value());
  return *std::move(out);
}

// Without `cut`, by which all of their keys begin.
template <class T>
Listed<T> list(const State& state, std::string_view prefix, std::string_view cut) {
  Listed<T> out;
  for (const Entry* entry : state.under(prefix)) {
    std::optional<T> record = parse<T>(entry->document);
    CHECK(record.has_value());
    out.emplace_back(entry->key.substr(cut.size()), *std::move(record));
  }
  return out;
}

}  // namespace

bool is_welcome(const State& state, const base::NodeId& node) {
  const std::optional<Member> member = find_member(state, node);
  if (member && member->admitted()) return true;
  if (mesh_of(state).admission != Admission::open) return false;
  return !member || member->standing == Standing::left;
}

std::uint64_t last_sequence(const State& state, const base::NodeId& author) {
  return find<Sequence>(state, key::sequence(author)).value_or(Sequence{}).last;
}

MeshRecord mesh_of(const State& state) {
  return get<MeshRecord>(state, key::mesh);
}
Committee committee_of(const State& state) {
  return get<Committee>(state, key::committee);
}
Totals totals_of(const State& state) {
  return get<Totals>(state, key::totals);
}

std::optional<Member> find_member(const State& state, const base::NodeId& node) {
  return find<Member>(state, key::member(node));
}
std::optional<Role> find_role(const State& state, std::string_view name) {
  return find<Role>(state, key::role(name));
}
Rule rule_of(const State& state, Right right) {
  return find<Rule>(state, key::rule(right)).value_or(Rule{});
}
std::optional<Policy> find_policy(const State& state, std::string_view name) {
  return find<Policy>(state, key::policy(name));
}
std::optional<Document> find_document(const State& state, std::string_view key) {
  return find<Document>(state, key::document(key));
}
std::optional<Ballot> find_ballot(const State& state, const base::Digest& id) {
  return find<Ballot>(state, key::ballot(id));
}
std::optional<Tally> find_tally(const State& state, const base::Digest& id) {
  return find<Tally>(state, key::tally(id));
}

std::vector<std::pair<base::NodeId, Member>> members_of(const State& state) {
  std::vector<std::pair<base::NodeId, Member>> out;
  for (auto& [hex, member] : list<Member>(state, key::members, key::members)) {
    out.emplace_back(base::NodeId::from_hex(hex).value(), std::move(member));
  }
  return out;
}
Listed<Role> roles_of(const State& state) {
  return list<Role>(state, key::roles, key::roles);
}
Listed<Policy> policies_of(const State& state) {
  return list<Policy>(state, key::policies, key::policies);
}
std::vector<Evidence> evidences_of(const State& state) {
  std::vector<Evidence> out;
  for (auto& [name, evidence] : list<Evidence>(state, key::evidences, key::evidences)) {
    out.push_back(std::move(evidence));
  }
  return out;
}

Documents::Documents(const State& state, std::string_view prefix,
                     const std::optional<std::string>& after)
    : walk_(state, key::document(prefix),
            after ? std::optional(key::document(*after)) : std::nullopt) {}

std::optional<std::pair<std::string, Document>> Documents::next() {
  const Entry* entry = walk_.next();
  if (entry == nullptr) return std::nullopt;
  std::optional<Document> document = parse<Document>(entry->document);
  CHECK(document.has_value());
  return std::pair(entry->key.substr(key::documents.size()), *std::move(document));
}

std::vector<base::Digest> ballots_behind(const State& state,
                                         const std::optional<BallotPlace>& after) {
  const auto index = get<BallotIndex>(state, key::ballots);
  std::vector<base::Digest> out;
  for (const BallotIndex::Open& open : index.open) {
    const bool seen =
        after && after->open_until_ms &&
        std::pair(open.until_ms, open.id) <= std::pair(*after->open_until_ms, after->id);
    if (!seen) out.push_back(open.id);
  }
  out.insert(out.end(), index.closed.rbegin(), index.closed.rend());
  if (!after || after->open_until_ms) return out;
  const auto seen = std::ranges::find(out, after->id);
  out.erase(out.begin(), seen == out.end() ? seen : seen + 1);
  return out;
}

}  // namespace ledger
