// What roles there are, and which rights need a ballot: who may do what is itself decided.
#pragma once

#include "ledger/op_kind.h"
#include "ledger/terms.h"

#include <string>
#include <vector>

namespace ledger {

struct DefineRole {
  static constexpr OpKind kind = OpKind::define_role;
  std::string name;
  Rights rights;
  std::vector<std::string> prefixes;  // of keys of documents; "" is all
  bool operator==(const DefineRole&) const = default;
  void write(Writer& out) const;
  [[nodiscard]] static DefineRole read(Reader& in);
};
struct RemoveRole {
  static constexpr OpKind kind = OpKind::remove_role;
  std::string name;
  bool operator==(const RemoveRole&) const = default;
  void write(Writer& out) const;
  [[nodiscard]] static RemoveRole read(Reader& in);
};
struct SetRule {
  static constexpr OpKind kind = OpKind::set_rule;
  Right right = Right::admit;
  Rule rule;
  bool operator==(const SetRule&) const = default;
  void write(Writer& out) const;
  [[nodiscard]] static SetRule read(Reader& in);
};

}  // namespace ledger
