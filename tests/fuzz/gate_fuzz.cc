// Datagrams of a stranger at the door of a node: any bytes, and what a member really sealed, bent.
// Nothing opens but what was sealed, and that once.
#include "base/check.h"
#include "crypto/digest.h"
#include "node/kernel/datagram_gate.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

crypto::Identity identity(std::uint8_t number) {
  crypto::Seed seed;
  seed.bytes.fill(std::byte{number});
  return crypto::Identity::from_seed(seed);
}

// The curve would be most of the work, and is not what is tested here.
std::optional<crypto::PairKeys> hashed_keys(const crypto::Identity& own, const base::NodeId& peer,
                                            const base::MeshId& mesh) {
  const base::NodeId low = std::min(own.id(), peer);
  const base::NodeId high = std::max(own.id(), peer);
  return crypto::PairKeys::from_secret(crypto::digest({low.bytes, high.bytes}), own.id(), peer,
                                       mesh);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const crypto::Identity anna_identity = identity(1);
  static const crypto::Identity bert_identity = identity(2);
  kernel::GateOptions options;
  options.derive_keys = hashed_keys;
  kernel::DatagramGate anna(anna_identity, base::MeshId{}, 1, options);
  kernel::DatagramGate bert(bert_identity, base::MeshId{}, 1, options);
  base::ByteView bytes = std::as_bytes(std::span(data, size));
  const auto take = [&bytes]() -> std::uint8_t {
    if (bytes.empty()) return 0;
    const auto first = std::to_integer<std::uint8_t>(bytes.front());
    bytes = bytes.subspan(1);
    return first;
  };
  const std::uint8_t mode = take();
  const bool introduces = (mode & 1) != 0;
  if (!introduces) bert.allow(anna_identity.id(), {});
  const base::Bytes sealed =
      *anna.seal(bert_identity.id(), introduces, base::as_bytes("what anna says"));
  const base::Endpoint from = base::Endpoint::v4({127, 0, 0, 1}, 7400);

  base::Bytes datagram;
  if ((mode & 2) != 0) {
    datagram.assign(bytes.begin(), bytes.end());
  } else {
    datagram = sealed;
    while (bytes.size() >= 2) {
      const std::size_t where = take();
      if (where >= datagram.size()) {
        datagram.push_back(std::byte{take()});
      } else {
        datagram[where] ^= std::byte{take()};
      }
    }
  }
  const auto opened = bert.open(from, datagram, {});
  if (opened) {
    CHECK(datagram == sealed);
    CHECK(opened->sender == anna_identity.id());
    CHECK(base::as_text(opened->plaintext) == "what anna says");
    // An introduction leaves no trace before the record in it was verified.
    if (!introduces) CHECK(!bert.open(from, datagram, {}));
  }
  // Whatever came before, the real one still passes.
  if (!opened) CHECK(bert.open(from, sealed, {}).has_value());
  return 0;
}
