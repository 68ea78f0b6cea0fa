// One side of a TLS 1.3 connection between nodes without the connection (OpenSSL 3): sealed bytes
// go in, plain ones come out, and the reverse. The caller owns all buffers, so that one write
// carries everything, and an idle link keeps none (rest()).
//
// TlsContext holds what all connections of a node share: the certificate that it shows now, TLS 1.3
// only, both sides authenticated, ALPN `parley/1`. There is no CA: any well-formed certificate
// passes OpenSSL, and peer() checks it by certificate.h afterwards. Sessions are not resumed: a
// resumed one would skip that check, to save half a millisecond on links that live for hours.
#pragma once

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/identity.h"
#include "transport/certificate.h"

#include <cstdint>
#include <functional>
#include <memory>

struct bio_method_st;
struct ssl_ctx_st;
struct ssl_st;

namespace transport {

enum class TlsSide : std::uint8_t { client, server };

class TlsContext {
 public:
  TlsContext(const crypto::Identity& identity, const base::MeshId& mesh, base::WallTime now,
             const CertificateOptions& options);
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;
  ~TlsContext();

  // A new certificate for handshakes from now on; connections that exist keep theirs.
  void rotate(base::WallTime now);
  // The certificate is old, or was made by a clock that has been set back since.
  [[nodiscard]] bool rotation_due(base::WallTime now) const;
  [[nodiscard]] base::Result<base::NodeId, CertificateError> check(x509_st* certificate,
                                                                   base::WallTime now) const;

 private:
  friend class TlsSession;

  const crypto::Identity& identity_;
  const base::MeshId mesh_;
  const CertificateOptions options_;
  base::WallTime rotation_due_;
  ssl_ctx_st* context_ = nullptr;
  bio_method_st* method_ = nullptr;
};

class TlsSession {
 public:
  enum class State : std::uint8_t { going_on, ended, broken };

  TlsSession(const TlsContext& context, TlsSide side);
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;
  ~TlsSession();

  // Goes on with the handshake with what came in; what has to leave is appended to `out`. Bytes
  // behind the handshake are decrypted into `early`. The client starts with an empty `in`.
  [[nodiscard]] State handshake(base::ByteView in, base::Bytes& out, base::Bytes& early);
  [[nodiscard]] bool handshake_complete() const;
  // Who the other side proved to be; only after the handshake.
  [[nodiscard]] base::Result<base::NodeId, CertificateError> peer(const TlsContext& context,
                                                                  base::WallTime now) const;

  // All of `in`; `plain` is called for each piece, and says whether to go on.
  [[nodiscard]] State open(base::ByteView in, base::Bytes& out,
                           const std::function<bool(base::ByteView)>& plain);
  [[nodiscard]] State seal(base::ByteView plain, base::Bytes& out);
  void say_goodbye(base::Bytes& out);  // close_notify
  // Frees OpenSSL's buffers until there is something to do again. Not after each record, as
  // SSL_MODE_RELEASE_BUFFERS would: two allocations of 16 KiB for each were a tenth of a busy node.
  void rest();

 private:
  friend struct TlsBio;

  [[nodiscard]] State state_after(int returned) const;

  ssl_st* ssl_ = nullptr;
  base::ByteView in_;           // what OpenSSL did not read yet, during a call
  base::Bytes* out_ = nullptr;  // where OpenSSL writes, during a call
};

}  // namespace transport
