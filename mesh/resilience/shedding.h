// Which calls are refused first when a capability has too many under way. Of so many places the
// less important kinds may take only a part, so the last ones are kept for those above: the four
// classes of Google's SRE book (chapter 21, "Criticality"), refused class by class before the limit
// is reached, as DAGOR (Zhou et al., SoCC 2018) and Envoy's overload manager do.
#pragma once

#include "base/time.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace mesh::resilience {

enum class Priority : std::uint8_t { critical, high, normal, low };
[[nodiscard]] std::string_view to_string(Priority priority);
// What Parley-Priority may say: a word in any case, or a digit from 0, critical, to 3, low.
[[nodiscard]] std::optional<Priority> parse_priority(std::string_view text);

// How many of so many places calls of this priority may take: all for critical, then 95, 80 and
// 50 %, rounded up. So of one or two places a normal call gets the last, and a low one the first.
[[nodiscard]] std::uint32_t places_of(Priority priority, std::uint32_t limit);

// `in_flight` are under way already, without the one that is asked for.
[[nodiscard]] bool sheds(Priority priority, std::uint32_t in_flight, std::uint32_t limit);

// When a refused call may find a place, if calls end evenly and usually take so long (0: unknown),
// from one second to thirty: Retry-After knows only seconds, and nobody knows more than half a
// minute ahead.
[[nodiscard]] base::Duration retry_after_of(Priority priority, std::uint32_t in_flight,
                                            std::uint32_t limit, base::Duration usually);

}  // namespace mesh::resilience
