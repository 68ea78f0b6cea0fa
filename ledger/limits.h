// How much the state may hold, and for how long things in it last. All nodes of a mesh have to
// agree on these, so they are part of the protocol's version: only tests have others.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ledger {

struct Limits {
  static constexpr std::uint64_t minute_ms = 60'000;
  static constexpr std::uint64_t day_ms = 24 * 60 * minute_ms;

  std::uint64_t op_window_ms = 60 * minute_ms;  // how far ahead "not after" may lie

  std::uint32_t members_max = 20'000;               // remembered, of any standing
  std::uint64_t forget_after_ms = 120 * minute_ms;  // past the window, so that no op comes back
  std::uint32_t roles_max = 256;
  std::size_t invitations_used_max = 64;  // that one inviter has in use for whoever shows them
  std::uint64_t invitation_ms_max = 30 * day_ms;

  std::uint32_t policies_max = 256;
  std::uint64_t policy_bytes_max = 1024 * 1024;

  std::uint32_t documents_max = 50'000;
  std::uint64_t document_bytes_max = std::uint64_t{64} * 1024 * 1024;
  // A new document or ballot is refused where its bucket is that full already: no author can make
  // one bucket slow for all by choosing keys. A full state has 50 documents and 64 KiB in each.
  std::size_t bucket_entries_max = 512;
  std::uint64_t bucket_bytes_max = 1024 * 1024;

  std::size_t ballots_open_max = 256;
  std::size_t ballots_open_per_member_max = 16;
  std::size_t ballots_kept_max = 256;  // closed ones, the newest
  std::size_t votes_max = 1024;        // for one ballot
  std::uint64_t ballot_ms_max = 30 * day_ms;

  std::uint64_t epochs_kept = 16;  // against whose members evidence is taken
  std::uint32_t evidences_max = 4096;
};

}  // namespace ledger
