// BLAKE2b-256 (RFC 7693) without a key, over one piece or several.
#pragma once

#include "base/bytes.h"
#include "base/ids.h"

#include <initializer_list>

namespace crypto {

[[nodiscard]] base::Digest digest(base::ByteView bytes);
// Of the pieces one after the other. Callers put a length before pieces of variable length.
[[nodiscard]] base::Digest digest(std::initializer_list<base::ByteView> pieces);

}  // namespace crypto
