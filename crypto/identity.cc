#include "crypto/identity.h"

#include <sodium.h>

namespace crypto {

Identity Identity::from_seed(const Seed& seed) {
  Identity identity;
  crypto_sign_seed_keypair(reinterpret_cast<unsigned char*>(identity.id_.bytes.data()),
                           reinterpret_cast<unsigned char*>(identity.secret_.data()),
                           reinterpret_cast<const unsigned char*>(seed.bytes.data()));
  return identity;
}

Identity::~Identity() {
  sodium_memzero(secret_.data(), secret_.size());
}

Signature Identity::sign(const Statement& statement) const {
  Signature signature;
  crypto_sign_detached(reinterpret_cast<unsigned char*>(signature.bytes.data()), nullptr,
                       reinterpret_cast<const unsigned char*>(statement.bytes().data()),
                       statement.bytes().size(),
                       reinterpret_cast<const unsigned char*>(secret_.data()));
  return signature;
}

}  // namespace crypto
