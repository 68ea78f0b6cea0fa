#include "mesh/requirements.h"

#include "base/check.h"
#include "base/match.h"
#include "base/strings.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace mesh {

namespace {

struct Operator {
  std::string_view text;
  Comparison comparison;
};
// The longer ones first: ">=" would else be read as ">".
constexpr std::array<Operator, 7> operators{{
    {"!=", Comparison::not_equal},
    {">=", Comparison::at_least},
    {"<=", Comparison::at_most},
    {"=", Comparison::equal},
    {">", Comparison::more},
    {"<", Comparison::less},
    {"~", Comparison::compatible},
}};

std::string at_character(std::size_t offset, std::string_view what) {
  return std::string(what) + " at character " + std::to_string(offset + 1);
}

template <class T>
bool holds(Comparison comparison, const T& have, const T& bound) {
  switch (comparison) {
    case Comparison::equal:
      return have == bound;
    case Comparison::not_equal:
      return have != bound;
    case Comparison::at_least:
      return have >= bound;
    case Comparison::at_most:
      return have <= bound;
    case Comparison::more:
      return have > bound;
    case Comparison::less:
      return have < bound;
    case Comparison::compatible:
      return false;
  }
  CHECK(false);
  return false;
}

// "0.01" as 10,000 millionths; at most six digits after the point.
std::optional<std::int64_t> parse_cost(std::string_view text) {
  const std::size_t point = std::min(text.find('.'), text.size());
  const auto whole = base::parse_unsigned(text.substr(0, point));
  if (!whole || *whole > 1'000'000'000) return std::nullopt;
  std::int64_t micros = static_cast<std::int64_t>(*whole) * 1'000'000;
  if (point == text.size()) return micros;
  const std::string_view digits = text.substr(point + 1);
  const auto fraction = base::parse_unsigned(digits);
  if (!fraction || digits.size() > 6) return std::nullopt;
  auto part = static_cast<std::int64_t>(*fraction);
  for (std::size_t i = digits.size(); i < 6; ++i) part *= 10;
  return micros + part;
}

std::optional<Requirement::OfVersion> parse_version(std::string_view text) {
  const std::optional<CapabilityVersion> bound = CapabilityVersion::parse(text);
  if (!bound) return std::nullopt;
  CapabilityVersion end = *bound;
  if (text.find('.') == std::string_view::npos) {
    end = {.major = bound->major + 1, .minor = 0, .patch = 0};
  } else {
    end = {.major = bound->major, .minor = bound->minor + 1, .patch = 0};
  }
  return Requirement::OfVersion{.bound = *bound, .end = end};
}

struct Term {
  std::size_t offset = 0;  // of the term in the header
  std::string_view text;
  std::string_view name;
  Comparison comparison = Comparison::equal;
  std::string_view operator_text;
  std::string_view value;
};

using Parsed = base::Result<Requirement, std::string>;

Parsed refuse(const Term& term, std::string_view what) {
  return base::Unexpected{at_character(term.offset, what) + ", in '" + std::string(term.text) +
                          "'"};
}

Parsed requirement_of(const Term& term) {
  Requirement out{.text = std::string(term.text), .comparison = term.comparison, .operand = {}};
  const bool compatible = term.comparison == Comparison::compatible;
  if (term.name == "version") {
    const std::optional<Requirement::OfVersion> version = parse_version(term.value);
    if (!version) return refuse(term, "a version is 1, 1.4 or 1.4.0, not what stands");
    out.operand = *version;
    return out;
  }
  if (compatible) return refuse(term, "'~' is for version only, used");
  if (term.name == "proficiency") {
    const std::optional<Proficiency> proficiency = parse_proficiency(term.value);
    if (!proficiency)
      return refuse(term, "proficiency is novice, competent or expert, not what stands");
    out.operand = *proficiency;
    return out;
  }
  if (term.name == "cost") {
    const std::optional<std::int64_t> micros = parse_cost(term.value);
    if (!micros) return refuse(term, "a cost is a number such as 0.01, not what stands");
    out.operand = Requirement::OfCost{*micros};
    return out;
  }
  if (term.comparison != Comparison::equal && term.comparison != Comparison::not_equal) {
    return refuse(term, "an attribute is compared by = or != only, not as");
  }
  out.operand = Requirement::OfAttribute{std::string(term.name), std::string(term.value)};
  return out;
}

base::Result<Term, std::string> split_term(std::string_view text, std::size_t offset) {
  const std::size_t at = text.find_first_of("!<>=~");
  if (at == std::string_view::npos) {
    return base::Unexpected{at_character(offset, "a term needs one of = != >= <= > < ~, none") +
                            ", in '" + std::string(text) + "'"};
  }
  Term term{.offset = offset,
            .text = text,
            .name = base::trim(text.substr(0, at)),
            .comparison = Comparison::equal,
            .operator_text = {},
            .value = {}};
  for (const Operator& candidate : operators) {
    if (!text.substr(at).starts_with(candidate.text)) continue;
    term.comparison = candidate.comparison;
    term.operator_text = candidate.text;
    break;
  }
  if (term.operator_text.empty()) {
    return base::Unexpected{at_character(offset + at, "'!' stands without '='")};
  }
  term.value = base::trim(text.substr(at + term.operator_text.size()));
  if (term.name.empty()) return base::Unexpected{at_character(offset, "a name is missing")};
  if (term.value.empty() || term.value.find_first_of("!<>=~") != std::string_view::npos) {
    return base::Unexpected{
        at_character(offset + at + term.operator_text.size(), "a value is missing or not one")};
  }
  return term;
}

bool meets(const Requirement& requirement, const Capability& capability) {
  return base::match(
      requirement.operand,
      [&](const Requirement::OfAttribute& wanted) {
        const auto found = capability.attributes.find(wanted.name);
        const bool has = found != capability.attributes.end() &&
                         std::ranges::find(found->second, wanted.value) != found->second.end();
        return has == (requirement.comparison == Comparison::equal);
      },
      [&](const Proficiency& bound) {
        return holds(requirement.comparison, capability.proficiency, bound);
      },
      [&](const Requirement::OfVersion& version) {
        if (requirement.comparison != Comparison::compatible) {
          return holds(requirement.comparison, capability.version, version.bound);
        }
        return capability.version >= version.bound && capability.version < version.end;
      },
      [&](const Requirement::OfCost& cost) {
        return holds(requirement.comparison, capability.cost_micros, cost.micros);
      });
}

}  // namespace

base::Result<Requirements, std::string> Requirements::parse(std::string_view text) {
  Requirements out;
  std::size_t offset = 0;
  for (const std::string_view piece : base::split(text, ';')) {
    const std::string_view word = base::trim(piece);
    const std::size_t begin = std::exchange(offset, offset + piece.size() + 1);
    if (word.empty()) continue;
    const std::size_t word_offset = begin + static_cast<std::size_t>(word.data() - piece.data());
    if (out.terms_.size() == terms_max) {
      return base::Unexpected{at_character(word_offset, "more than 16 terms")};
    }
    base::Result<Term, std::string> term = split_term(word, word_offset);
    if (!term) return base::Unexpected{term.error()};
    Parsed requirement = requirement_of(*term);
    if (!requirement) return base::Unexpected{requirement.error()};
    out.terms_.push_back(std::move(*requirement));
  }
  return out;
}

std::string_view Requirements::unmet(const Capability& capability) const {
  for (const Requirement& requirement : terms_) {
    if (!meets(requirement, capability)) return requirement.text;
  }
  return {};
}

}  // namespace mesh
