// The reason phrases of RFC 9110, chapter 15 (and RFC 6585, 4918) for people who look at a status;
// no program may depend on them.
#pragma once

#include <string_view>

namespace base {

// "" for a status that nobody here sends and few agents do.
[[nodiscard]] std::string_view reason_phrase(int status);

}  // namespace base
