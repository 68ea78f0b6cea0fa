// Reads one block of a configuration, key by key, into values. What is wrong is added to a list of
// errors and the reading goes on, so that a person learns of all errors at once.
#pragma once

#include "base/time.h"
#include "node/config.h"
#include "node/setting.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace node {

// The least and the greatest that a value may be.
template <class Value>
struct Within {
  Value min;
  Value max;
};

// What is true of the whole reading of one file.
struct ConfigReading {
  std::string file;
  const Environment* environment = nullptr;  // for ${VAR}; nothing: left as it is
  ConfigErrors errors;
  std::vector<std::string> warnings;

  void refuse(int line, const std::string& key, const std::string& what);
  void warn(int line, const std::string& key, const std::string& what);
};

class ConfigBlock {
 public:
  // `table` names the block's keys in config_keys(). Unknown keys are refused here.
  ConfigBlock(ConfigReading& reading, const Setting& setting, std::string key,
              std::string_view table);

  [[nodiscard]] const Setting* find(std::string_view name) const;
  // The one of two spellings that is there; both at once are refused.
  [[nodiscard]] std::string_view either(std::string_view name, std::string_view other) const;
  // With the block's own in front; "" is the block itself.
  [[nodiscard]] std::string key(std::string_view name) const;
  [[nodiscard]] int line(std::string_view name) const;

  [[nodiscard]] std::optional<std::string> text(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> texts(std::string_view name) const;
  [[nodiscard]] std::optional<std::uint64_t> number(std::string_view name, std::uint64_t min,
                                                    std::uint64_t max) const;
  [[nodiscard]] std::optional<double> decimal(std::string_view name, Within<double> within) const;
  [[nodiscard]] std::optional<double> fraction(std::string_view name) const;  // 0 to 1
  // The entries of a block whose keys are words of the person's own.
  [[nodiscard]] std::vector<std::pair<std::string, double>> decimals(std::string_view name,
                                                                     Within<double> within) const;
  [[nodiscard]] std::optional<bool> boolean(std::string_view name) const;
  [[nodiscard]] std::optional<base::Duration> duration(std::string_view name) const;
  [[nodiscard]] std::optional<base::Duration> duration(std::string_view name,
                                                       Within<base::Duration> within) const;
  // A whole number of units, as the snake_case words have it (`per_message_ms`).
  [[nodiscard]] std::optional<base::Duration> count_of(std::string_view name, base::Duration unit,
                                                       Within<base::Duration> within) const;
  [[nodiscard]] std::optional<std::string> one_of(std::string_view name,
                                                  const std::vector<std::string_view>& words) const;
  // Those of a list that are among `words`; the others are refused.
  std::vector<std::string> each_of(std::string_view name,
                                   const std::vector<std::string_view>& words) const;
  // The blocks of a list of maps.
  [[nodiscard]] std::vector<ConfigBlock> blocks(std::string_view name) const;
  [[nodiscard]] std::optional<ConfigBlock> block(std::string_view name,
                                                 std::string_view table) const;

  void refuse(std::string_view name, const std::string& what) const;
  void warn(std::string_view name, const std::string& what) const;

  [[nodiscard]] ConfigReading& reading() const { return *reading_; }
  [[nodiscard]] const Setting& setting() const { return *setting_; }

 private:
  [[nodiscard]] std::optional<std::string> scalar(const Setting& setting,
                                                  const std::string& key) const;

  ConfigReading* reading_;
  const Setting* setting_;
  std::string key_;
};

// Replaces ${VAR} and ${VAR:default}; the error says which variable is not set.
[[nodiscard]] base::Result<std::string, std::string> expand(const std::string& text,
                                                            const Environment& environment);

// `word` is none of `words`: what to say.
[[nodiscard]] std::string none_of(std::string_view word,
                                  const std::vector<std::string_view>& words);

}  // namespace node
