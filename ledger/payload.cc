#include "ledger/payload.h"

#include "base/check.h"
#include "ledger/op.h"

#include <algorithm>
#include <utility>

namespace ledger {

namespace {

void write_id(Writer& out, OpKind kind) {
  out.u16(static_cast<std::uint16_t>(kind));
}

void write_vote(Writer& out, const EvidenceVote& vote) {
  out.u8(static_cast<std::uint8_t>(vote.kind)).fixed(vote.block.view());
  write_signature(out, vote.signature);
}
EvidenceVote read_vote(Reader& in) {
  EvidenceVote out;
  out.kind = static_cast<VoteKind>(in.u8());
  out.block = in.id<base::Digest>();
  out.signature = read_signature(in);
  return out;
}

// Tries the types of the variant one after the other.
template <std::size_t Index = 0>
std::optional<Payload> parse_as(OpKind kind, base::ByteView bytes) {
  if constexpr (Index == std::variant_size_v<Payload>) {
    return std::nullopt;
  } else {
    using Type = std::variant_alternative_t<Index, Payload>;
    if (Type::kind != kind) return parse_as<Index + 1>(kind, bytes);
    std::optional<Type> out = parse<Type>(bytes);
    if (!out) return std::nullopt;
    return Payload(*std::move(out));
  }
}

}  // namespace

OpKind kind_of(const Payload& payload) {
  return std::visit([](const auto& op) { return op.kind; }, payload);
}

base::Bytes encode_payload(const Payload& payload) {
  return std::visit([](const auto& op) { return encode(op); }, payload);
}

std::optional<Payload> parse_payload(OpKind kind, base::ByteView bytes) {
  return parse_as(kind, bytes);
}

bool may_be_effect(OpKind kind) {
  switch (kind) {
    case OpKind::open_ballot:
    case OpKind::cast_ballot:
    case OpKind::withdraw_ballot:
    case OpKind::report_evidence:
    case OpKind::join:
    case OpKind::leave:
      return false;
    case OpKind::reconfigure:
    case OpKind::define_role:
    case OpKind::remove_role:
    case OpKind::set_rule:
    case OpKind::admit:
    case OpKind::evict:
    case OpKind::revoke:
    case OpKind::assign_roles:
    case OpKind::forget:
    case OpKind::set_policy:
    case OpKind::remove_policy:
    case OpKind::put_document:
    case OpKind::delete_document:
      return true;
  }
  return false;
}

void Reconfigure::write(Writer& out) const {
  out.fixed(epoch_id.view());
  write_seats(out, seats);
  parameters.write(out);
  out.count(ready.size());
  for (const Ready& attestation : ready) {
    out.u16(attestation.seat).u64(attestation.not_after_height);
    write_signature(out, attestation.signature);
  }
}
Reconfigure Reconfigure::read(Reader& in) {
  Reconfigure out;
  out.epoch_id = in.id<base::Digest>();
  out.seats = read_seats(in);
  out.parameters = Parameters::read(in);
  out.ready.resize(in.count(seats_max));
  std::uint32_t next = 0;
  for (Ready& attestation : out.ready) {
    attestation.seat = in.u16();
    attestation.not_after_height = in.u64();
    attestation.signature = read_signature(in);
    if (attestation.seat < next || attestation.seat >= out.seats.size()) in.refuse();
    next = attestation.seat + std::uint32_t{1};
  }
  return out;
}

std::string_view name_of(Equivocation proven) {
  switch (proven) {
    case Equivocation::notarized_two:
      return "notarized_two";
    case Equivocation::finalized_two:
      return "finalized_two";
    case Equivocation::finalized_and_nullified:
      return "finalized_and_nullified";
  }
  return "";
}

std::optional<Equivocation> ReportEvidence::proves() const {
  if (first.kind == VoteKind::finalize && second.kind == VoteKind::nullify) {
    if (!second.block.is_zero()) return std::nullopt;
    return Equivocation::finalized_and_nullified;
  }
  if (first.kind != second.kind || !(first.block < second.block)) return std::nullopt;
  if (first.kind == VoteKind::notarize) return Equivocation::notarized_two;
  if (first.kind == VoteKind::finalize) return Equivocation::finalized_two;
  return std::nullopt;
}
void ReportEvidence::write(Writer& out) const {
  out.u64(epoch).fixed(epoch_id.view()).u64(view);
  out.fixed(signer.node.view()).fixed(signer.vote_key.view());
  write_vote(out, first);
  write_vote(out, second);
}
ReportEvidence ReportEvidence::read(Reader& in) {
  ReportEvidence out;
  out.epoch = in.u64();
  out.epoch_id = in.id<base::Digest>();
  out.view = in.u64();
  out.signer.node = in.id<base::NodeId>();
  out.signer.vote_key = in.id<base::VoteKey>();
  out.first = read_vote(in);
  out.second = read_vote(in);
  if (!out.proves()) in.refuse();
  return out;
}

void DefineRole::write(Writer& out) const {
  out.text(name);
  rights.write(out);
  out.count(prefixes.size());
  for (const std::string& prefix : prefixes) out.text(prefix);
}
DefineRole DefineRole::read(Reader& in) {
  DefineRole out;
  out.name = in.name();
  out.rights = Rights::read(in);
  out.prefixes.resize(in.count(prefixes_max));
  for (std::string& prefix : out.prefixes) prefix = in.text(document_key_max);
  const auto unordered = std::adjacent_find(out.prefixes.begin(), out.prefixes.end(),
                                            [](const auto& a, const auto& b) { return a >= b; });
  if (unordered != out.prefixes.end()) in.refuse();
  return out;
}
void RemoveRole::write(Writer& out) const {
  out.text(name);
}
RemoveRole RemoveRole::read(Reader& in) {
  return {.name = in.name()};
}
void SetRule::write(Writer& out) const {
  out.u8(static_cast<std::uint8_t>(right));
  rule.write(out);
}
SetRule SetRule::read(Reader& in) {
  SetRule out;
  out.right = static_cast<Right>(in.choice(right_count - 1));
  out.rule = Rule::read(in);
  return out;
}

void OpenBallot::write(Writer& out) const {
  out.text(question);
  electorate.write(out);
  out.u32(agree_needed).u64(until_ms).flag(effect.has_value());
  if (!effect) return;
  write_id(out, effect->kind);
  out.sized(effect->payload);
}
OpenBallot OpenBallot::read(Reader& in) {
  OpenBallot out;
  out.question = in.text(question_max);
  out.electorate = Electorate::read(in);
  out.agree_needed = in.u32();
  out.until_ms = in.u64();
  if (out.question.empty() || out.agree_needed == 0) in.refuse();
  if (!in.flag()) return out;
  const std::optional<OpKind> effect_kind = op_kind(in.u16());
  base::Bytes payload = in.sized(op_bytes_max);
  if (in.refused() || !effect_kind || !may_be_effect(*effect_kind) ||
      !parse_payload(*effect_kind, payload)) {
    in.refuse();
    return out;
  }
  out.effect = Effect{.kind = *effect_kind, .payload = std::move(payload)};
  return out;
}
void CastBallot::write(Writer& out) const {
  out.fixed(ballot.view()).u8(static_cast<std::uint8_t>(choice));
}
CastBallot CastBallot::read(Reader& in) {
  CastBallot out;
  out.ballot = in.id<base::Digest>();
  out.choice = static_cast<Choice>(in.choice(1));
  return out;
}
void WithdrawBallot::write(Writer& out) const {
  out.fixed(ballot.view());
}
WithdrawBallot WithdrawBallot::read(Reader& in) {
  return {.ballot = in.id<base::Digest>()};
}

void Invitation::write(Writer& out) const {
  out.fixed(inviter.view()).fixed(invitee.view()).u64(nonce).u64(not_after_ms);
  write_signature(out, signature);
}
Invitation Invitation::read(Reader& in) {
  Invitation out;
  out.inviter = in.id<base::NodeId>();
  out.invitee = in.id<base::NodeId>();
  out.nonce = in.u64();
  out.not_after_ms = in.u64();
  out.signature = read_signature(in);
  return out;
}
void Join::write(Writer& out) const {
  out.flag(invitation.has_value());
  if (invitation) invitation->write(out);
}
Join Join::read(Reader& in) {
  Join out;
  if (in.flag()) out.invitation = Invitation::read(in);
  return out;
}
void Admit::write(Writer& out) const {
  out.fixed(node.view());
  write_roles(out, roles);
}
Admit Admit::read(Reader& in) {
  Admit out;
  out.node = in.id<base::NodeId>();
  out.roles = read_roles(in);
  return out;
}
void Leave::write(Writer& /*out*/) const {}
Leave Leave::read(Reader& /*in*/) {
  return {};
}
void Evict::write(Writer& out) const {
  out.fixed(node.view()).text(reason).fixed(evidence.view());
}
Evict Evict::read(Reader& in) {
  Evict out;
  out.node = in.id<base::NodeId>();
  out.reason = in.text(reason_max);
  out.evidence = in.id<base::Digest>();
  return out;
}
void Revoke::write(Writer& out) const {
  out.fixed(node.view()).text(reason);
}
Revoke Revoke::read(Reader& in) {
  Revoke out;
  out.node = in.id<base::NodeId>();
  out.reason = in.text(reason_max);
  return out;
}
void AssignRoles::write(Writer& out) const {
  out.fixed(node.view());
  write_roles(out, roles);
}
AssignRoles AssignRoles::read(Reader& in) {
  AssignRoles out;
  out.node = in.id<base::NodeId>();
  out.roles = read_roles(in);
  return out;
}
void Forget::write(Writer& out) const {
  out.fixed(node.view());
}
Forget Forget::read(Reader& in) {
  return {.node = in.id<base::NodeId>()};
}

void SetPolicy::write(Writer& out) const {
  out.text(name).text(scope).flag(local_may_override).u64(expected);
  out.sized(base::as_bytes(yaml));
}
SetPolicy SetPolicy::read(Reader& in) {
  SetPolicy out;
  out.name = in.name();
  out.scope = in.text(scope_max);
  out.local_may_override = in.flag();
  out.expected = in.u64();
  out.yaml = in.lines(op_bytes_max);
  return out;
}
void RemovePolicy::write(Writer& out) const {
  out.text(name).u64(expected);
}
RemovePolicy RemovePolicy::read(Reader& in) {
  RemovePolicy out;
  out.name = in.name();
  out.expected = in.u64();
  return out;
}

void PutDocument::write(Writer& out) const {
  out.text(key).u64(expected).sized(value);
}
PutDocument PutDocument::read(Reader& in) {
  PutDocument out;
  out.key = in.text(document_key_max);
  out.expected = in.u64();
  out.value = in.sized(op_bytes_max);
  if (out.key.empty()) in.refuse();
  return out;
}
void DeleteDocument::write(Writer& out) const {
  out.text(key).u64(expected);
}
DeleteDocument DeleteDocument::read(Reader& in) {
  DeleteDocument out;
  out.key = in.text(document_key_max);
  out.expected = in.u64();
  if (out.key.empty()) in.refuse();
  return out;
}

}  // namespace ledger
