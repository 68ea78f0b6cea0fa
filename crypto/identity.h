// A node's identity: an Ed25519 key pair (RFC 8032). The public key is the NodeId. Keys are derived
// from a 32-byte seed that the shell draws and stores; nothing here reads entropy.
#pragma once

#include "base/bytes.h"
#include "base/ids.h"
#include "crypto/statement.h"

#include <array>
#include <cstddef>

namespace crypto {

using Seed = base::FixedBytes<struct SeedKind, 32>;
using Signature = base::FixedBytes<struct SignatureKind, 64>;

class Identity {
 public:
  [[nodiscard]] static Identity from_seed(const Seed& seed);
  Identity(const Identity&) = default;
  Identity& operator=(const Identity&) = default;
  Identity(Identity&&) = default;
  Identity& operator=(Identity&&) = default;
  ~Identity();  // wipes the secret key

  [[nodiscard]] const base::NodeId& id() const { return id_; }
  [[nodiscard]] Signature sign(const Statement& statement) const;
  // Seed and public key, as libsodium keeps them (64 bytes).
  [[nodiscard]] base::ByteView secret_key() const { return secret_; }

 private:
  Identity() = default;

  base::NodeId id_;
  std::array<std::byte, 64> secret_{};
};

}  // namespace crypto
