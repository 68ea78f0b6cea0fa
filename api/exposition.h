// Prometheus text exposition, version 0.0.4: families one after the other, HELP and TYPE lines once
// each, label values escaped. https://prometheus.io/docs/instrumenting/exposition_formats
#pragma once

#include "base/time.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace api {

class Exposition {
 public:
  using Labels = std::vector<std::pair<std::string_view, std::string_view>>;

  static constexpr std::string_view content_type = "text/plain; version=0.0.4; charset=utf-8";

  // Begins a family; `type` is "counter", "gauge" or "histogram".
  void family(std::string_view name, std::string_view type, std::string_view help);
  // A sample of the family begun last.
  void sample(const Labels& labels, std::uint64_t value);
  void sample(const Labels& labels, double value);
  // `counts` of each bucket alone, one more than `bounds`: the last is what no bound holds.
  void histogram(const Labels& labels, std::span<const double> bounds,
                 std::span<const std::uint64_t> counts, base::Duration sum);

  // A family of one sample without labels.
  void counter(std::string_view name, std::string_view help, std::uint64_t value);
  void gauge(std::string_view name, std::string_view help, std::uint64_t value);
  void gauge(std::string_view name, std::string_view help, double value);

  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  void line(std::string_view suffix, const Labels& labels, std::string_view value);

  std::string name_;  // of the family begun last
  std::string text_;
};

}  // namespace api
