// Signatures that stand in for Ed25519's in simulated worlds, where a million views would otherwise
// spend their time in curve arithmetic: a 64-bit hash of key and statement, which anybody could
// forge and no simulated adversary does. Only the simulator and tests include this; crypto::check()
// takes none of them for a signature.
#pragma once

#include "base/ids.h"
#include "crypto/identity.h"
#include "crypto/statement.h"
#include "crypto/verified.h"

namespace crypto {

[[nodiscard]] Signature sign_as_stand_in(const base::NodeId& key, const Statement& statement);
[[nodiscard]] Verdict check_stand_in(const SignatureCheck& question);

}  // namespace crypto
