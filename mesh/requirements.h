// What a caller demands of a provider, from the header Parley-Require: terms joined by ';', all of
// which must hold.
//
//   warehouse=A            the value is among the attribute's values;  warehouse!=A  it is not
//   proficiency>=competent one of = >= <= > <, in the order novice, competent, expert
//   version~1.4            compatible: ~1 is 1.x.x, ~1.4 is 1.4.x, ~1.4.2 is 1.4.2 up to 1.5;
//                          or one of = != >= <= > <, where missing parts are 0
//   cost<=0.01             one of = >= <= > <, per call in the mesh's currency unit
#pragma once

#include "base/result.h"
#include "mesh/descriptor.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace mesh {

enum class Comparison : std::uint8_t {
  equal,
  not_equal,
  at_least,
  at_most,
  more,
  less,
  compatible,
};

struct Requirement {
  struct OfAttribute {
    std::string name;
    std::string value;
  };
  struct OfVersion {
    CapabilityVersion bound;
    CapabilityVersion end;  // of `compatible`: the first that is not
  };
  struct OfCost {
    std::int64_t micros = 0;
  };
  using Operand = std::variant<OfAttribute, Proficiency, OfVersion, OfCost>;

  std::string text;  // the term as it was written
  Comparison comparison = Comparison::equal;
  Operand operand;
};

class Requirements {
 public:
  static constexpr std::size_t terms_max = 16;

  // The error says what is wrong and at which character.
  [[nodiscard]] static base::Result<Requirements, std::string> parse(std::string_view text);

  [[nodiscard]] bool empty() const { return terms_.empty(); }
  // The first term that this capability does not meet; empty if it meets all.
  [[nodiscard]] std::string_view unmet(const Capability& capability) const;

 private:
  std::vector<Requirement> terms_;
};

}  // namespace mesh
