#include "transport/tls_session.h"

#include "base/check.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <utility>

namespace transport {
namespace {

constexpr std::array<unsigned char, 9> alpn{8, 'p', 'a', 'r', 'l', 'e', 'y', '/', '1'};
constexpr std::size_t record_size = 16 * 1024;  // RFC 8446, 5.1

int choose_alpn(SSL* /*ssl*/, const unsigned char** chosen, unsigned char* chosen_size,
                const unsigned char* offered, unsigned int offered_size, void* /*user*/) {
  for (unsigned int i = 0; i + alpn.size() <= offered_size; i += offered[i] + 1U) {
    if (std::memcmp(offered + i, alpn.data(), alpn.size()) != 0) continue;
    *chosen = alpn.data() + 1;
    *chosen_size = alpn[0];
    return SSL_TLSEXT_ERR_OK;
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

// Whom the certificate names is asked after the handshake, where the reason can be told.
int accept_certificate(X509_STORE_CTX* /*context*/, void* /*user*/) {
  return 1;
}

}  // namespace

// OpenSSL reads from and writes to the buffers of the call that is under way.
struct TlsBio {
  static TlsSession& session_of(BIO* bio) { return *static_cast<TlsSession*>(BIO_get_data(bio)); }

  static int read(BIO* bio, char* out, std::size_t size, std::size_t* taken) {
    TlsSession& session = session_of(bio);
    BIO_clear_retry_flags(bio);
    *taken = std::min(size, session.in_.size());
    if (*taken == 0) {
      BIO_set_retry_read(bio);
      return 0;
    }
    std::memcpy(out, session.in_.data(), *taken);
    session.in_ = session.in_.subspan(*taken);
    return 1;
  }

  static int write(BIO* bio, const char* in, std::size_t size, std::size_t* taken) {
    TlsSession& session = session_of(bio);
    BIO_clear_retry_flags(bio);
    *taken = size;
    if (session.out_ == nullptr) return 1;  // a last alert that nobody waits for
    const auto* first = reinterpret_cast<const std::byte*>(in);
    session.out_->insert(session.out_->end(), first, first + size);
    return 1;
  }

  static long control(BIO* /*bio*/, int command, long /*number*/, void* /*pointer*/) {
    return command == BIO_CTRL_FLUSH ? 1 : 0;
  }

  static BIO_METHOD* make_method() {
    BIO_METHOD* const method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "caller's buffers");
    CHECK(method != nullptr);
    BIO_meth_set_read_ex(method, read);
    BIO_meth_set_write_ex(method, write);
    BIO_meth_set_ctrl(method, control);
    return method;
  }
};

TlsContext::TlsContext(const crypto::Identity& identity, const base::MeshId& mesh,
                       base::WallTime now, const CertificateOptions& options)
    : identity_(identity), mesh_(mesh), options_(options) {
  context_ = SSL_CTX_new(TLS_method());
  method_ = TlsBio::make_method();
  CHECK(context_ != nullptr);
  CHECK(SSL_CTX_set_min_proto_version(context_, TLS1_3_VERSION) == 1);
  CHECK(SSL_CTX_set_max_proto_version(context_, TLS1_3_VERSION) == 1);
  CHECK(SSL_CTX_set_ciphersuites(context_,
                                 "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:"
                                 "TLS_AES_256_GCM_SHA384") == 1);
  CHECK(SSL_CTX_set1_groups_list(context_, "X25519:P-256") == 1);
  SSL_CTX_set_options(context_, SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION |
                                    SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(context_, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(context_, SSL_SESS_CACHE_OFF);
  CHECK(SSL_CTX_set_num_tickets(context_, 0) == 1);
  SSL_CTX_set_max_cert_list(context_, 8 * 1024);
  SSL_CTX_set_verify(context_, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SSL_CTX_set_cert_verify_callback(context_, accept_certificate, nullptr);
  CHECK(SSL_CTX_set_alpn_protos(context_, alpn.data(), alpn.size()) == 0);
  SSL_CTX_set_alpn_select_cb(context_, choose_alpn, nullptr);
  rotate(now);
}

TlsContext::~TlsContext() {
  SSL_CTX_free(context_);
  BIO_meth_free(method_);
}

bool TlsContext::rotation_due(base::WallTime now) const {
  const auto lead = std::chrono::milliseconds(rotation_due_.milliseconds - now.milliseconds);
  return lead.count() <= 0 || lead > options_.rotate_after + options_.clock_tolerance;
}

void TlsContext::rotate(base::WallTime now) {
  const Certificate made = make_certificate(identity_, mesh_, now, options_);
  CHECK(SSL_CTX_use_cert_and_key(context_, made.x509.get(), made.key.get(), nullptr, 1) == 1);
  rotation_due_ = made.rotation_due;
}

base::Result<base::NodeId, CertificateError> TlsContext::check(x509_st* certificate,
                                                               base::WallTime now) const {
  return verify_certificate(certificate, mesh_, now, options_);
}

TlsSession::TlsSession(const TlsContext& context, TlsSide side) {
  ssl_ = SSL_new(context.context_);
  CHECK(ssl_ != nullptr);
  BIO* const bio = BIO_new(context.method_);
  CHECK(bio != nullptr);
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_, bio, bio);
  if (side == TlsSide::client) {
    SSL_set_connect_state(ssl_);
  } else {
    SSL_set_accept_state(ssl_);
  }
}

TlsSession::~TlsSession() {
  SSL_free(ssl_);
}

TlsSession::State TlsSession::handshake(base::ByteView in, base::Bytes& out, base::Bytes& early) {
  in_ = in;
  out_ = &out;
  ERR_clear_error();
  const int done = SSL_do_handshake(ssl_);
  State state = done == 1 ? State::going_on : state_after(done);
  out_ = nullptr;
  if (done == 1 && !in_.empty()) {
    const auto keep = [&early](base::ByteView plain) {
      early.insert(early.end(), plain.begin(), plain.end());
      return true;
    };
    state = open(std::exchange(in_, {}), out, keep);
  }
  return state;
}

bool TlsSession::handshake_complete() const {
  return SSL_is_init_finished(ssl_) == 1;
}

base::Result<base::NodeId, CertificateError> TlsSession::peer(const TlsContext& context,
                                                              base::WallTime now) const {
  const std::unique_ptr<x509_st, CertificateFree> certificate(SSL_get1_peer_certificate(ssl_));
  if (certificate == nullptr) {
    return base::Unexpected{CertificateError{.reason = CertificateError::Reason::malformed,
                                             .text = "the other side showed no certificate"}};
  }
  return context.check(certificate.get(), now);
}

TlsSession::State TlsSession::open(base::ByteView in, base::Bytes& out,
                                   const std::function<bool(base::ByteView)>& plain) {
  std::array<std::byte, record_size> record;  // filled by SSL_read alone
  in_ = in;
  out_ = &out;
  State state = State::going_on;
  while (state == State::going_on) {
    std::size_t size = 0;
    ERR_clear_error();
    const int done = SSL_read_ex(ssl_, record.data(), record.size(), &size);
    if (done != 1) {
      state = state_after(done);
      break;
    }
    if (!plain(base::ByteView(record).first(size))) state = State::broken;
  }
  in_ = {};
  out_ = nullptr;
  return state;
}

TlsSession::State TlsSession::seal(base::ByteView plain, base::Bytes& out) {
  out_ = &out;
  State state = State::going_on;
  while (!plain.empty() && state == State::going_on) {
    std::size_t size = 0;
    ERR_clear_error();
    const std::size_t wanted = std::min(plain.size(), record_size);
    if (SSL_write_ex(ssl_, plain.data(), wanted, &size) != 1) state = State::broken;
    plain = plain.subspan(size);
  }
  out_ = nullptr;
  return state;
}

void TlsSession::say_goodbye(base::Bytes& out) {
  out_ = &out;
  ERR_clear_error();
  if (handshake_complete()) SSL_shutdown(ssl_);
  out_ = nullptr;
}

void TlsSession::rest() {
  static_cast<void>(SSL_free_buffers(ssl_));  // or not, if they are not empty
}

// Why a call of OpenSSL did not do all.
TlsSession::State TlsSession::state_after(int returned) const {
  switch (SSL_get_error(ssl_, returned)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return State::going_on;
    case SSL_ERROR_ZERO_RETURN:
      return State::ended;
    default:
      return State::broken;
  }
}

}  // namespace transport
