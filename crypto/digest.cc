#include "crypto/digest.h"

#include <sodium.h>

namespace crypto {

base::Digest digest(base::ByteView bytes) {
  return digest({bytes});
}

base::Digest digest(std::initializer_list<base::ByteView> pieces) {
  crypto_generichash_state state;
  crypto_generichash_init(&state, nullptr, 0, base::Digest::size);
  for (const base::ByteView piece : pieces) {
    crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(piece.data()),
                              piece.size());
  }
  base::Digest out;
  crypto_generichash_final(&state, reinterpret_cast<unsigned char*>(out.bytes.data()), out.size);
  return out;
}

}  // namespace crypto
