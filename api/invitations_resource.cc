#include "api/invitations_resource.h"

#include "api/health.h"
#include "api/json_body.h"
#include "api/problem.h"
#include "base/bytes.h"
#include "ledger/limits.h"
#include "ledger/view.h"
#include "node/kernel/kernel.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace api {

namespace {

constexpr std::string_view prefix = "pi1:";
constexpr std::size_t invitation_bytes_max = 1024;
constexpr std::uint64_t valid_default_ms = std::uint64_t{24} * 60 * 60 * 1000;

bool may_invite(const ledger::State& state, const base::NodeId& node) {
  const auto member = ledger::find_member(state, node);
  if (!member || !member->admitted()) return false;
  return std::any_of(member->roles.begin(), member->roles.end(), [&](const std::string& name) {
    const auto role = ledger::find_role(state, name);
    return role && role->rights.has(ledger::Right::invite);
  });
}

}  // namespace

std::string invitation_text(const ledger::Invitation& invitation) {
  return std::string(prefix) + base::to_hex(ledger::encode(invitation));
}

std::optional<ledger::Invitation> invitation_named(std::string_view text) {
  if (!text.starts_with(prefix)) return std::nullopt;
  const std::string_view hex = text.substr(prefix.size());
  if (hex.size() % 2 != 0 || hex.size() > 2 * invitation_bytes_max) return std::nullopt;
  base::Bytes bytes(hex.size() / 2);
  if (!base::from_hex(hex, bytes)) return std::nullopt;
  return ledger::parse<ledger::Invitation>(bytes);
}

bool may_be_behind(const View& view) {
  const kernel::Agreement* agreement = view.kernel.agreement();
  if (agreement == nullptr) return false;
  if (ledger::mesh_of(agreement->state()).admission != ledger::Admission::invitation) return false;
  return !ledger::find_member(agreement->state(), view.kernel.membership().self());
}

Response catching_up() {
  Response response =
      problem(503, "catching_up",
              "this node does not see itself as a member: it is still catching up, or was not let "
              "in with an invitation yet; ask again");
  response.headers.push_back({"retry-after", "1"});
  return response;
}

Response post_invitation(const View& view, const Request& request) {
  const kernel::Agreement* agreement = view.kernel.agreement();
  if (agreement == nullptr) {
    return problem(404, "not_found", "this mesh has no validators; everybody may join it");
  }
  const auto mesh = ledger::mesh_of(agreement->state());
  if (mesh.admission != ledger::Admission::invitation) {
    return problem(409, "refused",
                   mesh.admission == ledger::Admission::open
                       ? "this mesh is open: nobody needs an invitation"
                       : "this mesh admits by vote: parley propose member --action admit");
  }
  if (const std::string why = lacking(view, "admission"); !why.empty()) {
    return problem(409, "refused", why);
  }
  if (may_be_behind(view)) return catching_up();
  if (!may_invite(agreement->state(), view.kernel.membership().self())) {
    return problem(409, "refused", "no role of this node may invite; ask an operator");
  }
  if (!is_shallow(request.body)) return problem(400, "bad_request", "the body is no JSON object");
  const auto body =
      nlohmann::json::parse(request.body.empty() ? "{}" : request.body, nullptr, false);
  if (!body.is_object()) return problem(400, "bad_request", "the body must be a JSON object");
  base::NodeId invitee;
  if (const auto node = body.find("node"); node != body.end()) {
    const auto id =
        node->is_string() ? base::NodeId::from_hex(node->get<std::string>()) : std::nullopt;
    if (!id) return problem(400, "bad_request", "node must be an id, 64 hexadecimal digits");
    invitee = *id;
  }
  std::uint64_t valid_ms = valid_default_ms;
  if (const auto valid = body.find("valid_ms"); valid != body.end()) {
    const bool number = valid->is_number_unsigned();
    valid_ms = number ? valid->get<std::uint64_t>() : 0;
    // A little less than the ledger takes: its clock is that of the blocks.
    if (valid_ms == 0 || valid_ms >= ledger::Limits{}.invitation_ms_max) {
      return problem(400, "bad_request", "valid_ms must be a number below that of 30 days");
    }
  }
  const ledger::Invitation made = agreement->invite(invitee, agreement->wall_ms() + valid_ms);
  Response response;
  response.status = 201;
  response.body = nlohmann::ordered_json{{"invitation", invitation_text(made)},
                                         {"inviter", made.inviter.hex()},
                                         {"node", invitee.is_zero() ? "" : invitee.hex()},
                                         {"not_after_ms", made.not_after_ms}}
                      .dump();
  return response;
}

}  // namespace api
