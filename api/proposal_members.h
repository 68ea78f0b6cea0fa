// The members of a proposal, each read by its name and within its bounds. The first that is wrong
// is told; and whatever nobody asked for is refused, so that a name with a typing error does not
// silently change what is decided.
#pragma once

#include "base/ids.h"
#include "base/result.h"
#include "ledger/payload.h"

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace api {

struct TextBounds {
  std::size_t bytes_min = 0;
  std::size_t bytes_max = 0;
  bool required = true;
  bool lines = false;  // may have line ends and tabs
};
struct NumberBounds {
  std::uint64_t min = 0;
  std::uint64_t max = std::numeric_limits<std::uint64_t>::max();
};

// null is as good as not given, but for find().
class ProposalMembers {
 public:
  // An object, which outlives this.
  explicit ProposalMembers(const nlohmann::json& object) : object_(object) {}

  [[nodiscard]] const nlohmann::json* find(const char* name);
  [[nodiscard]] bool has(const char* name);
  [[nodiscard]] std::string text(const char* name, TextBounds bounds);
  // Of a role or a policy.
  [[nodiscard]] std::string name(const char* name, bool required = true);
  [[nodiscard]] std::uint64_t number(const char* name, std::uint64_t otherwise,
                                     NumberBounds bounds);
  [[nodiscard]] bool flag(const char* name);
  [[nodiscard]] std::vector<std::string> texts(const char* name);
  [[nodiscard]] base::NodeId node(const char* name);
  [[nodiscard]] std::vector<base::NodeId> nodes(const char* name);
  [[nodiscard]] base::Digest digest(const char* name);

  void complain(std::string_view name, const std::string& what);
  // After all that it may have was read.
  [[nodiscard]] base::Result<ledger::Payload, std::string> done(ledger::Payload payload) const;

 private:
  [[nodiscard]] std::optional<std::string> unknown() const;

  const nlohmann::json& object_;
  std::vector<std::string_view> known_{"kind"};
  std::string error_;  // the first; "" = none
};

// The beginning of a stranger's word, in quotes.
[[nodiscard]] std::string in_quotes(std::string_view word);

}  // namespace api
