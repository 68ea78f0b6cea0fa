#include "node/http_answer.h"

namespace node {

transport::ResponseHead response_head(const api::Response& response) {
  transport::ResponseHead head{
      .status = response.status, .headers = {}, .body_size = response.body.size()};
  head.headers.push_back({"content-type", response.content_type});
  for (const mesh::Header& field : response.headers) {
    head.headers.push_back({field.name, field.value});
  }
  return head;
}

void answer(transport::Stream& stream, const api::Response& response) {
  stream.send_response_head(response_head(response));
  if (!response.body.empty()) stream.send_data(base::as_bytes(response.body));
  stream.send_end({});
}

}  // namespace node
