#include "mesh/judge/checks.h"

#include <utility>

namespace mesh::judge {

std::shared_ptr<const CompiledCheck> Checks::of(const OutputCheck& check) {
  std::string key(1, check.non_empty ? '1' : '0');
  key.append(check.pattern).push_back('\0');
  key.append(check.schema);
  Entry& entry = checks_.use(key);
  if (entry.tried) return entry.compiled;
  entry.tried = true;
  base::Result<CompiledCheck, std::string> compiled = CompiledCheck::compile(check);
  if (compiled) {
    entry.compiled = std::make_shared<const CompiledCheck>(std::move(*compiled));
  } else {
    ++unusable_;
  }
  return entry.compiled;
}

}  // namespace mesh::judge
