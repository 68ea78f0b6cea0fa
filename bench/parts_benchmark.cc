// What single parts cost: signing, sealing, and the bytes of a packet. The figures that the design
// counts with; docs/benchmarks.md has the table.
#include "crypto/digest.h"
#include "crypto/identity.h"
#include "crypto/sealed.h"
#include "crypto/verified.h"
#include "gossip/packet.h"
#include "wire/packet_codec.h"

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <string>

namespace {

crypto::Identity identity(std::uint8_t number) {
  crypto::Seed seed;
  seed.bytes[0] = std::byte{number};
  return crypto::Identity::from_seed(seed);
}

base::MeshId mesh() {
  return *base::MeshId::from_view(crypto::digest(base::as_bytes("bench")).view());
}

gossip::SignedRecord signed_record(const crypto::Identity& subject) {
  gossip::SignedRecord record;
  record.record.subject = subject.id();
  record.record.name = "inventory-1";
  record.record.version = {.epoch = 3, .sequence = 17};
  record.record.endpoint = base::Endpoint::v4({10, 0, 0, 1}, 7400);
  record.signature = subject.sign(gossip::statement_of(record.record, mesh()));
  return record;
}

gossip::Packet packet_of(std::int64_t records) {
  gossip::Packet packet;
  packet.body = gossip::Ping{.sequence = 7};
  for (std::int64_t i = 0; i < records; ++i) {
    packet.records.push_back(signed_record(identity(static_cast<std::uint8_t>(i + 1))));
  }
  return packet;
}

void sign_a_record(benchmark::State& state) {
  const crypto::Identity subject = identity(1);
  const gossip::SignedRecord record = signed_record(subject);
  for (auto _ : state) {
    benchmark::DoNotOptimize(subject.sign(gossip::statement_of(record.record, mesh())));
  }
}
BENCHMARK(sign_a_record);

void check_a_record(benchmark::State& state) {
  const crypto::Identity subject = identity(1);
  const gossip::SignedRecord record = signed_record(subject);
  const crypto::SignatureCheck check{.signer = subject.id(),
                                     .statement = gossip::statement_of(record.record, mesh()),
                                     .signature = record.signature};
  for (auto _ : state) benchmark::DoNotOptimize(crypto::check(check).holds());
}
BENCHMARK(check_a_record);

void derive_the_keys_of_a_pair(benchmark::State& state) {
  const crypto::Identity own = identity(1);
  const crypto::Identity peer = identity(2);
  for (auto _ : state) {
    benchmark::DoNotOptimize(crypto::PairKeys::derive(own, peer.id(), mesh()));
  }
}
BENCHMARK(derive_the_keys_of_a_pair);

void seal_a_datagram(benchmark::State& state) {
  const auto keys = crypto::PairKeys::derive(identity(1), identity(2).id(), mesh());
  const base::Bytes plaintext(static_cast<std::size_t>(state.range(0)));
  std::uint64_t counter = 0;
  for (auto _ : state) {
    base::Bytes out;
    keys->seal({.epoch = 1, .counter = ++counter}, {}, plaintext, out);
    benchmark::DoNotOptimize(out);
  }
}
BENCHMARK(seal_a_datagram)->Arg(64)->Arg(1200);

void encode_a_packet(benchmark::State& state) {
  const gossip::Packet packet = packet_of(state.range(0));
  std::size_t size = 0;
  for (auto _ : state) size = wire::encode(packet).size();
  state.counters["bytes"] = static_cast<double>(size);
}
BENCHMARK(encode_a_packet)->Arg(0)->Arg(4);

void decode_a_packet(benchmark::State& state) {
  const base::Bytes bytes = wire::encode(packet_of(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(wire::decode_packet(bytes).has_value());
}
BENCHMARK(decode_a_packet)->Arg(0)->Arg(4);

}  // namespace
