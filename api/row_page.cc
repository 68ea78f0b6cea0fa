#include "api/row_page.h"

#include "api/json_response.h"
#include "api/target.h"
#include "base/strings.h"

#include <nlohmann/json.hpp>

namespace api {

base::Result<std::size_t, std::string> limit_in(std::string_view query) {
  const auto given = query_value(query, "limit");
  if (!given) return page_rows_max;
  const auto limit = base::parse_unsigned(*given);
  if (!limit || *limit == 0 || *limit > page_rows_max) {
    return base::Unexpected{"limit must be a number from 1 to " + std::to_string(page_rows_max)};
  }
  return static_cast<std::size_t>(*limit);
}

mesh::Header next_link(const std::string& target) {
  return {"link", "<" + target + ">; rel=\"next\""};
}

bool RowPage::add(const nlohmann::ordered_json& row) {
  if (rows_ == rows_max_) return false;
  const std::string text = json_dump(row);
  if (rows_ > 0 && text_.size() + text.size() > bytes_max) return false;
  text_.append(rows_ == 0 ? "" : ",").append(text);
  ++rows_;
  return true;
}

Response RowPage::response() const {
  return json_text(text_ + "]");
}

}  // namespace api
