// A page of a list, and where the list goes on: `limit` of a request, rows up to a bound in number
// and in bytes, and the header Link with rel="next" (RFC 8288) if more follow.
#pragma once

#include "api/http.h"
#include "base/result.h"

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace api {

constexpr std::size_t page_rows_max = 1'024;  // also where no limit is given

// `limit` of a query, or what is wrong with it.
[[nodiscard]] base::Result<std::size_t, std::string> limit_in(std::string_view query);
// `target` is a path with its query, percent-encoded.
[[nodiscard]] mesh::Header next_link(const std::string& target);

class RowPage {
 public:
  // A page with one row may be larger.
  static constexpr std::size_t bytes_max = std::size_t{1} << 20U;

  explicit RowPage(std::size_t rows_max) : rows_max_(rows_max) {}

  // False if it has no place in this page: the list goes on with it.
  [[nodiscard]] bool add(const nlohmann::ordered_json& row);
  [[nodiscard]] Response response() const;

 private:
  std::size_t rows_max_;
  std::size_t rows_ = 0;
  std::string text_ = "[";  // the rows, with commas between them
};

}  // namespace api
