// Answers that the node itself gives, put on a stream.
#pragma once

#include "api/http.h"
#include "transport/stream.h"

namespace node {

[[nodiscard]] transport::ResponseHead response_head(const api::Response& response);
// Head, body and end at once; the stream may be destroyed afterwards.
void answer(transport::Stream& stream, const api::Response& response);

}  // namespace node
