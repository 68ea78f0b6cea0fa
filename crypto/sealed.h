// Datagrams between two nodes are sealed with keys that only these two can compute, from their
// Ed25519 identities alone: no handshake, so the first datagram already carries content.
//
// shared   = X25519(own, peer), both keys taken over to Curve25519
// key(A→B) = BLAKE2b-256, keyed with `shared`, of tag ‖ mesh id ‖ A ‖ B
//
// One key for each direction, so that a datagram reflected to its sender never opens, and for each
// mesh. Sealing is ChaCha20-Poly1305 (RFC 8439); its 96-bit nonce is epoch ‖ counter of the sender,
// which grow and are never used twice: an epoch is on disk before it is used. What a thief of an
// identity key recorded earlier he can read: content that must outlive its key goes over links.
#pragma once

#include "base/bytes.h"
#include "base/ids.h"
#include "crypto/identity.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace crypto {

constexpr std::size_t seal_tag_size = 16;

struct SealNonce {
  std::uint32_t epoch = 0;
  std::uint64_t counter = 0;
  auto operator<=>(const SealNonce&) const = default;
};

// The two keys of one pair of nodes, as one of them sees them.
class PairKeys {
 public:
  // About 80 microseconds. Nothing if the peer's id is no usable key: not a point of the curve, or
  // of small or mixed order; such an id may still verify signatures.
  [[nodiscard]] static std::optional<PairKeys> derive(const Identity& own, const base::NodeId& peer,
                                                      const base::MeshId& mesh);
  // The same keys from a secret that stands in for X25519's: for simulated worlds, where a thousand
  // nodes would derive half a million pairs twice.
  [[nodiscard]] static PairKeys from_secret(const base::Digest& secret, const base::NodeId& own,
                                            const base::NodeId& peer, const base::MeshId& mesh);
  PairKeys(const PairKeys&) = default;
  PairKeys& operator=(const PairKeys&) = default;
  ~PairKeys();  // wipes the keys

  // Appends the sealed form of `plaintext` to `out`, seal_tag_size bytes longer. `clear` is not
  // hidden, but as protected as the rest; it may be a part of `out`.
  void seal(const SealNonce& nonce, base::ByteView clear, base::ByteView plaintext,
            base::Bytes& out) const;
  // Nothing unless the peer sealed exactly this, to us, in this mesh.
  [[nodiscard]] std::optional<base::Bytes> open(const SealNonce& nonce, base::ByteView clear,
                                                base::ByteView sealed) const;

 private:
  using Key = std::array<unsigned char, 32>;
  PairKeys() = default;

  Key sending_{};
  Key receiving_{};
};

}  // namespace crypto
