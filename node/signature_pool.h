// A small pool of threads that checks signatures in batches, off the loop's thread. Batches in and
// verdicts out; the only lock is in the hand-over queue. The destructor waits for the batch at
// work.
#pragma once

#include "crypto/verified.h"

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
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

 private:
  struct Work {
    std::uint64_t batch = 0;
    std::vector<crypto::SignatureCheck> checks;
  };

  [[nodiscard]] std::vector<Work> take();  // empty: stop
  void work();

  const Done done_;
  std::mutex mutex_;  // guards queue_ and stopping_
  std::condition_variable changed_;
  std::deque<Work> queue_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace node
