#include "crypto/stand_in.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace crypto {

namespace {

std::uint64_t mixed(std::uint64_t hash, base::ByteView bytes) {
  std::size_t i = 0;
  for (; i < bytes.size(); i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + i, std::min<std::size_t>(8, bytes.size() - i));
    hash = std::rotl((hash ^ word) * 0x9e3779b97f4a7c15U, 29);
  }
  return hash ^ (hash >> 31U);
}

}  // namespace

Signature sign_as_stand_in(const base::NodeId& key, const Statement& statement) {
  const std::uint64_t hash = mixed(mixed(0x243f6a8885a308d3U, key.view()), statement.bytes());
  Signature signature;
  std::memcpy(signature.bytes.data(), &hash, sizeof hash);
  return signature;
}

Verdict check_stand_in(const SignatureCheck& question) {
  return Verdict(question.signature == sign_as_stand_in(question.signer, question.statement));
}

}  // namespace crypto
