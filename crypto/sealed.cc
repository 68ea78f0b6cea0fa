#include "crypto/sealed.h"

#include <sodium.h>

#include <algorithm>

namespace crypto {

namespace {

using Scalar = std::array<unsigned char, crypto_scalarmult_SCALARBYTES>;

const unsigned char* octets(base::ByteView bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

// "mesh.dgram.v1", filled up to 16 bytes as the tags of statements are.
constexpr std::array<unsigned char, 16> tag = {'m', 'e', 's', 'h', '.', 'd', 'g', 'r',
                                               'a', 'm', '.', 'v', '1', 0,   0,   0};

std::array<unsigned char, 32> direction_key(const Scalar& shared, const base::MeshId& mesh,
                                            const base::NodeId& from, const base::NodeId& to) {
  std::array<unsigned char, 32> key{};
  crypto_generichash_state state;
  crypto_generichash_init(&state, shared.data(), shared.size(), key.size());
  crypto_generichash_update(&state, tag.data(), tag.size());
  crypto_generichash_update(&state, octets(mesh.view()), base::MeshId::size);
  crypto_generichash_update(&state, octets(from.view()), base::NodeId::size);
  crypto_generichash_update(&state, octets(to.view()), base::NodeId::size);
  crypto_generichash_final(&state, key.data(), key.size());
  sodium_memzero(&state, sizeof state);
  return key;
}

std::array<unsigned char, 12> encode(const SealNonce& nonce) {
  std::array<unsigned char, 12> out{};
  for (std::size_t i = 0; i < 4; ++i) out[i] = static_cast<unsigned char>(nonce.epoch >> (8 * i));
  for (std::size_t i = 0; i < 8; ++i) {
    out[4 + i] = static_cast<unsigned char>(nonce.counter >> (8 * i));
  }
  return out;
}

static_assert(seal_tag_size == crypto_aead_chacha20poly1305_ietf_ABYTES);

}  // namespace

std::optional<PairKeys> PairKeys::derive(const Identity& own, const base::NodeId& peer,
                                         const base::MeshId& mesh) {
  Scalar point{};
  if (crypto_sign_ed25519_pk_to_curve25519(point.data(), octets(peer.view())) != 0) {
    return std::nullopt;
  }
  Scalar secret{};
  Scalar shared{};
  crypto_sign_ed25519_sk_to_curve25519(secret.data(), octets(own.secret_key()));
  const bool usable = crypto_scalarmult(shared.data(), secret.data(), point.data()) == 0;
  sodium_memzero(secret.data(), secret.size());
  if (!usable) return std::nullopt;

  PairKeys keys;
  keys.sending_ = direction_key(shared, mesh, own.id(), peer);
  keys.receiving_ = direction_key(shared, mesh, peer, own.id());
  sodium_memzero(shared.data(), shared.size());
  return keys;
}

PairKeys PairKeys::from_secret(const base::Digest& secret, const base::NodeId& own,
                               const base::NodeId& peer, const base::MeshId& mesh) {
  Scalar shared{};
  std::copy_n(octets(secret.view()), shared.size(), shared.begin());
  PairKeys keys;
  keys.sending_ = direction_key(shared, mesh, own, peer);
  keys.receiving_ = direction_key(shared, mesh, peer, own);
  return keys;
}

PairKeys::~PairKeys() {
  sodium_memzero(sending_.data(), sending_.size());
  sodium_memzero(receiving_.data(), receiving_.size());
}

void PairKeys::seal(const SealNonce& nonce, base::ByteView clear, base::ByteView plaintext,
                    base::Bytes& out) const {
  base::Bytes sealed(plaintext.size() + seal_tag_size);
  const auto number = encode(nonce);
  crypto_aead_chacha20poly1305_ietf_encrypt(
      reinterpret_cast<unsigned char*>(sealed.data()), nullptr, octets(plaintext), plaintext.size(),
      octets(clear), clear.size(), nullptr, number.data(), sending_.data());
  out.insert(out.end(), sealed.begin(), sealed.end());
}

std::optional<base::Bytes> PairKeys::open(const SealNonce& nonce, base::ByteView clear,
                                          base::ByteView sealed) const {
  if (sealed.size() < seal_tag_size) return std::nullopt;
  base::Bytes plaintext(sealed.size() - seal_tag_size);
  const auto number = encode(nonce);
  if (crypto_aead_chacha20poly1305_ietf_decrypt(
          reinterpret_cast<unsigned char*>(plaintext.data()), nullptr, nullptr, octets(sealed),
          sealed.size(), octets(clear), clear.size(), number.data(), receiving_.data()) != 0) {
    return std::nullopt;
  }
  return plaintext;
}

}  // namespace crypto
