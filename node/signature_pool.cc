#include "node/signature_pool.h"

#include "base/check.h"

#include <algorithm>
#include <utility>

namespace node {

namespace {

constexpr std::size_t checks_together = 16;  // or more, if one batch has more
constexpr std::size_t looked_back = 64;
constexpr std::size_t checks_now_max = 2;  // different ones

bool same(const crypto::SignatureCheck& a, const crypto::SignatureCheck& b) {
  return a.signature == b.signature && a.signer == b.signer && a.statement == b.statement;
}

// Ops that were signed together ask for the same check, one behind the other.
std::vector<crypto::Verdict> verdicts_of(const std::vector<crypto::SignatureCheck>& checks) {
  std::vector<crypto::Verdict> verdicts;
  verdicts.reserve(checks.size());
  std::vector<std::size_t> different;
  for (const crypto::SignatureCheck& check : checks) {
    const auto end =
        different.rbegin() + static_cast<std::ptrdiff_t>(std::min(different.size(), looked_back));
    const auto known = std::find_if(different.rbegin(), end,
                                    [&](std::size_t i) { return same(checks[i], check); });
    if (known != end) {
      verdicts.push_back(verdicts[*known]);
      continue;
    }
    different.push_back(verdicts.size());
    verdicts.push_back(crypto::check(check));
  }
  return verdicts;
}

// As far as equal ones stand one behind the other.
std::size_t different(const std::vector<crypto::SignatureCheck>& checks) {
  std::size_t count = checks.empty() ? 0 : 1;
  for (std::size_t i = 1; i < checks.size(); ++i) {
    if (!same(checks[i - 1], checks[i])) ++count;
  }
  return count;
}

}  // namespace

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

std::optional<std::vector<crypto::Verdict>> SignaturePool::check_now(
    const std::vector<crypto::SignatureCheck>& checks, base::Instant now) {
  const std::size_t count = different(checks);
  if (count > checks_now_max) return std::nullopt;
  for (std::size_t i = 0; i < count; ++i) {
    if (!now_rate_.take(now)) return std::nullopt;
  }
  return verdicts_of(checks);
}

std::vector<SignaturePool::Work> SignaturePool::take() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
  std::vector<Work> taken;
  std::size_t checks = 0;
  while (!stopping_ && !queue_.empty() && checks < checks_together) {
    checks += queue_.front().checks.size();
    taken.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  return taken;
}

void SignaturePool::work() {
  for (std::vector<Work> taken = take(); !taken.empty(); taken = take()) {
    std::vector<Checked> checked;
    checked.reserve(taken.size());
    for (const Work& work : taken) checked.push_back({work.batch, verdicts_of(work.checks)});
    done_(std::move(checked));
  }
}

}  // namespace node
