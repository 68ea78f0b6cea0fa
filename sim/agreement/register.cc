#include "sim/agreement/register.h"

#include "base/check.h"
#include "crypto/digest.h"

#include <algorithm>
#include <string>
#include <utility>

namespace sim::agreement {

namespace {

constexpr std::size_t seal_size = 8;  // stands for the author's signature

}  // namespace

base::Bytes RegisterOp::bytes() const {
  base::Bytes out;
  out.push_back(static_cast<std::byte>(kind));
  out.push_back(static_cast<std::byte>(author));
  for (int i = 0; i < 8; ++i) out.push_back(static_cast<std::byte>(sequence >> (8 * i)));
  for (const std::uint8_t member : members) out.push_back(static_cast<std::byte>(member));
  const base::Digest seal = crypto::digest(out);
  out.insert(out.end(), seal.bytes.begin(), seal.bytes.begin() + seal_size);
  return out;
}

std::optional<RegisterOp> RegisterOp::parse(base::ByteView bytes) {
  if (bytes.size() < 10 + seal_size) return std::nullopt;
  const base::ByteView sealed = bytes.last(seal_size);
  bytes = bytes.first(bytes.size() - seal_size);
  const base::Digest seal = crypto::digest(bytes);
  if (!std::equal(sealed.begin(), sealed.end(), seal.bytes.begin())) return std::nullopt;
  if (bytes[0] > static_cast<std::byte>(OpKind::hopeless)) return std::nullopt;
  RegisterOp op;
  op.kind = static_cast<OpKind>(bytes[0]);
  op.author = std::to_integer<std::uint8_t>(bytes[1]);
  for (std::size_t i = 0; i < 8; ++i) {
    op.sequence |= std::to_integer<std::uint64_t>(bytes[2 + i]) << (8 * i);
  }
  for (const std::byte member : bytes.subspan(10)) {
    op.members.push_back(std::to_integer<std::uint8_t>(member));
  }
  return op;
}

std::optional<consensus::OpSummary> Register::summarize(base::ByteView op) const {
  const auto parsed = RegisterOp::parse(op);
  if (!parsed) return std::nullopt;
  consensus::OpSummary summary;
  summary.id = crypto::digest(op);
  summary.author.bytes[0] = static_cast<std::byte>(parsed->author);
  summary.sequence = parsed->sequence;
  if (parsed->kind == OpKind::reconfigure) summary.op_class = consensus::OpClass::governance;
  return summary;
}

void Register::append_checks(base::ByteView op, std::vector<crypto::SignatureCheck>& checks) const {
  static_cast<void>(op);
  static_cast<void>(checks);
}

const Register::State& Register::state_of(const base::Digest& block) const {
  if (block == committed_.at.block) return committed_;
  const auto at = overlays_.find(block);
  CHECK(at != overlays_.end());
  return at->second.state;
}

std::optional<std::string> Register::apply(State& state, base::ByteView bytes,
                                           std::optional<consensus::NextEpoch>& next) const {
  const auto op = RegisterOp::parse(bytes);
  if (!op) return "no op";
  if (op->kind == OpKind::hopeless) return "hopeless";
  if (next) return "an op behind a reconfiguration";
  std::uint64_t& last = state.last_sequence[op->author];
  if (op->sequence <= last) return "an old sequence";
  if (op->kind == OpKind::reconfigure) {
    std::vector<consensus::Validator> members;
    for (const std::uint8_t member : op->members) {
      if (member >= identities_.size()) return "an unknown member";
      members.push_back(identities_[member]);
    }
    const auto committee = consensus::Committee::of(std::move(members));
    if (!committee) return "no committee";
    next = consensus::NextEpoch{.committee = *committee, .parameters = {}};
  }
  last = op->sequence;
  state.at.state_root = crypto::digest({state.at.state_root.view(), bytes});
  return std::nullopt;
}

bool Register::eligible(const consensus::BlockContext& at, base::ByteView op) const {
  State state = state_of(at.parent);
  std::optional<consensus::NextEpoch> next;
  return !at.tail && !apply(state, op, next);
}

consensus::Selected Register::select(const consensus::BlockContext& at,
                                     std::span<const base::ByteView> candidates) {
  State state = state_of(at.parent);
  consensus::Selected selected;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    State tried = state;
    if (apply(tried, candidates[i], selected.executed.next_epoch)) continue;
    state = std::move(tried);
    selected.taken.push_back(i);
    if (selected.executed.next_epoch) break;
  }
  selected.executed.state_root = state.at.state_root;
  return selected;
}

base::Result<consensus::Executed, consensus::Rejected> Register::execute(
    const base::Digest& block, const consensus::BlockContext& at,
    std::span<const base::Bytes> ops) {
  Overlay overlay{.parent = at.parent, .state = state_of(at.parent)};
  consensus::Executed executed;
  for (const base::Bytes& op : ops) {
    if (auto fault = apply(overlay.state, op, executed.next_epoch)) {
      return base::Unexpected{consensus::Rejected{.reason = std::move(*fault)}};
    }
  }
  overlay.state.at.block = block;
  overlay.state.at.height = at.height;
  overlay.state.at.timestamp_ms = at.timestamp_ms;
  executed.state_root = overlay.state.at.state_root;
  overlays_.insert_or_assign(block, std::move(overlay));
  return executed;
}

void Register::commit(const base::Digest& block) {
  const auto at = overlays_.find(block);
  CHECK(at != overlays_.end());
  CHECK(at->second.parent == committed_.at.block);
  committed_ = std::move(at->second.state);
  overlays_.erase(at);
}

void Register::discard(const base::Digest& block) {
  CHECK(overlays_.erase(block) == 1);
}

}  // namespace sim::agreement
