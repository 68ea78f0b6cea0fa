#include "ledger/records.h"

#include <algorithm>
#include <array>

namespace ledger {

namespace key {

namespace {

// 16 digits, so that numbers are in order as text.
std::string digits(std::uint64_t number) {
  std::array<std::byte, 8> bytes{};
  for (std::size_t i = 0; i < 8; ++i) bytes[i] = static_cast<std::byte>(number >> (56 - 8 * i));
  return base::to_hex(bytes);
}
std::string join(std::string_view prefix, std::string_view rest) {
  std::string out(prefix);
  out += rest;
  return out;
}

}  // namespace

std::string member(const base::NodeId& node) {
  return join(members, node.hex());
}
std::string sequence(const base::NodeId& author) {
  return join("sequence/", author.hex());
}
std::string role(std::string_view name) {
  return join(roles, name);
}
std::string rule(Right right) {
  return join("rule/", name_of(right));
}
std::string policy(std::string_view name) {
  return join(policies, name);
}
std::string document(std::string_view name) {
  return join(documents, name);
}
std::string ballot(const base::Digest& id) {
  return join(ballot_prefix, id.hex());
}
std::string tally(const base::Digest& id) {
  return join("tally/", id.hex());
}
std::string epoch(std::uint64_t number) {
  return join("epoch/", digits(number));
}
std::string evidence(const ReportEvidence& report) {
  const auto proves = static_cast<std::size_t>(report.proves().value_or(Equivocation{}));
  return join(evidences, digits(report.epoch)) + "/" + report.signer.node.hex() + "/" +
         std::to_string(proves);
}

}  // namespace key

namespace {

constexpr std::size_t list_max = 65'535;  // of lists whose bound execution keeps

}  // namespace

std::string_view name_of(Standing standing) {
  constexpr std::array<std::string_view, 4> names{"admitted", "left", "evicted", "revoked"};
  return names.at(static_cast<std::size_t>(standing));
}
std::string_view name_of(BallotResult result) {
  constexpr std::array<std::string_view, 5> names{"open", "carried", "rejected", "expired",
                                                  "withdrawn"};
  return names.at(static_cast<std::size_t>(result));
}

void MeshRecord::write(Writer& out) const {
  out.fixed(id.view()).text(name).u8(static_cast<std::uint8_t>(admission));
}
MeshRecord MeshRecord::read(Reader& in) {
  MeshRecord out;
  out.id = in.id<base::MeshId>();
  out.name = in.name();
  out.admission = static_cast<Admission>(in.choice(2));
  return out;
}

bool Member::has_role(std::string_view role) const {
  return std::find(roles.begin(), roles.end(), role) != roles.end();
}
void Member::write(Writer& out) const {
  out.u8(static_cast<std::uint8_t>(standing)).flag(equivocator);
  write_roles(out, roles);
  out.u64(since_height).u64(since_ms).fixed(by.view()).text(reason).fixed(evidence.view());
  out.count(used_invitations.size());
  for (const UsedInvitation& used : used_invitations) out.u64(used.nonce).u64(used.not_after_ms);
}
Member Member::read(Reader& in) {
  Member out;
  out.standing = static_cast<Standing>(in.choice(3));
  out.equivocator = in.flag();
  out.roles = read_roles(in);
  out.since_height = in.u64();
  out.since_ms = in.u64();
  out.by = in.id<base::NodeId>();
  out.reason = in.text(reason_max);
  out.evidence = in.id<base::Digest>();
  out.used_invitations.resize(in.count(list_max));
  for (UsedInvitation& used : out.used_invitations) {
    used.nonce = in.u64();
    used.not_after_ms = in.u64();
  }
  return out;
}

void Role::write(Writer& out) const {
  rights.write(out);
  out.count(prefixes.size());
  for (const std::string& prefix : prefixes) out.text(prefix);
  out.u32(holders);
}
Role Role::read(Reader& in) {
  Role out;
  out.rights = Rights::read(in);
  out.prefixes.resize(in.count(prefixes_max));
  for (std::string& prefix : out.prefixes) prefix = in.text(document_key_max);
  out.holders = in.u32();
  return out;
}

void Policy::write(Writer& out) const {
  out.u64(version).u64(height).fixed(author.view()).text(scope).flag(local_may_override);
  out.sized(base::as_bytes(yaml));
}
Policy Policy::read(Reader& in) {
  Policy out;
  out.version = in.u64();
  out.height = in.u64();
  out.author = in.id<base::NodeId>();
  out.scope = in.text(scope_max);
  out.local_may_override = in.flag();
  out.yaml = in.lines(list_max);
  return out;
}

void Document::write(Writer& out) const {
  out.u64(version).u64(height).fixed(author.view()).sized(value);
}
Document Document::read(Reader& in) {
  Document out;
  out.version = in.u64();
  out.height = in.u64();
  out.author = in.id<base::NodeId>();
  out.value = in.sized(list_max);
  return out;
}

bool Committee::seats_node(const base::NodeId& node) const {
  return std::any_of(seats.begin(), seats.end(),
                     [&](const Seat& seat) { return seat.node == node; });
}
void Committee::write(Writer& out) const {
  out.u64(epoch).fixed(epoch_id.view());
  write_seats(out, seats);
  parameters.write(out);
}
Committee Committee::read(Reader& in) {
  Committee out;
  out.epoch = in.u64();
  out.epoch_id = in.id<base::Digest>();
  out.seats = read_seats(in);
  out.parameters = Parameters::read(in);
  return out;
}

void Ballot::write(Writer& out) const {
  out.fixed(opener.view()).u64(opened_height);
  ask.write(out);
  out.u8(static_cast<std::uint8_t>(result)).u64(closed_height).u32(agreed).u32(rejected);
  out.u8(effect_refusal);
}
Ballot Ballot::read(Reader& in) {
  Ballot out;
  out.opener = in.id<base::NodeId>();
  out.opened_height = in.u64();
  out.ask = OpenBallot::read(in);
  out.result = static_cast<BallotResult>(in.choice(4));
  out.closed_height = in.u64();
  out.agreed = in.u32();
  out.rejected = in.u32();
  out.effect_refusal = in.choice(static_cast<std::uint8_t>(Reason::already_known));
  return out;
}

void Tally::write(Writer& out) const {
  out.count(votes.size());
  for (const Vote& vote : votes) {
    out.fixed(vote.voter.view()).u8(static_cast<std::uint8_t>(vote.choice));
  }
}
Tally Tally::read(Reader& in) {
  Tally out;
  out.votes.resize(in.count(list_max));
  for (Vote& vote : out.votes) {
    vote.voter = in.id<base::NodeId>();
    vote.choice = static_cast<Choice>(in.choice(1));
  }
  return out;
}

void BallotIndex::write(Writer& out) const {
  out.count(open.size());
  for (const Open& ballot : open) {
    out.u64(ballot.until_ms).fixed(ballot.id.view()).fixed(ballot.opener.view());
  }
  out.count(closed.size());
  for (const base::Digest& id : closed) out.fixed(id.view());
}
BallotIndex BallotIndex::read(Reader& in) {
  BallotIndex out;
  out.open.resize(in.count(list_max));
  for (Open& ballot : out.open) {
    ballot.until_ms = in.u64();
    ballot.id = in.id<base::Digest>();
    ballot.opener = in.id<base::NodeId>();
  }
  out.closed.resize(in.count(list_max));
  for (base::Digest& id : out.closed) id = in.id<base::Digest>();
  return out;
}

void Totals::write(Writer& out) const {
  out.u32(members).u32(roles).u32(policies).u32(documents).u32(evidences);
  out.u64(policy_bytes).u64(document_bytes).u64(version);
}
Totals Totals::read(Reader& in) {
  Totals out;
  out.members = in.u32();
  out.roles = in.u32();
  out.policies = in.u32();
  out.documents = in.u32();
  out.evidences = in.u32();
  out.policy_bytes = in.u64();
  out.document_bytes = in.u64();
  out.version = in.u64();
  return out;
}

void Evidence::write(Writer& out) const {
  report.write(out);
  out.u64(height).fixed(reporter.view());
}
Evidence Evidence::read(Reader& in) {
  Evidence out;
  out.report = ReportEvidence::read(in);
  out.height = in.u64();
  out.reporter = in.id<base::NodeId>();
  return out;
}

}  // namespace ledger
