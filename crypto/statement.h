// A Statement is the exact bytes that a signature covers: a 16-byte tag of its purpose, the mesh
// id, then fields in a fixed order, integers little-endian. Nothing signed for one purpose or in
// one mesh can serve in another (what is bare says below why it needs no mesh id). Only a Statement
// can be signed or checked, and never Cap'n Proto's bytes, which are not canonical. Each folder
// lays out its statements in one file, statements.cc.
#pragma once

#include "base/bytes.h"
#include "base/endpoint.h"
#include "base/ids.h"

#include <cstdint>
#include <string_view>

namespace crypto {

enum class Purpose : std::uint8_t {
  record,       // "mesh.record.v1": a member's own record
  accusation,   // "mesh.accuse.v1": a monitor accuses its subject
  tls_key,      // "mesh.tlskey.v1": an identity vouches for the key of a TLS certificate
  observation,  // "mesh.observe.v1": what a caller saw of an agent
  operation,    // "mesh.op.v1": an author asks the mesh to decide something
  operations,   // "mesh.ops.v1": the same, several at once
  invitation,   // "mesh.invite.v1": a member lets somebody in
  vote,         // "mesh.vote.v1": a validator's vote; bare
  ready,        // "mesh.ready.v1": a validator-to-be holds its key and is synced; bare
};

class Statement {
 public:
  Statement(Purpose purpose, const base::MeshId& mesh);
  // Without the mesh id: of those purposes whose first field, an epoch id, commits to it.
  [[nodiscard]] static Statement bare(Purpose purpose);

  Statement& u8(std::uint8_t value);
  Statement& u16(std::uint16_t value);
  Statement& u32(std::uint32_t value);
  Statement& u64(std::uint64_t value);
  Statement& endpoint(const base::Endpoint& endpoint);  // 18 bytes
  Statement& fixed(base::ByteView bytes);               // of a length that the purpose fixes
  Statement& sized(base::ByteView bytes);               // u32 length, then the bytes
  Statement& sized(std::string_view text);

  [[nodiscard]] base::ByteView bytes() const { return bytes_; }
  auto operator<=>(const Statement&) const = default;

 private:
  explicit Statement(Purpose purpose);

  base::Bytes bytes_;
};

}  // namespace crypto
