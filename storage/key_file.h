// The secret keys of a node, each in a text file of its own (mode 0600): `identity.key`, which the
// node is, and `voter.key`, with which a validator votes. A file is made once, whole or not at all,
// and never overwritten; a damaged one is refused rather than replaced, for a node with another key
// is another node. The file repeats the public key, so that damage to the secret one is noticed.
#pragma once

#include "base/ids.h"
#include "base/result.h"
#include "crypto/identity.h"
#include "storage/file_error.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace storage {

enum class KeyKind : std::uint8_t { identity, voter };
[[nodiscard]] std::string key_path(const std::string& directory, KeyKind kind);

[[nodiscard]] base::Result<crypto::Seed, FileError> load_key(const std::string& directory,
                                                             KeyKind kind);
// Draws a key and stores it durably if there is none yet.
[[nodiscard]] base::Result<crypto::Seed, FileError> load_or_create_key(const std::string& directory,
                                                                       KeyKind kind);

// Entropy for what is no key: the seed of the kernel's Rng.
[[nodiscard]] std::uint64_t draw_seed();

using VoteKey = base::VoteKey;

// What a validator tells the founders of a mesh: who it is, and the key that its votes carry.
struct Validator {
  base::NodeId id;
  VoteKey vote_key;

  auto operator<=>(const Validator&) const = default;
  [[nodiscard]] std::string to_string() const;  // "pv1:<id>:<vote key>"
  [[nodiscard]] static std::optional<Validator> parse(std::string_view text);
};
// Of the keys in that directory, made if they are missing.
[[nodiscard]] base::Result<Validator, FileError> load_or_create_validator(
    const std::string& directory);

}  // namespace storage
