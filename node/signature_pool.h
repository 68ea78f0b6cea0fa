// A small pool of threads that checks signatures in batches, off the loop's thread. Batches in and
// verdicts out; the only lock is in the hand-over queue. The destructor waits for the batch at
// work. One or two checks cost less than the way to another thread and back, so the loop may do
// them itself, up to a share of its time.
#pragma once

#include "base/permit_rate.h"
#include "base/time.h"
#include "crypto/verified.h"

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace node {

class SignaturePool {
 public:
  struct Checked {
    std::uint64_t batch = 0;
    std::vector<crypto::Verdict> verdicts;
  };
  // Called on a pool thread; posts the verdicts to the loop. Batches that waited together come
  // back together.
  using Done = std::function<void(std::vector<Checked> checked)>;

  SignaturePool(std::size_t threads, Done done);
  SignaturePool(const SignaturePool&) = delete;
  SignaturePool& operator=(const SignaturePool&) = delete;
  ~SignaturePool();

  // The machines bound how many checks are under way, so the queue needs no bound of its own.
  void submit(std::uint64_t batch, std::vector<crypto::SignatureCheck> checks);
  // On the caller's thread, if they are few and there were not too many lately.
  [[nodiscard]] std::optional<std::vector<crypto::Verdict>> check_now(
      const std::vector<crypto::SignatureCheck>& checks, base::Instant now);

 private:
  struct Work {
    std::uint64_t batch = 0;
    std::vector<crypto::SignatureCheck> checks;
  };

  [[nodiscard]] std::vector<Work> take();  // empty: stop
  void work();

  // At 50 us each: a fifth of a thread's time, and 3 ms at a stretch.
  static constexpr double now_per_second = 4000;
  static constexpr std::uint32_t now_burst = 64;

  const Done done_;
  base::PermitRate now_rate_{now_per_second, now_burst};
  std::mutex mutex_;  // guards queue_ and stopping_
  std::condition_variable changed_;
  std::deque<Work> queue_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace node
