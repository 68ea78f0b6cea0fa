#include "transport/stream.h"

namespace transport {

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
