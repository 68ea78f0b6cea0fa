// Faults that a policy injects for users' own tests: which of its rules an attempt falls under, and
// what is made up for it. Around the attempt the mesh reacts as if all of it were real.
#pragma once

#include "base/rng.h"
#include "mesh/call.h"
#include "mesh/catalogue.h"
#include "mesh/policy.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mesh {

// The first rule that is drawn, of those for this agent; null: none. `draws` is forked by call and
// attempt, so that what one call meets does not hang on what others do.
[[nodiscard]] const FaultRule* fault_for(const std::vector<FaultRule>& rules,
                                         const Catalogue::Entry& agent, std::string_view call,
                                         std::uint32_t attempt, const base::Rng& draws);
// Whether its agent is not asked.
[[nodiscard]] bool answers(const FaultRule& rule);
// What comes back instead; its numbers are the caller's to fill in.
[[nodiscard]] FabricateAnswer fabricated(const FaultRule& rule);
// What it does, as in the header Parley-Fault: "delay", "abort", "delay, answer".
[[nodiscard]] std::string words_of(const FaultRule& rule);

}  // namespace mesh
