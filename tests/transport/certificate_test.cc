#include "transport/certificate.h"

#include "tests/transport/link_fixture.h"

#include <gmock/gmock.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

namespace transport {
namespace {

using namespace link_fixture;
using testing::HasSubstr;
using Reason = CertificateError::Reason;

constexpr std::int64_t hour = 3600 * 1000;
const base::WallTime now{1'700'000'000'000};

base::WallTime after(std::int64_t milliseconds) {
  return {now.milliseconds + milliseconds};
}

Certificate made_by(std::uint8_t number) {
  return make_certificate(identity_of(number), mesh_of(1), now, {});
}

TEST(CertificateTest, NamesItsNode) {
  const Certificate certificate = made_by(1);
  const auto node = verify_certificate(certificate.x509.get(), mesh_of(1), now, {});
  ASSERT_TRUE(node.has_value());
  EXPECT_EQ(*node, identity_of(1).id());
  EXPECT_EQ(certificate.rotation_due, after(12 * hour));
}

TEST(CertificateTest, IsFreshEachTime) {
  EXPECT_NE(X509_cmp(made_by(1).x509.get(), made_by(1).x509.get()), 0);
}

TEST(CertificateTest, DoesNotServeInAnotherMesh) {
  const auto node = verify_certificate(made_by(1).x509.get(), mesh_of(2), now, {});
  ASSERT_FALSE(node.has_value());
  EXPECT_EQ(node.error().reason, Reason::wrong_mesh);
  EXPECT_THAT(node.error().text, HasSubstr("mesh 01010101, this node is in mesh 02020202"));
}

TEST(CertificateTest, SaysHowLongAgoItExpired) {
  const auto node = verify_certificate(made_by(1).x509.get(), mesh_of(1), after(26 * hour), {});
  ASSERT_FALSE(node.has_value());
  EXPECT_EQ(node.error().reason, Reason::expired);
  EXPECT_THAT(node.error().text, HasSubstr("expired 2h ago"));
}

TEST(CertificateTest, SaysHowFarAheadTheOtherClockIs) {
  const auto node = verify_certificate(made_by(1).x509.get(), mesh_of(1), after(-15 * hour), {});
  ASSERT_FALSE(node.has_value());
  EXPECT_EQ(node.error().reason, Reason::not_yet_valid);
  EXPECT_THAT(node.error().text, HasSubstr("valid only in 3h"));
}

TEST(CertificateTest, SaysRoundlyHowFarOffAClockIs) {
  const auto wrong_by = [](std::int64_t offset) {
    const auto node = verify_certificate(made_by(1).x509.get(), mesh_of(1), after(offset), {});
    return node.has_value() ? std::string("accepted") : node.error().text;
  };
  EXPECT_THAT(wrong_by(72 * hour + 1234), HasSubstr("expired 48h ago"));
  EXPECT_THAT(wrong_by(27 * hour + 1234), HasSubstr("expired 3h ago"));
  EXPECT_THAT(wrong_by(-13 * hour - 1234), HasSubstr("valid only in 1h"));
}

TEST(CertificateTest, ToleratesClocksThatDifferByHours) {
  const Certificate certificate = made_by(1);
  const auto holds = [&](std::int64_t offset) {
    return verify_certificate(certificate.x509.get(), mesh_of(1), after(offset), {}).has_value();
  };
  EXPECT_TRUE(holds(-12 * hour - 5 * hour / 60));
  EXPECT_FALSE(holds(-12 * hour - 5 * hour / 60 - 1000));
  EXPECT_TRUE(holds(24 * hour + 5 * hour / 60));
  EXPECT_FALSE(holds(24 * hour + 5 * hour / 60 + 1000));
}

// The extension with our identity, at its place in the encoding.
ASN1_OCTET_STRING* claim_of(X509* certificate) {
  const int last = X509_get_ext_count(certificate) - 1;
  return X509_EXTENSION_get_data(X509_get_ext(certificate, last));
}

TEST(CertificateTest, NoticesAnyChangeOfItsExtension) {
  for (int i = 0; i < 99; ++i) {
    const Certificate certificate = made_by(1);
    ASN1_OCTET_STRING* const claim = claim_of(certificate.x509.get());
    ASSERT_EQ(ASN1_STRING_length(claim), 99);
    std::vector<unsigned char> bytes(ASN1_STRING_get0_data(claim),
                                     ASN1_STRING_get0_data(claim) + 99);
    bytes[static_cast<std::size_t>(i)] ^= 1;
    ASN1_OCTET_STRING_set(claim, bytes.data(), 99);
    EXPECT_FALSE(verify_certificate(certificate.x509.get(), mesh_of(1), now, {}).has_value()) << i;
  }
}

TEST(CertificateTest, DoesNotCoverAnotherKey) {
  const Certificate certificate = made_by(1);
  const Certificate other = made_by(2);
  X509_set_pubkey(certificate.x509.get(), other.key.get());
  const auto node = verify_certificate(certificate.x509.get(), mesh_of(1), now, {});
  ASSERT_FALSE(node.has_value());
  EXPECT_EQ(node.error().reason, Reason::bad_signature);
}

TEST(CertificateTest, CannotBeProlonged) {
  const Certificate certificate = made_by(1);
  X509_gmtime_adj(X509_getm_notAfter(certificate.x509.get()), 10'000'000);
  const auto node = verify_certificate(certificate.x509.get(), mesh_of(1), now, {});
  ASSERT_FALSE(node.has_value());
  EXPECT_EQ(node.error().reason, Reason::bad_signature);
}

TEST(CertificateTest, NeedsAnIdentity) {
  const Certificate certificate = made_by(1);
  const int last = X509_get_ext_count(certificate.x509.get()) - 1;
  X509_EXTENSION_free(X509_delete_ext(certificate.x509.get(), last));
  const auto node = verify_certificate(certificate.x509.get(), mesh_of(1), now, {});
  ASSERT_FALSE(node.has_value());
  EXPECT_EQ(node.error().reason, Reason::malformed);
}

}  // namespace
}  // namespace transport
