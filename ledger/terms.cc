#include "ledger/terms.h"

#include "base/check.h"

#include <algorithm>
#include <set>

namespace ledger {

namespace {

constexpr std::array<std::string_view, right_count> right_names{
    "admit",        "evict",           "revoke",        "assign_roles", "invite",
    "set_policies", "write_documents", "set_committee", "open_ballots", "set_rules"};
constexpr std::array<std::string_view, 3> admission_names{"open", "invitation", "vote"};

template <class Enum, std::size_t Size>
std::optional<Enum> named(const std::array<std::string_view, Size>& names, std::string_view name) {
  const auto* const found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}

template <class T>
bool ascends(const std::vector<T>& list) {
  return std::adjacent_find(list.begin(), list.end(),
                            [](const T& a, const T& b) { return !(a < b); }) == list.end();
}

}  // namespace

std::string_view name_of(Right right) {
  return right_names.at(static_cast<std::size_t>(right));
}
std::optional<Right> right_named(std::string_view name) {
  return named<Right>(right_names, name);
}
std::string_view name_of(Admission admission) {
  return admission_names.at(static_cast<std::size_t>(admission));
}
std::optional<Admission> admission_named(std::string_view name) {
  return named<Admission>(admission_names, name);
}

void Rights::write(Writer& out) const {
  out.u32(bits_);
}
Rights Rights::read(Reader& in) {
  Rights out;
  out.bits_ = in.u32();
  if (out.bits_ > all().bits_) in.refuse();
  return out;
}

void write_roles(Writer& out, const RoleNames& roles) {
  out.count(roles.size());
  for (const std::string& role : roles) out.text(role);
}
RoleNames read_roles(Reader& in) {
  RoleNames out(in.count(roles_per_member_max));
  for (std::string& role : out) role = in.name();
  if (!ascends(out)) in.refuse();
  return out;
}

bool is_committee(const Seats& seats) {
  std::set<base::VoteKey> keys;
  for (const Seat& seat : seats) keys.insert(seat.vote_key);
  const bool nodes_ascend =
      std::adjacent_find(seats.begin(), seats.end(), [](const Seat& a, const Seat& b) {
        return a.node >= b.node;
      }) == seats.end();
  return !seats.empty() && seats.size() <= seats_max && nodes_ascend && keys.size() == seats.size();
}

void write_seats(Writer& out, const Seats& seats) {
  out.count(seats.size());
  for (const Seat& seat : seats) out.fixed(seat.node.view()).fixed(seat.vote_key.view());
}
Seats read_seats(Reader& in) {
  Seats out(in.count(seats_max));
  for (Seat& seat : out) {
    seat.node = in.id<base::NodeId>();
    seat.vote_key = in.id<base::VoteKey>();
  }
  if (!is_committee(out)) in.refuse();
  return out;
}

void Parameters::write(Writer& out) const {
  out.u16(version).u32(block_bytes_max).u32(block_ops_max);
}
Parameters Parameters::read(Reader& in) {
  Parameters out;
  out.version = in.u16();
  out.block_bytes_max = in.u32();
  out.block_ops_max = in.u32();
  const bool good = out.version >= 1 && out.version <= version_last &&
                    out.block_bytes_max >= block_bytes_least &&
                    out.block_bytes_max <= block_bytes_most && out.block_ops_max >= 1 &&
                    out.block_ops_max <= block_ops_most;
  if (!good) in.refuse();
  return out;
}

std::uint32_t Rule::needed(std::uint32_t holders) const {
  return static_cast<std::uint32_t>(std::uint64_t{holders} * share_ppm / 1'000'000) + 1;
}
void Rule::write(Writer& out) const {
  out.flag(direct).text(electorate).u32(share_ppm);
}
Rule Rule::read(Reader& in) {
  Rule out;
  out.direct = in.flag();
  out.electorate = in.name();
  out.share_ppm = in.u32();
  if (out.share_ppm >= 1'000'000) in.refuse();
  return out;
}

void Electorate::write(Writer& out) const {
  out.text(role).count(nodes.size());
  for (const base::NodeId& node : nodes) out.fixed(node.view());
}
Electorate Electorate::read(Reader& in) {
  Electorate out;
  out.role = in.text(name_max);
  out.nodes.resize(in.count(voters_listed_max));
  for (base::NodeId& node : out.nodes) node = in.id<base::NodeId>();
  const bool by_role = out.nodes.empty() && is_name(out.role);
  const bool by_list = !out.nodes.empty() && out.role.empty();
  if (!(by_role || by_list) || !ascends(out.nodes)) in.refuse();
  return out;
}

void write_signature(Writer& out, const crypto::Signature& signature) {
  out.fixed(signature.view());
}
crypto::Signature read_signature(Reader& in) {
  return in.id<crypto::Signature>();
}

}  // namespace ledger
