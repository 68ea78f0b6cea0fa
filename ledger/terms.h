// The words that ops and the state share: rights and roles, seats of the committee, the parameters
// of an epoch, what a ballot asks for. Each has one encoding (layout.h).
#pragma once

#include "base/bytes.h"
#include "base/ids.h"
#include "crypto/identity.h"
#include "ledger/layout.h"

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ledger {

constexpr std::size_t reason_max = 256;        // bytes of a reason that people read
constexpr std::size_t question_max = 1024;     // bytes of a ballot's question
constexpr std::size_t scope_max = 128;         // bytes of what a policy is for
constexpr std::size_t document_key_max = 256;  // bytes of an application's key
constexpr std::size_t roles_per_member_max = 16;
constexpr std::size_t prefixes_max = 16;
constexpr std::size_t voters_listed_max = 256;
constexpr std::size_t seats_max = 64;

// What a role may do. A number is part of the format: append only.
enum class Right : std::uint8_t {
  admit,         // let identities in, and forget those who left
  evict,         // put members out
  revoke,        // declare an identity stolen, for good
  assign_roles,  // say what roles there are and who has them
  invite,        // sign invitations
  set_policies,
  write_documents,  // below the prefixes of the role
  set_committee,    // end the epoch: seats and parameters
  open_ballots,
  set_rules,  // say which rights need a ballot
};
constexpr std::size_t right_count = 10;
[[nodiscard]] std::string_view name_of(Right right);
[[nodiscard]] std::optional<Right> right_named(std::string_view name);

class Rights {
 public:
  constexpr Rights() = default;
  constexpr Rights(std::initializer_list<Right> rights) {
    for (const Right right : rights) bits_ |= bit(right);
  }
  [[nodiscard]] static constexpr Rights all() {
    Rights out;
    out.bits_ = (std::uint32_t{1} << right_count) - 1;
    return out;
  }
  [[nodiscard]] constexpr bool has(Right right) const { return (bits_ & bit(right)) != 0; }
  constexpr void add(Right right) { bits_ |= bit(right); }
  bool operator==(const Rights&) const = default;

  void write(Writer& out) const;
  [[nodiscard]] static Rights read(Reader& in);

 private:
  [[nodiscard]] static constexpr std::uint32_t bit(Right right) {
    return std::uint32_t{1} << static_cast<unsigned>(right);
  }
  std::uint32_t bits_ = 0;
};

// Roles that every mesh has.
constexpr std::string_view operator_role = "operator";    // every right; can not be redefined
constexpr std::string_view validator_role = "validator";  // whoever has a seat, and nobody else
constexpr std::string_view voter_role = "voter";          // decides where a mesh decides by vote
constexpr std::string_view member_role = "member";

// Distinct names, ascending.
using RoleNames = std::vector<std::string>;
void write_roles(Writer& out, const RoleNames& roles);
[[nodiscard]] RoleNames read_roles(Reader& in);

// Who gets into a mesh.
enum class Admission : std::uint8_t {
  open,        // whoever was not put out
  invitation,  // whom a member invited, or an operator admitted
  vote,        // whom the voters admitted
};
[[nodiscard]] std::string_view name_of(Admission admission);
[[nodiscard]] std::optional<Admission> admission_named(std::string_view name);

// A place in the committee: who sits there, and the key of its votes.
struct Seat {
  base::NodeId node;
  base::VoteKey vote_key;
  auto operator<=>(const Seat&) const = default;
};
// 1 to 64 seats, ascending by node, all nodes and all vote keys distinct.
using Seats = std::vector<Seat>;
[[nodiscard]] bool is_committee(const Seats& seats);
[[nodiscard]] constexpr std::size_t faults_of(std::size_t seats) {
  return seats == 0 ? 0 : (seats - 1) / 3;
}
[[nodiscard]] constexpr std::size_t quorum_of(std::size_t seats) {
  return seats - faults_of(seats);
}
void write_seats(Writer& out, const Seats& seats);
[[nodiscard]] Seats read_seats(Reader& in);

// By which rules an epoch goes (CONSENSUS 3.8); they change with the committee only.
struct Parameters {
  static constexpr std::uint16_t version_last = 1;
  static constexpr std::uint32_t block_bytes_least = 128 * 1024;  // room for the largest op
  static constexpr std::uint32_t block_bytes_most = 1024 * 1024;
  static constexpr std::uint32_t block_ops_most = 1024;

  std::uint16_t version = 1;
  std::uint32_t block_bytes_max = 256 * 1024;
  std::uint32_t block_ops_max = block_ops_most;
  bool operator==(const Parameters&) const = default;

  void write(Writer& out) const;
  [[nodiscard]] static Parameters read(Reader& in);
};

// Which rights need a ballot. Without a rule a right may be used directly.
struct Rule {
  bool direct = true;  // a member whose role has the right may use it alone
  // A ballot of this electorate may use it as well, once more than `share_ppm` of those who have
  // the role agree.
  std::string electorate{operator_role};
  std::uint32_t share_ppm = 500'000;
  bool operator==(const Rule&) const = default;

  // How many of `holders` have to agree.
  [[nodiscard]] std::uint32_t needed(std::uint32_t holders) const;
  void write(Writer& out) const;
  [[nodiscard]] static Rule read(Reader& in);
};

// Who may vote: the holders of a role when they vote, or those named.
struct Electorate {
  std::string role;                 // "" if `nodes` says it
  std::vector<base::NodeId> nodes;  // distinct, ascending; empty if `role` says it
  bool operator==(const Electorate&) const = default;

  void write(Writer& out) const;
  [[nodiscard]] static Electorate read(Reader& in);
};

// Which version has to be there for a write to take place: this one, or one of these.
struct Expected {
  static constexpr std::uint64_t any = ~std::uint64_t{0};
  static constexpr std::uint64_t absent = 0;
};

enum class Choice : std::uint8_t { agree, reject };

void write_signature(Writer& out, const crypto::Signature& signature);
[[nodiscard]] crypto::Signature read_signature(Reader& in);

template <class T>
[[nodiscard]] base::Bytes encode(const T& value) {
  Writer out;
  value.write(out);
  return out.take();
}
template <class T>
[[nodiscard]] std::optional<T> parse(base::ByteView bytes) {
  Reader in(bytes);
  std::optional<T> out = T::read(in);
  if (!in.done()) out.reset();
  return out;
}

}  // namespace ledger
