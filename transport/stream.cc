#include "transport/stream.h"

#include <algorithm>

namespace transport {

std::optional<std::string_view> find_header(const Headers& headers, std::string_view name) {
  const auto found = std::find_if(headers.begin(), headers.end(),
                                  [&](const HeaderField& field) { return field.name == name; });
  if (found == headers.end()) return std::nullopt;
  return found->value;
}

std::string_view to_string(StreamError error) {
  switch (error) {
    case StreamError::connect_failed:
      return "connect failed";
    case StreamError::refused:
      return "refused before processing";
    case StreamError::connection_lost:
      return "connection lost";
    case StreamError::cancelled:
      return "cancelled by the other side";
    case StreamError::timed_out:
      return "timed out";
    case StreamError::protocol_error:
      return "protocol error";
    case StreamError::wrong_identity:
      return "another node answers there";
  }
  return "unknown";
}

}  // namespace transport
