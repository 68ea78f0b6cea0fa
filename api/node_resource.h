// /v1/node: this node itself, in one object: who it is, how it is, what it did so far.
#pragma once

#include "api/http.h"
#include "api/view.h"

namespace api {

[[nodiscard]] Response get_node(const View& view);

}  // namespace api
