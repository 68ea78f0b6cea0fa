// A proof of a decision, as a file that anybody may hand to anybody: read or refused, and what was
// read is written the same way, so that no byte of it can be changed unnoticed.
#include "api/proof_file.h"
#include "base/check.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto file = api::read_proof(text)) CHECK(api::proof_text(*file) == text);
  return 0;
}
