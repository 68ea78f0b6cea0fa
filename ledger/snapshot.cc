#include "ledger/snapshot.h"

#include "base/check.h"
#include "ledger/layout.h"

#include <utility>

namespace ledger {

namespace {

// Nothing unless the entries ascend and all of them belong to that bucket.
std::shared_ptr<Bucket> parse_bucket(std::size_t index, base::ByteView bytes) {
  Reader in(bytes);
  auto bucket = std::make_shared<Bucket>();
  const std::uint32_t count = in.u32();
  for (std::uint32_t i = 0; i < count && !in.refused(); ++i) {
    Entry entry;
    entry.key = in.text(State::key_max);
    entry.document = in.sized(bytes.size());
    if (in.refused() || State::bucket_of(entry.key) != index) return nullptr;
    if (!bucket->entries.empty() && bucket->entries.back()->key >= entry.key) return nullptr;
    entry.digest = entry_digest(entry.key, entry.document);
    bucket->entries.push_back(std::make_shared<const Entry>(std::move(entry)));
  }
  if (!in.done()) return nullptr;
  seal(*bucket);
  return bucket;
}

}  // namespace

base::Bytes encode_manifest(const State& state) {
  Writer out;
  for (std::size_t i = 0; i < State::bucket_count; ++i) out.fixed(state.bucket(i).digest.view());
  return out.take();
}

base::Bytes encode_bucket(const Bucket& bucket) {
  Writer out;
  out.u32(static_cast<std::uint32_t>(bucket.entries.size()));
  for (const auto& entry : bucket.entries) out.text(entry->key).sized(entry->document);
  return out.take();
}

base::Result<Snapshot, SnapshotError> Snapshot::begin(const base::Digest& root,
                                                      base::ByteView manifest) {
  if (manifest.size() != State::bucket_count * base::Digest::size) {
    return base::Unexpected{SnapshotError::malformed};
  }
  Snapshot out;
  Reader in(manifest);
  for (base::Digest& digest : out.digests_) digest = in.id<base::Digest>();
  if (State::root_of(out.digests_) != root) return base::Unexpected{SnapshotError::other_digest};
  for (std::size_t i = 0; i < State::bucket_count; ++i) {
    if (out.digests_[i].is_zero()) {
      out.buckets_[i] = std::make_shared<const Bucket>();
    } else {
      ++out.missing_;
    }
  }
  return out;
}

base::Result<void, SnapshotError> Snapshot::on_bucket(std::size_t index, base::ByteView bytes) {
  if (index >= State::bucket_count || buckets_[index]) {
    return base::Unexpected{SnapshotError::unasked};
  }
  if (bytes.size() > bucket_bytes_max) return base::Unexpected{SnapshotError::malformed};
  std::shared_ptr<const Bucket> bucket = parse_bucket(index, bytes);
  if (!bucket) return base::Unexpected{SnapshotError::malformed};
  if (bucket->digest != digests_[index]) return base::Unexpected{SnapshotError::other_digest};
  buckets_[index] = std::move(bucket);
  --missing_;
  return {};
}

void Snapshot::reuse(const State& state) {
  for (std::size_t i = 0; i < State::bucket_count; ++i) {
    if (!buckets_[i] && state.bucket(i).digest == digests_[i]) {
      buckets_[i] = std::make_shared<const Bucket>(state.bucket(i));
      --missing_;
    }
  }
}

void Snapshot::reuse(const Snapshot& other) {
  for (std::size_t i = 0; i < State::bucket_count; ++i) {
    if (!buckets_[i] && other.buckets_[i] && other.digests_[i] == digests_[i]) {
      buckets_[i] = other.buckets_[i];
      --missing_;
    }
  }
}

std::vector<std::size_t> Snapshot::missing(std::size_t max) const {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < State::bucket_count && out.size() < max; ++i) {
    if (!buckets_[i]) out.push_back(i);
  }
  return out;
}

State Snapshot::state() const {
  CHECK(complete());
  return State::of_buckets(buckets_);
}

}  // namespace ledger
