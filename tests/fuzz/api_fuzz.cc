// Whoever reaches the API: any body and any parameter, to every resource of a node that decides by
// itself. Each has an answer that is no bug's, and what is taken as a proposal can be read back and
// shown.
#include "api/ballot_rows.h"
#include "api/handle.h"
#include "base/check.h"
#include "node/config.h"
#include "node/decided_policy.h"
#include "tests/api/plain_shell.h"
#include "tests/fuzz/fuzzed_input.h"
#include "tests/kernel/lone_validator.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

api::PlainShell real_readers() {
  return {.mesh_name = "test",
          .mesh = kernel::LoneValidator::founded().genesis.mesh,
          .agent_block = R"({"url":"http://127.0.0.1:9000","capabilities":[{"name":"a.b"}]})",
          .parse_agent = [](std::string_view text) -> base::Result<api::ParsedAgent, std::string> {
            auto agent = node::parse_agent_json(text);
            if (!agent) return base::Unexpected{agent.error()};
            return api::ParsedAgent{node::url_text(agent->url), std::move(agent->descriptor)};
          },
          .read_policy = [](const auto& name, const auto& scope,
                            const auto& yaml) -> base::Result<void, std::string> {
            const auto read = node::read_decided_policy(name, scope, yaml);
            if (!read) return base::Unexpected{read.error()};
            return {};
          }};
}

// The first byte says which resource; half of the others are for proposals.
const api::Resource& resource_of(std::uint8_t number) {
  const auto all = api::resources();
  const auto proposals = std::ranges::find(all, "/v1/proposals", &api::Resource::path);
  return number < 128 ? all[number % all.size()] : *proposals;
}

void can_be_shown(const ledger::Payload& payload) {
  CHECK(ledger::parse_payload(kind_of(payload), encode_payload(payload)).has_value());
  static_cast<void>(api::described(payload).dump());
  const auto* ballot = std::get_if<ledger::OpenBallot>(&payload);
  if (ballot == nullptr || !ballot->effect) return;
  const auto effect = ledger::parse_payload(ballot->effect->kind, ballot->effect->payload);
  CHECK(effect.has_value());
  static_cast<void>(api::described(*effect).dump());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const kernel::LoneValidator node;
  static const api::PlainShell shell = real_readers();
  if (size == 0) return 0;
  const api::Resource& resource = resource_of(*data);
  const std::string rest(reinterpret_cast<const char*>(data + 1), size - 1);
  std::string path(resource.path);
  if (const auto brace = path.find('{'); brace != std::string::npos) {
    path.replace(brace, path.find('}') + 1 - brace, rest);
  }
  const api::Response response =
      api::handle(shell.view(node.kernel(), node.now), {.method = std::string(resource.method),
                                                        .path = path,
                                                        .query = rest,
                                                        .authority = "127.0.0.1:7401",
                                                        .headers = {},
                                                        .body = rest});
  CHECK(response.status != 500);
  for (const kernel::Input& command : response.commands) {
    const auto* proposed = std::get_if<kernel::OpProposed>(&command);
    if (proposed != nullptr) can_be_shown(proposed->draft.payload());
  }
  if (response.committee_proposal) can_be_shown(*response.committee_proposal);
  return 0;
}
