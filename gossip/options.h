// The named bounds and periods of membership. The defaults are those of a local network or a data
// centre; docs/decisions/0002-refresh-by-digest.md has the arithmetic of the bytes.
#pragma once

#include "base/time.h"

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace gossip {

// So many a second, and so many at once.
struct Rate {
  std::uint32_t per_second = 0;
  std::uint32_t burst = 0;
};

struct Options {
  // ---- detector ----
  base::Duration probe_interval = std::chrono::seconds(1);
  base::Duration round_spread = std::chrono::milliseconds(125);        // rounds begin within this
  base::Duration direct_timeout_min = std::chrono::milliseconds(100);  // 4 round trips, clamped
  base::Duration direct_timeout_max = std::chrono::milliseconds(500);
  base::Duration indirect_timeout = std::chrono::milliseconds(400);
  std::uint32_t indirect_helpers = 3;
  std::uint32_t random_probe_every = 4;  // every 4th slot goes to a random member
  std::uint32_t probes_in_flight_max = 32;
  std::uint32_t relays_max = 256;  // probes that we make for others, at a time
  std::uint32_t rings = 10;        // K; K-1 over 3 liars among a member's monitors are tolerated

  // ---- suspicion ----
  base::Duration suspicion_min = std::chrono::milliseconds(1800);  // 18 gossip rounds: two each way
  std::uint32_t suspicion_max_factor = 6;
  std::uint32_t accusations_per_subject_max = 16;
  std::uint32_t health_max = 4;  // Lifeguard: timeouts stretch up to 1 + this
  base::Duration starved_after = std::chrono::milliseconds(700);  // own timer this late = starved
  base::Duration pressed_after = std::chrono::milliseconds(20);   // packets queue for this long
  base::Duration behind_after = std::chrono::milliseconds(250);   // packets are this old, this long
  base::Duration forget_after = std::chrono::hours(24);  // the dead and the left are kept this long
  base::Duration forget_unheard_after = std::chrono::minutes(10);  // of whom we never heard a word
  base::Duration untold_after = std::chrono::minutes(10);  // the dead are no more told to others
  std::uint32_t graves_max = 4096;  // versions of the forgotten that may not come back
  base::Duration knock_min = std::chrono::seconds(2);
  base::Duration knock_max = std::chrono::seconds(60);

  // ---- dissemination ----
  base::Duration gossip_interval = std::chrono::milliseconds(100);
  std::uint32_t fanout = 3;
  std::uint32_t retransmit_factor = 1;  // lambda of lambda * log2(N + 1)
  // With lambda * log2(N) alone every fifteenth news misses somebody and waits for anti-entropy;
  // each telling more divides that by e.
  std::uint32_t retransmit_extra = 4;
  // With that many rumors at a time (a join storm, a healed partition) each is told less often:
  // every node tells all of them, and anti-entropy finds whom the last few did not reach.
  std::uint32_t bulk_rumors = 128;
  std::uint32_t bulk_tellings = 4;
  std::size_t packet_bytes_max = 1336;  // 1,400 minus the seal
  std::uint32_t rumors_max = 8192;

  // ---- anti-entropy ----
  base::Duration sync_after = std::chrono::milliseconds(1500);  // digests differ for this long
  base::Duration sync_gap_min = std::chrono::seconds(1);
  base::Duration sync_gap_max = std::chrono::seconds(10);
  std::uint32_t page_records_max = 256;  // records in one answer over a link

  // ---- own record ----
  base::Duration load_publish_gap = std::chrono::seconds(1);
  base::Duration load_publish_gap_max = std::chrono::seconds(4);  // while it goes up and down
  base::Duration refute_gap = std::chrono::milliseconds(200);

  // ---- joining ----
  std::uint32_t introducers = 3;
  base::Duration ask_timeout = std::chrono::seconds(3);
  base::Duration join_timeout = std::chrono::seconds(4);  // then we serve with whom we know
  base::Duration seed_retry_min = std::chrono::seconds(1);
  base::Duration seed_retry_max = std::chrono::seconds(30);
  base::Duration candidate_lifetime = std::chrono::seconds(30);
  std::uint32_t members_max = 20'000;
  // A prefix is an IPv4 /24 or an IPv6 /48; private ones are loopback and private addresses.
  Rate new_per_prefix{.per_second = 20, .burst = 100};  // that introduce themselves
  Rate new_per_private_prefix{.per_second = 100, .burst = 5'000};
  Rate named_per_introducer{.per_second = 200, .burst = 2'000};
  Rate named_per_prefix{.per_second = 100, .burst = 2'000};  // of the introducers
  Rate named_per_private_prefix{.per_second = 1'000, .burst = 20'000};
  std::uint32_t introducing_themselves_max = 1'024;        // by datagrams, at a time
  base::Duration unheard_grace = std::chrono::minutes(1);  // then they give way in a full table

  // ---- observation reports ----
  base::Duration report_interval = std::chrono::seconds(10);  // between two questions for them
  base::Duration report_renewal = std::chrono::seconds(60);   // of one that stays the same
  base::Duration report_lifetime = std::chrono::seconds(120);
  std::uint32_t report_informants = 3;  // members asked before what they tell counts
  std::uint32_t report_topics_max = 64;
  std::uint32_t report_authors_max = 16;  // in a topic

  // ---- verification and bodies ----
  std::uint32_t checks_pending_max = 8192;
  std::uint32_t batch_max = 64;
  std::uint64_t sequence_jump_max = 1ULL << 32;
  std::size_t descriptor_bytes_max = 64 * 1024;
  std::uint32_t descriptors_max = 1024;
  std::size_t descriptors_bytes_max = 16 * 1024 * 1024;  // of all together
  base::Duration leave_timeout = std::chrono::seconds(2);
  std::uint32_t leave_acks = 3;
};

}  // namespace gossip
