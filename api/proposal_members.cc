#include "api/proposal_members.h"

#include "base/strings.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace api {

namespace {

using nlohmann::json;

constexpr std::size_t word_shown_max = 64;

std::string range(std::uint64_t min, std::uint64_t max) {
  return std::to_string(min) + " to " + std::to_string(max);
}

// Whether the ledger takes it: no control characters.
bool is_plain(std::string text, bool lines) {
  if (lines) std::erase_if(text, [](char c) { return c == '\n' || c == '\r' || c == '\t'; });
  return ledger::is_text(text);
}

}  // namespace

std::string in_quotes(std::string_view word) {
  return '"' + std::string(word.substr(0, word_shown_max)) + '"';
}

const json* ProposalMembers::find(const char* name) {
  if (std::ranges::find(known_, name) == known_.end()) known_.emplace_back(name);
  const auto found = object_.find(name);
  return found == object_.end() ? nullptr : &*found;
}

bool ProposalMembers::has(const char* name) {
  const json* found = find(name);
  return found != nullptr && !found->is_null();
}

std::string ProposalMembers::text(const char* name, TextBounds bounds) {
  const json* found = find(name);
  if (found == nullptr || found->is_null()) {
    if (bounds.required) complain(name, "is missing");
    return {};
  }
  if (!found->is_string()) {
    complain(name, "must be a text");
    return {};
  }
  auto text = found->get<std::string>();
  if (text.size() < bounds.bytes_min || text.size() > bounds.bytes_max) {
    complain(name, "must have " + range(bounds.bytes_min, bounds.bytes_max) + " bytes");
  }
  if (!is_plain(text, bounds.lines)) complain(name, "must be without control characters");
  return text;
}

std::string ProposalMembers::name(const char* name, bool required) {
  std::string word = text(name, {.bytes_max = SIZE_MAX, .required = required});
  if ((required || !word.empty()) && !ledger::is_name(word)) {
    complain(name, "must have 1 to 64 small letters, digits, dots, dashes and underscores");
  }
  return word;
}

std::uint64_t ProposalMembers::number(const char* name, std::uint64_t otherwise,
                                      NumberBounds bounds) {
  const json* found = find(name);
  if (found == nullptr || found->is_null()) return otherwise;
  const std::uint64_t number = found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
  if (found->is_number_unsigned() && number >= bounds.min && number <= bounds.max) return number;
  complain(name, "must be a whole number from " + range(bounds.min, bounds.max));
  return otherwise;
}

bool ProposalMembers::flag(const char* name) {
  const json* found = find(name);
  if (found == nullptr || found->is_null()) return false;
  if (!found->is_boolean()) complain(name, "must be true or false");
  return found->is_boolean() && found->get<bool>();
}

std::vector<std::string> ProposalMembers::texts(const char* name) {
  const json* found = find(name);
  if (found == nullptr || found->is_null()) return {};
  std::vector<std::string> out;
  const bool good =
      found->is_array() &&
      std::all_of(found->begin(), found->end(), [](const json& item) { return item.is_string(); });
  if (!good) {
    complain(name, "must be a list of texts");
    return out;
  }
  for (const json& item : *found) out.push_back(item.get<std::string>());
  return out;
}

base::NodeId ProposalMembers::node(const char* name) {
  const auto id = base::NodeId::from_hex(text(name, {.bytes_max = SIZE_MAX}));
  if (!id) complain(name, "must be a node id, 64 hexadecimal digits (see parley members)");
  return id.value_or(base::NodeId());
}

std::vector<base::NodeId> ProposalMembers::nodes(const char* name) {
  std::vector<base::NodeId> out;
  for (const std::string& hex : texts(name)) {
    const auto id = base::NodeId::from_hex(hex);
    if (!id) complain(name, "must be node ids of 64 hexadecimal digits");
    if (id) out.push_back(*id);
  }
  return out;
}

base::Digest ProposalMembers::digest(const char* name) {
  const auto id = base::Digest::from_hex(text(name, {.bytes_max = SIZE_MAX}));
  if (!id) complain(name, "must be an id, 64 hexadecimal digits");
  return id.value_or(base::Digest());
}

void ProposalMembers::complain(std::string_view name, const std::string& what) {
  if (error_.empty()) error_ = std::string(name) + " " + what;
}

std::optional<std::string> ProposalMembers::unknown() const {
  for (const auto& [name, value] : object_.items()) {
    if (std::ranges::find(known_, name) != known_.end()) continue;
    const std::string start = in_quotes(name) + " is unknown; ";
    const auto near =
        name.size() > word_shown_max ? std::nullopt : base::nearest_word(name, known_);
    if (near) return start + "did you mean " + in_quotes(*near) + "?";
    std::string all;
    for (const std::string_view word : known_) all += (all.empty() ? "" : ", ") + std::string(word);
    return start + "known here: " + all;
  }
  return std::nullopt;
}

base::Result<ledger::Payload, std::string> ProposalMembers::done(ledger::Payload payload) const {
  // First: what is said to be missing may be there under the wrong name.
  if (auto name = unknown()) return base::Unexpected{*std::move(name)};
  if (!error_.empty()) return base::Unexpected{error_};
  return payload;
}

}  // namespace api
