#include "node/signature_pool.h"

#include "crypto/identity.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <vector>

namespace node {
namespace {

crypto::SignatureCheck check_of(bool genuine) {
  crypto::Seed seed;
  seed.bytes.fill(std::byte{7});
  const crypto::Identity signer = crypto::Identity::from_seed(seed);
  crypto::Statement statement(crypto::Purpose::record, base::MeshId{});
  statement.u64(1);
  crypto::SignatureCheck check{signer.id(), statement, signer.sign(statement)};
  if (!genuine) check.signature.bytes[0] ^= std::byte{1};
  return check;
}

// What the pool's threads said, as a loop would take it from them.
class Verdicts {
 public:
  SignaturePool::Done done() {
    return [this](const std::vector<SignaturePool::Checked>& checked) {
      const std::lock_guard lock(mutex_);
      for (const auto& [batch, verdicts] : checked) {
        for (const crypto::Verdict& verdict : verdicts) by_batch_[batch].push_back(verdict.holds());
      }
      changed_.notify_all();
    };
  }
  std::map<std::uint64_t, std::vector<bool>> wait_for(std::size_t batches) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return by_batch_.size() >= batches; });
    return by_batch_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::uint64_t, std::vector<bool>> by_batch_;
};

TEST(SignaturePoolTest, AnswersEachOfSeveralEqualChecks) {
  Verdicts verdicts;
  SignaturePool pool(1, verdicts.done());
  pool.submit(1,
              {check_of(true), check_of(true), check_of(false), check_of(true), check_of(false)});
  EXPECT_EQ(verdicts.wait_for(1).at(1), (std::vector<bool>{true, true, false, true, false}));
}

TEST(SignaturePoolTest, AnswersEachBatchInTheOrderOfItsChecks) {
  Verdicts verdicts;
  SignaturePool pool(2, verdicts.done());
  for (std::uint64_t batch = 1; batch <= 50; ++batch) {
    pool.submit(batch, {check_of(true), check_of(batch % 2 == 0), check_of(false)});
  }
  const auto said = verdicts.wait_for(50);
  ASSERT_EQ(said.size(), 50U);
  for (const auto& [batch, holds] : said) {
    EXPECT_EQ(holds, (std::vector<bool>{true, batch % 2 == 0, false})) << batch;
  }
}

TEST(SignaturePoolTest, ChecksAFewAtOnceButNotManyInATime) {
  Verdicts verdicts;
  SignaturePool pool(1, verdicts.done());
  const base::Instant now = base::Instant::from_nanoseconds(0);
  const auto equal = pool.check_now({check_of(true), check_of(true), check_of(true)}, now);
  ASSERT_TRUE(equal.has_value());
  EXPECT_EQ(equal->size(), 3U);
  EXPECT_TRUE(equal->back().holds());
  EXPECT_FALSE(pool.check_now({check_of(true), check_of(false)}, now)->back().holds());
  EXPECT_FALSE(pool.check_now({check_of(true), check_of(false), check_of(true)}, now));
  int more = 0;
  while (pool.check_now({check_of(true)}, now)) ++more;
  EXPECT_LT(more, 100);
}

TEST(SignaturePoolTest, EndsWithWorkLeftOver) {
  Verdicts verdicts;
  SignaturePool pool(1, verdicts.done());
  for (std::uint64_t batch = 1; batch <= 1000; ++batch) pool.submit(batch, {check_of(true)});
}

}  // namespace
}  // namespace node
