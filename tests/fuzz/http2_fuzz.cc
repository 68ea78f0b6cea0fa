// A stranger that speaks HTTP/2, or nearly so.
#include "tests/fuzz/http2_session_input.h"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  transport::feed_http2_session({reinterpret_cast<const std::byte*>(bytes), size});
  return 0;
}
