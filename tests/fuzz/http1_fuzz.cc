// A stranger that speaks HTTP/1.1, or nearly so.
#include "tests/fuzz/http1_input.h"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  transport::feed_http1_parser({reinterpret_cast<const std::byte*>(bytes), size});
  return 0;
}
