// What a verb asks of its node: JSON in, JSON out, and every way to fail as one sentence.
#pragma once

#include "base/result.h"
#include "cli/report.h"

#include <string>

namespace cli {

[[nodiscard]] base::Result<Json, std::string> get_json(const std::string& api,
                                                       const std::string& target);
// `body` is JSON text, or "" for none.
[[nodiscard]] base::Result<Json, std::string> post_json(const std::string& api,
                                                        const std::string& target,
                                                        const std::string& body);

// Every byte but letters, digits, '-', '.', '_' and '~' as %XX.
[[nodiscard]] std::string percent_encoded(std::string_view text);
// The sentence for a connection that did not come about.
[[nodiscard]] std::string unreachable(const std::string& api, const std::string& error);
// What a problem+json body says, with its code; something usable for any other body.
[[nodiscard]] std::string problem_sentence(int status, std::string_view body);

}  // namespace cli
