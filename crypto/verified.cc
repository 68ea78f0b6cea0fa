#include "crypto/verified.h"

#include <sodium.h>

namespace crypto {

Verdict check(const SignatureCheck& question) {
  const base::ByteView bytes = question.statement.bytes();
  return Verdict(crypto_sign_verify_detached(
                     reinterpret_cast<const unsigned char*>(question.signature.bytes.data()),
                     reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                     reinterpret_cast<const unsigned char*>(question.signer.bytes.data())) == 0);
}

}  // namespace crypto
