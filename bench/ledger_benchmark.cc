// What deciding costs once agreement is there: reading ops and executing blocks of them, without
// the check of signatures (49 microseconds each, on a pool).
#include "base/check.h"
#include "crypto/digest.h"
#include "crypto/identity.h"
#include "ledger/execution.h"
#include "ledger/genesis.h"
#include "ledger/snapshot.h"

#include <benchmark/benchmark.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace {

using namespace ledger;

crypto::Identity identity() {
  crypto::Seed seed;
  seed.bytes[0] = std::byte{1};
  return crypto::Identity::from_seed(seed);
}
base::MeshId mesh() {
  return *base::MeshId::from_view(crypto::digest(base::as_bytes("bench")).view());
}
BlockContext block() {
  return {.height = 1, .timestamp_ms = 1'000'000, .epoch = 0, .epoch_id = {}, .tail = false};
}

PutDocument put(std::uint64_t number, std::size_t size) {
  return {.key = "stock/" + std::to_string(number),
          .expected = Expected::any,
          .value = base::Bytes(size, std::byte{'x'})};
}
crypto::Verified<Op> op(const crypto::Identity& author, std::uint64_t sequence, Payload payload) {
  return crypto::Verified<Op>::own(
      Op::sign(author, mesh(), sequence, block().timestamp_ms + 1, std::move(payload)));
}

// A mesh of one with so many documents of 100 bytes.
State state_with(std::int64_t documents) {
  const Seat seat{.node = identity().id(), .vote_key = {}};
  const State genesis = initial_state({.mesh = mesh(),
                                       .name = "bench",
                                       .admission = Admission::open,
                                       .seats = {seat},
                                       .parameters = {}});
  Changes changes;
  for (std::int64_t i = 0; i < documents; ++i) {
    const PutDocument document = put(static_cast<std::uint64_t>(i), 100);
    changes[key::document(document.key)] =
        encode(Document{.version = 1, .height = 1, .author = {}, .value = document.value});
  }
  return genesis.with(changes);
}

std::vector<crypto::Verified<Op>> ops_for(std::int64_t documents, std::int64_t count) {
  const crypto::Identity author = identity();
  std::vector<crypto::Verified<Op>> out;
  for (std::int64_t i = 0; i < count; ++i) {
    const auto sequence = static_cast<std::uint64_t>(i) + 1;
    const auto spread = static_cast<std::uint64_t>(documents > 0 ? i * 7919 % documents : i);
    out.push_back(op(author, sequence, put(spread, 100)));
  }
  return out;
}

void execute_block(benchmark::State& timer) {
  const State parent = state_with(timer.range(0));
  const auto ops = ops_for(timer.range(0), timer.range(1));
  for (auto _ : timer) {
    auto outcome = execute(parent, block(), ops);
    CHECK(outcome.has_value());
    benchmark::DoNotOptimize(outcome->state.root());
  }
  timer.SetItemsProcessed(static_cast<std::int64_t>(timer.iterations()) * timer.range(1));
}
BENCHMARK(execute_block)
    ->ArgNames({"documents", "ops"})
    ->Args({0, 1})
    ->Args({0, 256})
    ->Args({10'000, 1})
    ->Args({10'000, 256})
    ->Args({10'000, 1024})
    ->Args({50'000, 1})
    ->Args({50'000, 256})
    ->Args({50'000, 1024});

void execute_empty_block(benchmark::State& timer) {
  const State parent = state_with(10'000);
  for (auto _ : timer) {
    const auto outcome = execute(parent, block(), {});
    benchmark::DoNotOptimize(outcome->state.root());
  }
}
BENCHMARK(execute_empty_block);

void refuse_or_take_one_op(benchmark::State& timer) {
  const State parent = state_with(10'000);
  const auto ops = ops_for(10'000, 1);
  for (auto _ : timer) benchmark::DoNotOptimize(refusal_of(parent, block(), ops.front()));
}
BENCHMARK(refuse_or_take_one_op);

void parse_op(benchmark::State& timer) {
  const auto one = op(identity(), 1, put(1, static_cast<std::size_t>(timer.range(0))));
  const base::MeshId id = mesh();
  for (auto _ : timer) benchmark::DoNotOptimize(Op::parse(one->bytes(), id));
}
BENCHMARK(parse_op)->Arg(100)->Arg(4'096)->Arg(60'000);

void take_in_snapshot(benchmark::State& timer) {
  const State state = state_with(timer.range(0));
  const base::Bytes manifest = encode_manifest(state);
  std::vector<base::Bytes> buckets;
  std::int64_t bytes = 0;
  for (std::size_t i = 0; i < State::bucket_count; ++i) {
    buckets.push_back(encode_bucket(state.bucket(i)));
    bytes += static_cast<std::int64_t>(buckets.back().size());
  }
  for (auto _ : timer) {
    auto snapshot = Snapshot::begin(state.root(), manifest);
    for (const std::size_t i : snapshot->missing(State::bucket_count)) {
      CHECK(snapshot->on_bucket(i, buckets[i]).has_value());
    }
    benchmark::DoNotOptimize(snapshot->state().root());
  }
  timer.SetBytesProcessed(static_cast<std::int64_t>(timer.iterations()) * bytes);
}
BENCHMARK(take_in_snapshot)->Arg(10'000)->Unit(benchmark::kMillisecond);

}  // namespace
