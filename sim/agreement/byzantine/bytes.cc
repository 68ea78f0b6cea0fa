#include "sim/agreement/byzantine/bytes.h"

#include "wire/agreement_codec.h"

#include <algorithm>
#include <utility>

namespace sim::agreement {

namespace {

constexpr std::size_t word = 8;  // of Cap'n Proto

void write_word(base::Bytes& bytes, std::size_t at, std::uint64_t value) {
  for (std::size_t i = 0; i < word && at + i < bytes.size(); ++i) {
    bytes[at + i] = static_cast<std::byte>(value >> (8 * i));
  }
}

}  // namespace

base::Bytes mutated(base::Bytes bytes, base::Rng& rng) {
  if (bytes.empty()) return bytes;
  const std::size_t words = std::max<std::size_t>(1, bytes.size() / word);
  const auto some_word = [&] { return static_cast<std::size_t>(rng.below(words)) * word; };
  switch (rng.below(6)) {
    case 0:
      for (std::int64_t flips = rng.between(1, 8); flips > 0; --flips) {
        const auto at = static_cast<std::size_t>(rng.below(bytes.size()));
        bytes[at] ^= static_cast<std::byte>(1U << rng.below(8));
      }
      break;
    case 1:
      bytes.resize(static_cast<std::size_t>(rng.below(bytes.size())));
      break;
    case 2:
      bytes.resize(bytes.size() + static_cast<std::size_t>(rng.between(1, 64)));
      break;
    case 3:  // a list of half a billion words
      write_word(bytes, some_word(), 0xffff'ffff'0000'0001U | (rng.below(1U << 28U) << 2U));
      break;
    case 4:  // a pointer to itself, or backwards
      write_word(bytes, some_word(), 0x0001'0001'ffff'fffcU - (rng.below(16) << 2U));
      break;
    default: {
      const std::size_t from = some_word();
      const std::size_t to = some_word();
      const std::size_t length = std::min(bytes.size() - std::max(from, to), std::size_t{32});
      std::copy_n(base::Bytes(bytes).begin() + static_cast<std::ptrdiff_t>(from), length,
                  bytes.begin() + static_cast<std::ptrdiff_t>(to));
      break;
    }
  }
  return bytes;
}

bool ByteMutator::on_send(Villain& villain, std::uint32_t to, consensus::Message& message) {
  if (!villain.rng().chance(300'000)) return true;
  const auto heard = wire::decode_agreement(mutated(wire::encode(message), villain.rng()));
  if (heard) villain.send(to, *heard);
  return villain.rng().chance(500'000);
}

}  // namespace sim::agreement
