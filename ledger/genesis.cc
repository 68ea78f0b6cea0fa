#include "ledger/genesis.h"

#include "base/check.h"
#include "ledger/records.h"

#include <array>

namespace ledger {

namespace {

template <class T>
void put(Changes& changes, std::string key, const T& record) {
  changes.insert_or_assign(std::move(key), encode(record));
}

void put_roles(Changes& changes, std::uint32_t founders) {
  put(changes, key::role(operator_role),
      Role{.rights = Rights::all(), .prefixes = {""}, .holders = founders});
  put(changes, key::role(validator_role),
      Role{.rights = {Right::open_ballots}, .prefixes = {}, .holders = founders});
  put(changes, key::role(voter_role),
      Role{.rights = {Right::open_ballots}, .prefixes = {}, .holders = founders});
  put(changes, key::role(member_role),
      Role{.rights = {Right::invite, Right::write_documents, Right::open_ballots},
           .prefixes = {""},
           .holders = founders});
}

// Everything with which one operator could change who decides, or get around the vote.
constexpr std::array<Right, 6> decided_by_vote{Right::admit,     Right::evict,
                                               Right::revoke,    Right::assign_roles,
                                               Right::set_rules, Right::set_committee};

}  // namespace

State initial_state(const Genesis& genesis) {
  CHECK(is_name(genesis.name));
  CHECK(is_committee(genesis.seats));
  const auto founders = static_cast<std::uint32_t>(genesis.seats.size());
  Changes changes;
  put(changes, std::string(key::mesh),
      MeshRecord{.id = genesis.mesh, .name = genesis.name, .admission = genesis.admission});
  put(changes, std::string(key::committee),
      Committee{
          .epoch = 0, .epoch_id = {}, .seats = genesis.seats, .parameters = genesis.parameters});
  put(changes, std::string(key::ballots), BallotIndex{});
  Totals totals;
  totals.members = founders;
  totals.roles = 4;
  put(changes, std::string(key::totals), totals);
  put_roles(changes, founders);
  for (const Seat& seat : genesis.seats) {
    Member member;
    for (const std::string_view role : {member_role, operator_role, validator_role, voter_role}) {
      member.roles.emplace_back(role);
    }
    put(changes, key::member(seat.node), member);
  }
  if (genesis.admission == Admission::vote) {
    for (const Right right : decided_by_vote) {
      put(changes, key::rule(right),
          Rule{.direct = false, .electorate = std::string(voter_role), .share_ppm = 500'000});
    }
  }
  return State().with(changes);
}

}  // namespace ledger
