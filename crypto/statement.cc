#include "crypto/statement.h"

#include "base/check.h"

#include <array>

namespace crypto {

namespace {

constexpr std::size_t tag_size = 16;

std::string_view tag_of(Purpose purpose) {
  switch (purpose) {
    case Purpose::record:
      return "mesh.record.v1";
    case Purpose::accusation:
      return "mesh.accuse.v1";
    case Purpose::tls_key:
      return "mesh.tlskey.v1";
    case Purpose::observation:
      return "mesh.observe.v1";
    case Purpose::operation:
      return "mesh.op.v1";
    case Purpose::operations:
      return "mesh.ops.v1";
    case Purpose::invitation:
      return "mesh.invite.v1";
    case Purpose::vote:
      return "mesh.vote.v1";
    case Purpose::ready:
      return "mesh.ready.v1";
  }
  CHECK(false);
  return {};
}

}  // namespace

Statement::Statement(Purpose purpose) {
  bytes_.reserve(96);
  const std::string_view tag = tag_of(purpose);
  CHECK(tag.size() <= tag_size);
  fixed(base::as_bytes(tag));
  bytes_.resize(tag_size);
}

Statement::Statement(Purpose purpose, const base::MeshId& mesh) : Statement(purpose) {
  bytes_.reserve(256);
  fixed(mesh.view());
}

Statement Statement::bare(Purpose purpose) {
  CHECK(purpose == Purpose::vote || purpose == Purpose::ready);
  return Statement(purpose);
}

Statement& Statement::u8(std::uint8_t value) {
  bytes_.push_back(static_cast<std::byte>(value));
  return *this;
}
Statement& Statement::u16(std::uint16_t value) {
  return u8(static_cast<std::uint8_t>(value)).u8(static_cast<std::uint8_t>(value >> 8));
}
Statement& Statement::u32(std::uint32_t value) {
  return u16(static_cast<std::uint16_t>(value)).u16(static_cast<std::uint16_t>(value >> 16));
}
Statement& Statement::u64(std::uint64_t value) {
  return u32(static_cast<std::uint32_t>(value)).u32(static_cast<std::uint32_t>(value >> 32));
}
Statement& Statement::endpoint(const base::Endpoint& endpoint) {
  for (const std::uint8_t octet : endpoint.ip) u8(octet);
  return u16(endpoint.port);
}
Statement& Statement::fixed(base::ByteView bytes) {
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  return *this;
}
Statement& Statement::sized(base::ByteView bytes) {
  return u32(static_cast<std::uint32_t>(bytes.size())).fixed(bytes);
}
Statement& Statement::sized(std::string_view text) {
  return sized(base::as_bytes(text));
}

}  // namespace crypto
