// Bounds and times of agreement (CONSENSUS 3.6, 3.12), with the defaults of production.
#pragma once

#include "base/time.h"
#include "consensus/epoch.h"

#include <cstddef>
#include <cstdint>

namespace consensus {

// One safety rule switched off: tests show with it that the simulator's checkers bite.
enum class Weakness : std::uint8_t {
  none,
  small_quorum,            // 2f + 1 instead of n - f
  certificates_not_kept,   // certificates do not enter the log
  guard_forgets,           // own votes do not enter the log
  no_echo_check,           // votes at once after a restart, whatever peers remember
  notarize_after_nullify,  // R2 without "not after my nullify"
  finalize_after_nullify,  // R3 without it
  skips_without_proof,     // R2 without the nullifications of skipped views
  vote_before_durable,     // own votes leave before the log is on disk
};

struct Options {
  using Duration = base::Duration;

  // ---- times (3.6) ----
  Duration delay_initial = std::chrono::milliseconds(250);  // D until it was measured
  Duration delay_min = std::chrono::milliseconds(20);
  Duration delay_max = std::chrono::seconds(1);
  Duration delay_slack = std::chrono::milliseconds(10);
  Duration view_max = std::chrono::seconds(10);         // T_lead and T_view at most
  Duration empty_max = std::chrono::milliseconds(100);  // T_empty at most; what followers add
  Duration heartbeat = std::chrono::seconds(30);
  Duration status_idle = std::chrono::seconds(5);
  Duration skip_min = std::chrono::seconds(5);
  Duration timestamp_ahead_max = std::chrono::seconds(2);
  Duration echo_check_max = std::chrono::seconds(10);

  // ---- limits (3.12) ----
  View window = 8;                        // votes are taken up to so many views ahead
  std::size_t tallied_views_max = 64;     // older unfinalized views keep certificates only
  std::size_t justification_max = 32;     // certificates in a proposal
  Height unfinalized_ops_depth_max = 32;  // deeper blocks are proposed empty
  std::size_t retransmitted_views_max = 8;
  std::size_t pending_checks_per_peer_max = 256;
  double checks_per_second = 4000;  // of signatures that one peer sent; ops and proposals apart
  std::size_t checks_burst_min = 512;
  std::size_t peers_max = 4096;  // peers whose answers are paced
  std::size_t get_max = 16;      // hashes or views in one question
  std::size_t asked_ranges_max = 64;
  std::size_t heard_max = 256;
  std::uint16_t range_blocks_max = 256;
  std::uint32_t range_bytes_max = 1024 * 1024;
  // So many blocks behind the state comes as a whole: the larger number of who asks and who
  // answers.
  Height snapshot_after = 50'000;
  Duration image_kept = std::chrono::minutes(1);  // of the state, after it was asked for last
  Duration image_fetched_max = std::chrono::minutes(10);  // however old it is, while it is fetched
  EpochNumber snapshot_epochs_max = 256;                  // proven in one offer
  std::size_t epochs_page_max = 64;                       // and before it in one answer
  std::size_t epochs_ahead_max = 64 * 1024;               // that are proven and not executed
  std::size_t pieces_asked_max = 256;
  std::uint32_t piece_bytes_max = 16U * 1024 * 1024;
  Duration snapshot_patience = std::chrono::seconds(2);
  std::uint32_t snapshot_attempts_max = 3;
  std::size_t repair_parallel_max = 4;
  std::size_t wants_max = 256;
  std::size_t mempool_ops_max = 50'000;
  std::size_t mempool_bytes_max = 64U * 1024 * 1024;
  std::size_t author_ops_max = 64;
  std::size_t author_bytes_max = 256U * 1024;
  std::size_t op_bytes_max = 64U * 1024;
  std::size_t gossiped_ops_max = 256;    // in one message
  std::size_t recent_blocks_max = 64;    // decided ones that are served by hash
  Height ready_blocks_max = 1'000'000;   // how far ahead readiness is promised
  std::size_t log_rewrite_after = 4096;  // records

  Weakness weakness = Weakness::none;
};

// In one answer: one proof alone is an answer to something else.
[[nodiscard]] constexpr std::size_t proofs_of_page(const Options& options) {
  return options.epochs_page_max < 2 ? 2 : options.epochs_page_max;
}

}  // namespace consensus
