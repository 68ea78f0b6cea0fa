// Turns the text of a JSON Schema into a table of its schemas. Each place of the document becomes
// one node, whoever refers to it, so a $ref that leads in a circle is only an index.
#pragma once

#include "base/result.h"
#include "mesh/judge/schema_node.h"

#include <string>
#include <string_view>
#include <vector>

namespace mesh::judge {

[[nodiscard]] base::Result<std::vector<SchemaNode>, std::string> compile_schema(
    std::string_view json);

}  // namespace mesh::judge
