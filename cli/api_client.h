// What a verb asks of its node: JSON in, JSON out, and every way to fail as one sentence.
#pragma once

#include "base/result.h"
#include "cli/report.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace cli {

[[nodiscard]] base::Result<Json, std::string> get_json(const std::string& api,
                                                       const std::string& target);
// `body` is JSON text, or "" for none.
[[nodiscard]] base::Result<Json, std::string> post_json(const std::string& api,
                                                        const std::string& target,
                                                        const std::string& body);

// JSON from elsewhere; discarded if it is none, or nested deeper than is safe to show.
[[nodiscard]] Json json_in(std::string_view text);
// As the text of a body; the error says that an argument has no form in JSON.
[[nodiscard]] base::Result<std::string, std::string> body_text(const Json& body);
// A member of what a node answered: "", 0 or null if it is not there, or is something else.
[[nodiscard]] std::string text_in(const Json& object, const std::string& name);
[[nodiscard]] std::uint64_t number_in(const Json& object, const std::string& name);
[[nodiscard]] Json member_in(const Json& object, const std::string& name);

// Every byte but letters, digits, '-', '.', '_' and '~' as %XX.
[[nodiscard]] std::string percent_encoded(std::string_view text);
// The sentence for a connection that did not come about.
[[nodiscard]] std::string unreachable(const std::string& api, const std::string& error);
// What a problem+json body says, with its code; something usable for any other body.
[[nodiscard]] std::string problem_sentence(int status, std::string_view body);

}  // namespace cli
