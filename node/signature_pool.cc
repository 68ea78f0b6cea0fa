#include "node/signature_pool.h"

#include "base/check.h"

#include <utility>

namespace node {

SignaturePool::SignaturePool(std::size_t threads, Done done) : done_(std::move(done)) {
  CHECK(threads > 0);
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
}

SignaturePool::~SignaturePool() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void SignaturePool::submit(std::uint64_t batch, std::vector<crypto::SignatureCheck> checks) {
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back({batch, std::move(checks)});
  }
  changed_.notify_one();
}

void SignaturePool::work() {
  for (;;) {
    Work work;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (stopping_) return;
      work = std::move(queue_.front());
      queue_.pop_front();
    }
    std::vector<crypto::Verdict> verdicts;
    verdicts.reserve(work.checks.size());
    for (const crypto::SignatureCheck& check : work.checks)
      verdicts.push_back(crypto::check(check));
    done_(work.batch, std::move(verdicts));
  }
}

}  // namespace node
