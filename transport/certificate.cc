#include "transport/certificate.h"

#include "base/check.h"
#include "base/strings.h"
#include "crypto/statement.h"
#include "crypto/verified.h"

#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

namespace transport {
namespace {

using Reason = CertificateError::Reason;

constexpr const char* extension_oid = "2.25.65558091322072515542770650115674141548";
constexpr std::byte extension_version{1};
constexpr std::size_t extension_size = 1 + base::NodeId::size + crypto::Signature::size;
constexpr std::string_view uri_scheme = "spiffe://";
constexpr std::string_view uri_path = "/node/";

struct FreeOpenssl {
  void operator()(ASN1_OBJECT* object) const { ASN1_OBJECT_free(object); }
  void operator()(ASN1_STRING* string) const { ASN1_STRING_free(string); }  // times are strings
  void operator()(X509_EXTENSION* extension) const { X509_EXTENSION_free(extension); }
  void operator()(GENERAL_NAMES* names) const { GENERAL_NAMES_free(names); }
};
template <class T>
using Owned = std::unique_ptr<T, FreeOpenssl>;

struct Claim {
  base::NodeId node;
  crypto::Signature signature;
};

template <class... Pieces>
base::Unexpected<CertificateError> refuse(Reason reason, Pieces&&... pieces) {
  std::string text;
  (text.append(std::forward<Pieces>(pieces)), ...);
  return base::Unexpected{CertificateError{.reason = reason, .text = std::move(text)}};
}

std::int64_t to_seconds(base::WallTime time) {
  return time.milliseconds / 1000;
}
std::int64_t to_seconds(base::Duration duration) {
  return std::chrono::duration_cast<std::chrono::seconds>(duration).count();
}
// In the unit that people would use: nobody counts the seconds of nine days.
std::string describe_seconds(std::int64_t seconds) {
  if (seconds >= 2 * 3'600) seconds -= seconds % 3'600;
  if (seconds >= 120) seconds -= seconds % 60;
  return base::format_duration(std::chrono::seconds(seconds));
}

base::Bytes public_key_der(X509* certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
  if (size <= 0) return {};
  const auto* first = reinterpret_cast<const std::byte*>(der);
  base::Bytes out(first, first + size);
  OPENSSL_free(der);
  return out;
}

crypto::Statement statement_of(const base::MeshId& mesh, X509* certificate,
                               std::int64_t not_after) {
  crypto::Statement statement(crypto::Purpose::tls_key, mesh);
  statement.sized(public_key_der(certificate)).u64(static_cast<std::uint64_t>(not_after));
  return statement;
}

Owned<ASN1_OBJECT> extension_object() {
  return Owned<ASN1_OBJECT>(OBJ_txt2obj(extension_oid, 1));
}

void add_uri(X509* certificate, const base::MeshId& mesh, const base::NodeId& node) {
  std::string value = "URI:";
  value.append(uri_scheme).append(mesh.hex()).append(uri_path).append(node.hex());
  const Owned<X509_EXTENSION> extension(
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, value.c_str()));
  CHECK(extension != nullptr);
  CHECK(X509_add_ext(certificate, extension.get(), -1) == 1);
}

void add_claim(X509* certificate, const Claim& claim) {
  base::Bytes bytes{std::byte{V_ASN1_OCTET_STRING}, std::byte{extension_size}, extension_version};
  bytes.insert(bytes.end(), claim.node.bytes.begin(), claim.node.bytes.end());
  bytes.insert(bytes.end(), claim.signature.bytes.begin(), claim.signature.bytes.end());
  const Owned<ASN1_OCTET_STRING> value(ASN1_OCTET_STRING_new());
  CHECK(ASN1_OCTET_STRING_set(value.get(), reinterpret_cast<const unsigned char*>(bytes.data()),
                              static_cast<int>(bytes.size())) == 1);
  const Owned<ASN1_OBJECT> object = extension_object();
  const Owned<X509_EXTENSION> extension(
      X509_EXTENSION_create_by_OBJ(nullptr, object.get(), 0, value.get()));
  CHECK(extension != nullptr);
  CHECK(X509_add_ext(certificate, extension.get(), -1) == 1);
}

std::optional<Claim> read_claim(X509* certificate) {
  const Owned<ASN1_OBJECT> object = extension_object();
  const int index = X509_get_ext_by_OBJ(certificate, object.get(), -1);
  if (index < 0) return std::nullopt;
  if (X509_get_ext_by_OBJ(certificate, object.get(), index) >= 0) return std::nullopt;
  const ASN1_OCTET_STRING* value = X509_EXTENSION_get_data(X509_get_ext(certificate, index));
  const base::ByteView bytes(reinterpret_cast<const std::byte*>(ASN1_STRING_get0_data(value)),
                             static_cast<std::size_t>(ASN1_STRING_length(value)));
  if (bytes.size() != 2 + extension_size) return std::nullopt;
  if (bytes[0] != std::byte{V_ASN1_OCTET_STRING}) return std::nullopt;
  if (bytes[1] != std::byte{extension_size}) return std::nullopt;
  if (bytes[2] != extension_version) return std::nullopt;
  return Claim{.node = *base::NodeId::from_view(bytes.subspan(3, base::NodeId::size)),
               .signature = *crypto::Signature::from_view(bytes.last(crypto::Signature::size))};
}

// The one URI among the alternative names.
std::optional<std::string> read_uri(X509* certificate) {
  const Owned<GENERAL_NAMES> names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  if (names == nullptr || sk_GENERAL_NAME_num(names.get()) != 1) return std::nullopt;
  const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), 0);
  if (name->type != GEN_URI) return std::nullopt;
  const ASN1_IA5STRING* uri = name->d.uniformResourceIdentifier;
  return std::string(reinterpret_cast<const char*>(ASN1_STRING_get0_data(uri)),
                     static_cast<std::size_t>(ASN1_STRING_length(uri)));
}

// Seconds since 1970; nothing if it is not a time.
std::optional<std::int64_t> read_time(const ASN1_TIME* time) {
  const Owned<ASN1_TIME> origin(ASN1_TIME_set(nullptr, 0));
  int days = 0;
  int seconds = 0;
  if (ASN1_TIME_diff(&days, &seconds, origin.get(), time) != 1) return std::nullopt;
  return std::int64_t{days} * 86'400 + seconds;
}

base::Result<void, CertificateError> check_uri(const std::string& uri, const base::MeshId& mesh,
                                               const base::NodeId& node) {
  const std::string ours = std::string(uri_scheme) + mesh.hex() + std::string(uri_path);
  if (uri == ours + node.hex()) return {};
  if (!uri.starts_with(uri_scheme) || uri.size() != ours.size() + 2 * base::NodeId::size) {
    return refuse(Reason::malformed, "the certificate's URI is not that of a node of a mesh");
  }
  if (!uri.starts_with(ours)) {
    return refuse(Reason::wrong_mesh, "the certificate is for mesh ",
                  uri.substr(uri_scheme.size(), 8), ", this node is in mesh ", mesh.short_hex());
  }
  return refuse(Reason::malformed, "the certificate's URI names another node than its signature");
}

base::Result<void, CertificateError> check_time(std::int64_t not_before, std::int64_t not_after,
                                                std::int64_t now, std::int64_t tolerance) {
  if (now < not_before - tolerance) {
    return refuse(Reason::not_yet_valid, "the certificate is valid only in ",
                  describe_seconds(not_before - now),
                  ": the clock of this node is slow, or that of the other is fast");
  }
  if (now > not_after + tolerance) {
    return refuse(Reason::expired, "the certificate expired ", describe_seconds(now - not_after),
                  " ago: the clock of this node is fast, or that of the other is slow");
  }
  return {};
}

}  // namespace

void CertificateFree::operator()(x509_st* certificate) const {
  X509_free(certificate);
}
void CertificateFree::operator()(evp_pkey_st* key) const {
  EVP_PKEY_free(key);
}

Certificate make_certificate(const crypto::Identity& identity, const base::MeshId& mesh,
                             base::WallTime now, const CertificateOptions& options) {
  Certificate made;
  made.key.reset(EVP_EC_gen("P-256"));
  made.x509.reset(X509_new());
  CHECK(made.key != nullptr);
  CHECK(made.x509 != nullptr);
  X509* const x509 = made.x509.get();
  const std::int64_t not_before = to_seconds(now) - to_seconds(options.valid_before);
  const std::int64_t not_after = to_seconds(now) + to_seconds(options.valid_after);

  std::uint64_t serial = 0;
  CHECK(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) == 1);
  CHECK(X509_set_version(x509, X509_VERSION_3) == 1);
  CHECK(ASN1_INTEGER_set_uint64(X509_get_serialNumber(x509), (serial >> 1) | 1) == 1);
  CHECK(ASN1_TIME_set(X509_getm_notBefore(x509), not_before) != nullptr);
  CHECK(ASN1_TIME_set(X509_getm_notAfter(x509), not_after) != nullptr);
  CHECK(X509_set_pubkey(x509, made.key.get()) == 1);
  const std::string name = "parley " + identity.id().short_hex();
  X509_NAME* const subject = X509_get_subject_name(x509);
  CHECK(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                                   reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1,
                                   0) == 1);
  CHECK(X509_set_issuer_name(x509, subject) == 1);
  add_uri(x509, mesh, identity.id());
  const crypto::Signature signature = identity.sign(statement_of(mesh, x509, not_after));
  add_claim(x509, {.node = identity.id(), .signature = signature});
  CHECK(X509_sign(x509, made.key.get(), EVP_sha256()) > 0);

  made.rotation_due = {now.milliseconds + to_seconds(options.rotate_after) * 1000};
  return made;
}

// The certificate's own signature is not looked at: it could only prove the possession of the TLS
// key, which TLS proves freshly.
base::Result<base::NodeId, CertificateError> verify_certificate(x509_st* certificate,
                                                                const base::MeshId& mesh,
                                                                base::WallTime now,
                                                                const CertificateOptions& options) {
  const std::optional<Claim> claim = read_claim(certificate);
  if (!claim) {
    return refuse(Reason::malformed, "the certificate does not carry the identity of a node");
  }
  const std::optional<std::string> uri = read_uri(certificate);
  if (!uri) return refuse(Reason::malformed, "the certificate does not carry one URI");
  if (auto checked = check_uri(*uri, mesh, claim->node); !checked) {
    return base::Unexpected{checked.error()};
  }
  const auto not_before = read_time(X509_get0_notBefore(certificate));
  const auto not_after = read_time(X509_get0_notAfter(certificate));
  if (!not_before || !not_after) {
    return refuse(Reason::malformed, "the certificate's validity cannot be read");
  }
  const crypto::Verdict verdict =
      crypto::check({.signer = claim->node,
                     .statement = statement_of(mesh, certificate, *not_after),
                     .signature = claim->signature});
  if (!verdict.holds()) {
    return refuse(Reason::bad_signature, "the key of the certificate is not signed by node ",
                  claim->node.short_hex());
  }
  if (auto checked =
          check_time(*not_before, *not_after, to_seconds(now), to_seconds(options.clock_tolerance));
      !checked) {
    return base::Unexpected{checked.error()};
  }
  return claim->node;
}

}  // namespace transport
