#include "node/config_block.h"

#include "base/check.h"
#include "base/strings.h"
#include "node/config_keys.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <sstream>
#include <system_error>
#include <utility>

namespace node {

namespace {

std::optional<double> parse_decimal(const std::string& text, Within<double> within) {
  double parsed = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, parsed);
  if (error != std::errc() || rest != end || !std::isfinite(parsed)) return std::nullopt;
  if (parsed < within.min || parsed > within.max) return std::nullopt;
  return parsed;
}

std::string no_decimal(const std::string& text, Within<double> within) {
  std::ostringstream out;
  out.precision(10);  // a million in full
  out << '"' << text << "\" must be a number from " << within.min << " to " << within.max;
  return out.str();
}

}  // namespace

void ConfigReading::refuse(int line, const std::string& key, const std::string& what) {
  errors.push_back({file, line, key, what});
}

void ConfigReading::warn(int line, const std::string& key, const std::string& what) {
  warnings.push_back(ConfigError{file, line, key, what}.text());
}

std::string none_of(std::string_view word, const std::vector<std::string_view>& words) {
  std::string out = "\"" + std::string(word) + "\" is none of its words; ";
  if (const auto near = base::nearest_word(word, words)) {
    return out + "did you mean \"" + std::string(*near) + "\"?";
  }
  out += "choose one of ";
  for (std::size_t i = 0; i < words.size(); ++i) {
    out += (i == 0 ? "" : ", ") + std::string(words[i]);
  }
  return out;
}

base::Result<std::string, std::string> expand(const std::string& text,
                                              const Environment& environment) {
  std::string out;
  std::size_t at = 0;
  while (true) {
    const std::size_t begin = text.find("${", at);
    out += text.substr(at, begin - at);
    if (begin == std::string::npos) return out;
    const std::size_t end = text.find('}', begin);
    if (end == std::string::npos) return base::Unexpected{std::string("a ${ has no }; close it")};
    const std::string inside = text.substr(begin + 2, end - begin - 2);
    const std::size_t colon = inside.find(':');
    const std::string name = inside.substr(0, colon);
    if (const auto value = environment(name)) {
      out += *value;
    } else if (colon != std::string::npos) {
      out += inside.substr(colon + 1);
    } else {
      return base::Unexpected{"the variable " + name + " is not set; set it, or write ${" + name +
                              ":default}"};
    }
    if (out.size() > config_bytes_max) {
      return base::Unexpected{"the variable " + name + " is too long; shorten it"};
    }
    at = end + 1;
  }
}

ConfigBlock::ConfigBlock(ConfigReading& reading, const Setting& setting, std::string key,
                         std::string_view table)
    : reading_(&reading), setting_(&setting), key_(std::move(key)) {
  if (setting.kind == Setting::Kind::null) return;
  if (setting.kind != Setting::Kind::map) {
    reading.refuse(setting.line, key_, "must be a block of keys and values");
    return;
  }
  const auto known = config_keys().find(table);
  CHECK(known != config_keys().end());
  for (const Setting& value : setting.entries) {
    const std::string& name = value.key;
    if (std::find(known->second.begin(), known->second.end(), name) != known->second.end()) {
      continue;
    }
    std::string what = "unknown key; ";
    if (const auto near = base::nearest_word(name, known->second)) {
      what += "did you mean \"" + std::string(*near) + "\"?";
    } else {
      what += "known here:";
      for (const std::string_view word : known->second) what += " " + std::string(word);
    }
    reading.refuse(value.line, this->key(name), what);
  }
}

const Setting* ConfigBlock::find(std::string_view name) const {
  const Setting* found = setting_->find(name);
  return found == nullptr || found->kind == Setting::Kind::null ? nullptr : found;
}

std::string_view ConfigBlock::either(std::string_view name, std::string_view other) const {
  if (find(other) == nullptr) return name;
  if (find(name) != nullptr) {
    refuse(other, "says the same as \"" + std::string(name) + "\"; keep one of them");
    return name;
  }
  return other;
}

std::string ConfigBlock::key(std::string_view name) const {
  if (name.empty()) return key_;
  return key_.empty() ? std::string(name) : key_ + "." + std::string(name);
}

int ConfigBlock::line(std::string_view name) const {
  const Setting* found = setting_->find(name);
  return found == nullptr ? setting_->line : found->line;
}

void ConfigBlock::refuse(std::string_view name, const std::string& what) const {
  reading_->refuse(line(name), key(name), what);
}

void ConfigBlock::warn(std::string_view name, const std::string& what) const {
  reading_->warn(line(name), key(name), what);
}

std::optional<std::string> ConfigBlock::scalar(const Setting& setting,
                                               const std::string& key) const {
  if (setting.kind != Setting::Kind::scalar) {
    reading_->refuse(setting.line, key, "must be one value");
    return std::nullopt;
  }
  if (reading_->environment == nullptr) return setting.scalar;
  auto expanded = expand(setting.scalar, *reading_->environment);
  if (!expanded) {
    reading_->refuse(setting.line, key, expanded.error());
    return std::nullopt;
  }
  return *expanded;
}

std::optional<std::string> ConfigBlock::text(std::string_view name) const {
  const Setting* found = find(name);
  return found == nullptr ? std::nullopt : scalar(*found, key(name));
}

std::vector<std::string> ConfigBlock::texts(std::string_view name) const {
  const Setting* found = find(name);
  if (found == nullptr) return {};
  if (found->kind != Setting::Kind::list) {
    refuse(name, "must be a list, [like, this]");
    return {};
  }
  std::vector<std::string> out;
  for (std::size_t i = 0; i < found->items.size(); ++i) {
    auto item = scalar(found->items[i], key(name) + "[" + std::to_string(i) + "]");
    if (item) out.push_back(std::move(*item));
  }
  return out;
}

std::optional<std::uint64_t> ConfigBlock::number(std::string_view name, std::uint64_t min,
                                                 std::uint64_t max) const {
  const auto value = text(name);
  if (!value) return std::nullopt;
  const auto parsed = base::parse_unsigned(*value);
  if (!parsed || *parsed < min || *parsed > max) {
    refuse(name, "\"" + *value + "\" must be a whole number from " + std::to_string(min) + " to " +
                     std::to_string(max));
    return std::nullopt;
  }
  return parsed;
}

std::optional<double> ConfigBlock::decimal(std::string_view name, Within<double> within) const {
  const auto value = text(name);
  if (!value) return std::nullopt;
  const auto parsed = parse_decimal(*value, within);
  if (!parsed) refuse(name, no_decimal(*value, within));
  return parsed;
}

std::optional<double> ConfigBlock::fraction(std::string_view name) const {
  return decimal(name, {.min = 0, .max = 1});
}

std::vector<std::pair<std::string, double>> ConfigBlock::decimals(std::string_view name,
                                                                  Within<double> within) const {
  const Setting* found = find(name);
  if (found == nullptr) return {};
  if (found->kind != Setting::Kind::map) {
    refuse(name, "must be a block of words and numbers, { like: 0.5, this: 0.2 }");
    return {};
  }
  std::vector<std::pair<std::string, double>> out;
  for (const Setting& entry : found->entries) {
    const std::string entry_key = key(name) + "." + entry.key;
    const auto value = scalar(entry, entry_key);
    if (!value) continue;
    if (const auto parsed = parse_decimal(*value, within)) {
      out.emplace_back(entry.key, *parsed);
    } else {
      reading_->refuse(entry.line, entry_key, no_decimal(*value, within));
    }
  }
  return out;
}

std::optional<bool> ConfigBlock::boolean(std::string_view name) const {
  const auto value = text(name);
  if (!value) return std::nullopt;
  if (*value == "true") return true;
  if (*value == "false") return false;
  refuse(name, "\"" + *value + "\" must be true or false");
  return std::nullopt;
}

std::optional<base::Duration> ConfigBlock::duration(std::string_view name) const {
  const auto value = text(name);
  if (!value) return std::nullopt;
  const auto parsed = base::parse_duration(*value);
  if (!parsed || *parsed <= base::Duration::zero()) {
    refuse(name, "\"" + *value + "\" is no duration; write it like 500ms, 30s or 10m");
    return std::nullopt;
  }
  return parsed;
}

std::optional<base::Duration> ConfigBlock::duration(std::string_view name,
                                                    Within<base::Duration> within) const {
  const auto parsed = duration(name);
  if (!parsed) return std::nullopt;
  if (*parsed < within.min || *parsed > within.max) {
    refuse(name, "\"" + *text(name) + "\" must be from " + base::format_duration(within.min) +
                     " to " + base::format_duration(within.max));
    return std::nullopt;
  }
  return parsed;
}

std::optional<base::Duration> ConfigBlock::count_of(std::string_view name, base::Duration unit,
                                                    Within<base::Duration> within) const {
  const auto min = (within.min + unit - base::Duration(1)) / unit;  // rounded up
  const auto count =
      number(name, static_cast<std::uint64_t>(min), static_cast<std::uint64_t>(within.max / unit));
  if (!count) return std::nullopt;
  return unit * static_cast<std::int64_t>(*count);
}

std::optional<std::string> ConfigBlock::one_of(std::string_view name,
                                               const std::vector<std::string_view>& words) const {
  auto value = text(name);
  if (!value) return std::nullopt;
  if (std::find(words.begin(), words.end(), *value) != words.end()) return value;
  refuse(name, none_of(*value, words));
  return std::nullopt;
}

std::vector<std::string> ConfigBlock::each_of(std::string_view name,
                                              const std::vector<std::string_view>& words) const {
  std::vector<std::string> out;
  for (std::string& word : texts(name)) {
    if (std::find(words.begin(), words.end(), word) == words.end()) {
      refuse(name, none_of(word, words));
    } else {
      out.push_back(std::move(word));
    }
  }
  return out;
}

std::vector<ConfigBlock> ConfigBlock::blocks(std::string_view name) const {
  const Setting* found = find(name);
  if (found == nullptr) return {};
  if (found->kind != Setting::Kind::list) {
    refuse(name, "must be a list of blocks, each begun by \"- \"");
    return {};
  }
  std::vector<ConfigBlock> out;
  for (std::size_t i = 0; i < found->items.size(); ++i) {
    out.emplace_back(*reading_, found->items[i], key(name) + "[" + std::to_string(i) + "]", name);
  }
  return out;
}

std::optional<ConfigBlock> ConfigBlock::block(std::string_view name, std::string_view table) const {
  const Setting* found = find(name);
  if (found == nullptr) return std::nullopt;
  return ConfigBlock(*reading_, *found, key(name), table);
}

}  // namespace node
