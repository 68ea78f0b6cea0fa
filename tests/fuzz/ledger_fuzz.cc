// Ops and payloads with any bytes from any member: what is read has one encoding, and whatever is
// executed leaves a state in order. Buckets of a snapshot, too, come from strangers.
#include "base/check.h"
#include "ledger/execution.h"
#include "ledger/genesis.h"
#include "ledger/snapshot.h"
#include "tests/fuzz/fuzzed_input.h"
#include "tests/ledger/ledger_samples.h"
#include "tests/ledger/state_invariants.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using namespace ledger;

constexpr std::size_t people = 6;

const crypto::Identity& identity(std::size_t number) {
  static const std::vector<crypto::Identity> all = [] {
    std::vector<crypto::Identity> out;
    for (std::uint8_t i = 1; i <= people; ++i) out.push_back(samples::identity(i));
    return out;
  }();
  return all[number];
}

const State& genesis(std::size_t admission) {
  static const std::vector<State> all = [] {
    std::vector<State> out;
    for (const Admission kind : {Admission::open, Admission::invitation, Admission::vote}) {
      out.push_back(initial_state({.mesh = samples::mesh(),
                                   .name = "shop",
                                   .admission = kind,
                                   .seats = samples::seats({1, 2, 3, 4}),
                                   .parameters = {}}));
    }
    return out;
  }();
  return all[admission];
}

// Every byte that the fuzzer may write comes from here: ids are 32 bytes that it would not guess.
class Phrases {
 public:
  explicit Phrases(fuzz::Input& input) : input_(input) {}

  base::Bytes payload() {
    Writer out;
    for (std::size_t parts = input_.below(12); parts > 0; --parts) part(out);
    return out.take();
  }
  void remember(const base::Digest& ballot) { ballot_ = ballot; }

 private:
  void part(Writer& out) {
    constexpr std::array<std::string_view, 8> words{"operator", "voter", "member", "validator",
                                                    "clerk",    "k",     "",       "a: 1"};
    switch (input_.below(10)) {
      case 0:
        out.fixed(identity(input_.below(people)).id().view());
        break;
      case 1:
        out.text(words[input_.below(words.size())]);
        break;
      case 2:
        out.u8(input_.byte());
        break;
      case 3:
        out.u16(input_.byte());
        break;
      case 4:
        out.u32(input_.byte());
        break;
      case 5:
        out.u64(input_.yes() ? Expected::any : input_.byte());
        break;
      case 6:
        out.fixed(ballot_.view());
        break;
      case 7:
        out.sized(input_.bytes());
        break;
      case 8:
        out.u64(1'000'000 + std::uint64_t{input_.byte()} * 500);
        break;
      default:
        out.fixed(input_.bytes());
    }
  }

  fuzz::Input& input_;
  base::Digest ballot_;
};

OpKind some_kind(fuzz::Input& input) {
  constexpr std::array<std::uint16_t, 4> first{0x0101, 0x0201, 0x0301, 0x0401};
  const auto number = static_cast<std::uint16_t>(first[input.below(4)] + input.below(8));
  return op_kind(number).value_or(OpKind::put_document);
}

void has_one_encoding(OpKind kind, const base::Bytes& bytes) {
  const std::optional<Payload> payload = parse_payload(kind, bytes);
  if (!payload) return;
  CHECK(kind_of(*payload) == kind);
  CHECK(encode_payload(*payload) == bytes);
}

class Mesh {
 public:
  explicit Mesh(fuzz::Input& input)
      : input_(input), phrases_(input), state_(genesis(input.below(3))) {
    block_.timestamp_ms = 1'000'000;
    limits_.members_max = 8;
    limits_.documents_max = 4;
    limits_.ballots_open_max = 3;
    limits_.ballots_kept_max = 2;
    limits_.forget_after_ms = 1'000;
  }

  void run() {
    while (!input_.empty()) decide();
    samples::check_state(state_, limits_);
  }

 private:
  void decide() {
    ++block_.height;
    block_.timestamp_ms += 1 + input_.byte();
    Execution execution(state_, block_, limits_);
    for (std::size_t ops = input_.below(4); ops > 0; --ops) {
      const std::optional<Op> op = some_op();
      if (op) static_cast<void>(execution.apply(crypto::Verified<Op>::own(*op)));
    }
    Outcome outcome = std::move(execution).finish();
    state_ = std::move(outcome.state);
    if (!outcome.next) return;
    block_.epoch = outcome.next->epoch;
    block_.epoch_id = state_.root();
  }

  std::optional<Op> some_op() {
    const std::size_t author = input_.below(people);
    const OpKind kind = some_kind(input_);
    const base::Bytes bytes = phrases_.payload();
    has_one_encoding(kind, bytes);
    std::optional<Payload> payload = parse_payload(kind, bytes);
    if (!payload) return std::nullopt;
    Op op = Op::sign(identity(author), samples::mesh(), ++sequence_, block_.timestamp_ms + 1,
                     *std::move(payload));
    const auto read = Op::parse(op.bytes(), samples::mesh());
    CHECK(read.has_value());
    CHECK(read->payload() == op.payload());
    CHECK(read->id() == op.id());
    std::vector<crypto::SignatureCheck> checks;
    op.append_checks(samples::Statements(), checks);
    CHECK(!checks.empty());
    if (kind == OpKind::open_ballot) phrases_.remember(op.id());
    return op;
  }

  fuzz::Input& input_;
  Phrases phrases_;
  State state_;
  BlockContext block_;
  Limits limits_;
  std::uint64_t sequence_ = 0;
};

void read_strangers(fuzz::Input& input) {
  base::Bytes bytes;
  const OpKind kind = some_kind(input);
  while (!input.empty()) {
    const base::Bytes more = input.bytes();
    bytes.insert(bytes.end(), more.begin(), more.end());
  }
  has_one_encoding(kind, bytes);
  if (const auto op = Op::parse(bytes, samples::mesh())) CHECK(op->bytes() == bytes);
  const State state = State().with({{"k", bytes}});
  auto snapshot = Snapshot::begin(state.root(), encode_manifest(state));
  CHECK(snapshot.has_value());
  const std::size_t bucket = snapshot->missing(1).front();
  const base::Bytes right = encode_bucket(state.bucket(bucket));
  CHECK(snapshot->on_bucket(bucket, bytes).has_value() == (bytes == right));
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  if (input.yes()) {
    Mesh(input).run();
  } else {
    read_strangers(input);
  }
  return 0;
}
