// What the documents of the state hold, and under which keys. Keys are text, so that a state can be
// read by people; records have one encoding each (layout.h).
#pragma once

#include "base/bytes.h"
#include "base/ids.h"
#include "ledger/ops/ballots.h"
#include "ledger/ops/committee.h"
#include "ledger/reason.h"
#include "ledger/terms.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ledger {

namespace key {

constexpr std::string_view mesh = "mesh";
constexpr std::string_view committee = "committee";
constexpr std::string_view totals = "totals";
constexpr std::string_view ballots = "ballots";

constexpr std::string_view members = "member/";
constexpr std::string_view roles = "role/";
constexpr std::string_view policies = "policy/";
constexpr std::string_view documents = "document/";
constexpr std::string_view ballot_prefix = "ballot/";
constexpr std::string_view evidences = "evidence/";

[[nodiscard]] std::string member(const base::NodeId& node);
[[nodiscard]] std::string sequence(const base::NodeId& author);
[[nodiscard]] std::string role(std::string_view name);
[[nodiscard]] std::string rule(Right right);
[[nodiscard]] std::string policy(std::string_view name);
[[nodiscard]] std::string document(std::string_view name);
[[nodiscard]] std::string ballot(const base::Digest& id);
[[nodiscard]] std::string tally(const base::Digest& id);
[[nodiscard]] std::string epoch(std::uint64_t number);
[[nodiscard]] std::string evidence(const ReportEvidence& report);

}  // namespace key

struct MeshRecord {
  base::MeshId id;
  std::string name;
  Admission admission = Admission::open;
  bool operator==(const MeshRecord&) const = default;
  void write(Writer& out) const;
  [[nodiscard]] static MeshRecord read(Reader& in);
};

enum class Standing : std::uint8_t {
  admitted,
  left,     // by its own wish; may come back as it came
  evicted,  // may be admitted again, and not join by itself
  revoked,  // never again
};
[[nodiscard]] std::string_view name_of(Standing standing);

struct Member {
  // An invitation for whoever shows it first, by its nonce.
  struct UsedInvitation {
    std::uint64_t nonce = 0;
    std::uint64_t not_after_ms = 0;
    bool operator==(const UsedInvitation&) const = default;
  };
  Standing standing = Standing::admitted;
  bool equivocator = false;        // evidence was decided: no seat, no new admission
  RoleNames roles;                 // empty unless admitted
  std::uint64_t since_height = 0;  // of its standing
  std::uint64_t since_ms = 0;
  base::NodeId by;  // whose op; zero in genesis
  std::string reason;
  base::Digest evidence;
  std::vector<UsedInvitation> used_invitations;  // that it signed
  bool operator==(const Member&) const = default;

  [[nodiscard]] bool admitted() const { return standing == Standing::admitted; }
  [[nodiscard]] bool has_role(std::string_view role) const;
  void write(Writer& out) const;
  [[nodiscard]] static Member read(Reader& in);
};

struct Sequence {
  std::uint64_t last = 0;
  bool operator==(const Sequence&) const = default;
  void write(Writer& out) const { out.u64(last); }
  [[nodiscard]] static Sequence read(Reader& in) { return {.last = in.u64()}; }
};

struct Role {
  Rights rights;
  std::vector<std::string> prefixes;
  std::uint32_t holders = 0;
  bool operator==(const Role&) const = default;
  void write(Writer& out) const;
  [[nodiscard]] static Role read(Reader& in);
};

// Versions are numbers of writes of the whole mesh, so that one is never used twice.
struct Policy {
  std::uint64_t version = 0;
  std::uint64_t height = 0;
  base::NodeId author;
  std::string scope;
  bool local_may_override = false;
  std::string yaml;
  bool operator==(const Policy&) const = default;
  void write(Writer& out) const;
  [[nodiscard]] static Policy read(Reader& in);
};

struct Document {
  std::uint64_t version = 0;
  std::uint64_t height = 0;
  base::NodeId author;
  base::Bytes value;
  bool operator==(const Document&) const = default;
  void write(Writer& out) const;
  [[nodiscard]] static Document read(Reader& in);
};

// Who decides in an epoch. Under key::committee for the epoch that the next block is in; under
// key::epoch(number), with its id, for the newest epochs that had a block.
struct Committee {
  std::uint64_t epoch = 0;
  base::Digest epoch_id;  // zero under key::committee: it hangs on the hash of the seal
  Seats seats;
  Parameters parameters;
  bool operator==(const Committee&) const = default;

  [[nodiscard]] bool seats_node(const base::NodeId& node) const;
  void write(Writer& out) const;
  [[nodiscard]] static Committee read(Reader& in);
};

enum class BallotResult : std::uint8_t { open, carried, rejected, expired, withdrawn };
[[nodiscard]] std::string_view name_of(BallotResult result);

struct Ballot {
  base::NodeId opener;
  std::uint64_t opened_height = 0;
  OpenBallot ask;
  BallotResult result = BallotResult::open;
  // Once closed:
  std::uint64_t closed_height = 0;
  std::uint32_t agreed = 0;
  std::uint32_t rejected = 0;
  std::uint8_t effect_refusal = 0;  // a Reason, or 0 if the effect took place or there is none
  bool operator==(const Ballot&) const = default;
  void write(Writer& out) const;
  [[nodiscard]] static Ballot read(Reader& in);
};

struct Tally {
  struct Vote {
    base::NodeId voter;
    Choice choice = Choice::agree;
    bool operator==(const Vote&) const = default;
  };
  std::vector<Vote> votes;  // ascending by voter
  bool operator==(const Tally&) const = default;
  void write(Writer& out) const;
  [[nodiscard]] static Tally read(Reader& in);
};

struct BallotIndex {
  struct Open {
    std::uint64_t until_ms = 0;
    base::Digest id;
    base::NodeId opener;
    auto operator<=>(const Open&) const = default;
  };
  std::vector<Open> open;            // ascending
  std::vector<base::Digest> closed;  // in the order in which they were
  bool operator==(const BallotIndex&) const = default;
  void write(Writer& out) const;
  [[nodiscard]] static BallotIndex read(Reader& in);
};

struct Totals {
  std::uint32_t members = 0;  // of any standing
  std::uint32_t roles = 0;
  std::uint32_t policies = 0;
  std::uint32_t documents = 0;
  std::uint32_t evidences = 0;
  std::uint64_t policy_bytes = 0;    // of texts
  std::uint64_t document_bytes = 0;  // of keys and values
  std::uint64_t version = 0;         // the newest of a policy or document
  bool operator==(const Totals&) const = default;
  void write(Writer& out) const;
  [[nodiscard]] static Totals read(Reader& in);
};

struct Evidence {
  ReportEvidence report;
  std::uint64_t height = 0;
  base::NodeId reporter;
  bool operator==(const Evidence&) const = default;
  void write(Writer& out) const;
  [[nodiscard]] static Evidence read(Reader& in);
};

}  // namespace ledger
