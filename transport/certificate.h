// The certificate that a node shows on a link (X.509, RFC 5280). Nobody issues it: the node makes a
// fresh TLS key, and an extension carries the signature of that key by the node's identity key, as
// in the libp2p TLS specification (https://github.com/libp2p/specs/blob/master/tls/tls.md). It
// lives a day and says for people and other SPIFFE software who it is: `spiffe://<mesh
// id>/node/<node id>` in hex.
//
// Extension 2.25.65558091322072515542770650115674141548 (an arc made of a UUID, X.667: nobody else
// has it, nobody need be asked), not critical: an OCTET STRING of 97 bytes: version 1, node id
// (32), signature (64) over Statement(tls_key, mesh).sized(SubjectPublicKeyInfo in
// DER).u64(notAfter in s since 1970).
//
// The TLS key is ECDSA P-256: OpenSSL 3 signs in 20 us and checks in 60, with Ed25519 in 36 and
// 102.
#pragma once

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/identity.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

struct evp_pkey_st;
struct x509_st;

namespace transport {

struct CertificateOptions {
  // Starts that long before now: its author vouches for it, so this only forgives slow clocks.
  base::Duration valid_before = std::chrono::hours(12);
  base::Duration valid_after = std::chrono::hours(24);   // ends that long after now
  base::Duration rotate_after = std::chrono::hours(12);  // a new one is due at this age
  base::Duration clock_tolerance =
      std::chrono::minutes(5);  // on top, when the other side is checked
};

struct CertificateFree {
  void operator()(x509_st* certificate) const;
  void operator()(evp_pkey_st* key) const;
};

struct Certificate {
  std::unique_ptr<x509_st, CertificateFree> x509;
  std::unique_ptr<evp_pkey_st, CertificateFree> key;
  base::WallTime rotation_due;
};

struct CertificateError {
  enum class Reason : std::uint8_t {
    malformed,      // not a certificate of this kind
    wrong_mesh,     // made for another mesh
    bad_signature,  // the identity did not sign this key
    not_yet_valid,
    expired,
  };
  Reason reason = Reason::malformed;
  std::string
      text;  // one sentence for an operator; names the difference of the clocks if that is it
};

[[nodiscard]] Certificate make_certificate(const crypto::Identity& identity,
                                           const base::MeshId& mesh, base::WallTime now,
                                           const CertificateOptions& options);

// Who shows this certificate, if it holds for `mesh` at `now`. That the other side has the key is
// for TLS to check.
[[nodiscard]] base::Result<base::NodeId, CertificateError> verify_certificate(
    x509_st* certificate, const base::MeshId& mesh, base::WallTime now,
    const CertificateOptions& options);

}  // namespace transport
