// Documents of applications: bytes by key, written with the version that has to be there.
#pragma once

#include "base/bytes.h"
#include "ledger/op_kind.h"
#include "ledger/terms.h"

#include <cstdint>
#include <string>

namespace ledger {

struct PutDocument {
  static constexpr OpKind kind = OpKind::put_document;
  std::string key;
  std::uint64_t expected = Expected::any;
  base::Bytes value;
  bool operator==(const PutDocument&) const = default;
  void write(Writer& out) const;
  [[nodiscard]] static PutDocument read(Reader& in);
};
struct DeleteDocument {
  static constexpr OpKind kind = OpKind::delete_document;
  std::string key;
  std::uint64_t expected = Expected::any;
  bool operator==(const DeleteDocument&) const = default;
  void write(Writer& out) const;
  [[nodiscard]] static DeleteDocument read(Reader& in);
};

}  // namespace ledger
