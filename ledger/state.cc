#include "ledger/state.h"

#include "base/check.h"
#include "crypto/digest.h"

#include <algorithm>
#include <utility>

namespace ledger {

namespace {

base::ByteView tag(std::string_view text) {
  return base::as_bytes(text);
}
constexpr std::string_view entry_tag("mesh.entry.v1\0\0\0", 16);
constexpr std::string_view bucket_tag("mesh.bucket.v1\0\0", 16);
constexpr std::string_view group_tag("mesh.group.v1\0\0\0", 16);
constexpr std::string_view state_tag("mesh.state.v1\0\0\0", 16);

template <std::size_t Size>
base::Digest digest_of(std::string_view purpose, const std::array<base::Digest, Size>& parts) {
  static_assert(sizeof(parts) == Size * base::Digest::size);
  return crypto::digest({tag(purpose), std::as_bytes(std::span(parts))});
}

base::Digest group_digest(const base::Digest* first) {
  std::array<base::Digest, State::group_size> digests;
  std::copy_n(first, State::group_size, digests.begin());
  return digest_of(group_tag, digests);
}

auto position(const Bucket& bucket, std::string_view key) {
  return std::lower_bound(
      bucket.entries.begin(), bucket.entries.end(), key,
      [](const std::shared_ptr<const Entry>& entry, std::string_view k) { return entry->key < k; });
}

}  // namespace

struct State::Change {
  std::size_t bucket;
  const std::string* key;
  const std::optional<base::Bytes>* document;
};

base::Digest entry_digest(std::string_view key, base::ByteView document) {
  std::array<std::byte, 4> size{};
  for (std::size_t i = 0; i < size.size(); ++i)
    size[i] = static_cast<std::byte>(key.size() >> 8 * i);
  return crypto::digest({tag(entry_tag), size, base::as_bytes(key), document});
}

void seal(Bucket& bucket) {
  bucket.bytes = 0;
  base::Bytes digests;
  digests.reserve(bucket.entries.size() * base::Digest::size);
  for (const auto& entry : bucket.entries) {
    bucket.bytes += entry->key.size() + entry->document.size();
    const base::ByteView digest = entry->digest.view();
    digests.insert(digests.end(), digest.begin(), digest.end());
  }
  bucket.digest = digests.empty() ? base::Digest{} : crypto::digest({tag(bucket_tag), digests});
}

State::State() {
  auto group = std::make_shared<Group>();
  group->buckets.fill(std::make_shared<Bucket>());
  seal(*group);
  auto tree = std::make_shared<Tree>();
  tree->groups.fill(group);
  seal(*tree);
  tree_ = std::move(tree);
}

void State::seal(Group& group) {
  std::array<base::Digest, group_size> digests;
  for (std::size_t i = 0; i < group_size; ++i) digests[i] = group.buckets[i]->digest;
  group.digest = digest_of(group_tag, digests);
}

void State::seal(Tree& tree) {
  std::array<base::Digest, group_count> digests;
  for (std::size_t i = 0; i < group_count; ++i) digests[i] = tree.groups[i]->digest;
  tree.root = digest_of(state_tag, digests);
}

base::Digest State::root_of(const std::array<base::Digest, bucket_count>& digests) {
  std::array<base::Digest, group_count> groups;
  for (std::size_t i = 0; i < group_count; ++i) groups[i] = group_digest(&digests[i * group_size]);
  return digest_of(state_tag, groups);
}

std::size_t State::bucket_of(std::string_view key) {
  return crypto::digest(base::as_bytes(key)).head() >> 54;
}

const Bucket& State::bucket(std::size_t index) const {
  CHECK(index < bucket_count);
  return *tree_->groups[index / group_size]->buckets[index % group_size];
}

std::optional<base::ByteView> State::find(std::string_view key) const {
  const Bucket& in = bucket(bucket_of(key));
  const auto found = position(in, key);
  if (found == in.entries.end() || (*found)->key != key) return std::nullopt;
  return base::ByteView((*found)->document);
}

std::vector<const Entry*> State::under(std::string_view prefix) const {
  std::vector<const Entry*> out;
  for (std::size_t index = 0; index < bucket_count; ++index) {
    const Bucket& in = bucket(index);
    for (auto entry = position(in, prefix);
         entry != in.entries.end() && (*entry)->key.starts_with(prefix); ++entry) {
      out.push_back(entry->get());
    }
  }
  std::sort(out.begin(), out.end(), [](const Entry* a, const Entry* b) { return a->key < b->key; });
  return out;
}

// Merges what was there with the changes [first, last), both ascending by key.
std::shared_ptr<const Bucket> State::change(const Bucket& before, const Change* first,
                                            const Change* last) {
  auto after = std::make_shared<Bucket>();
  after->entries.reserve(before.entries.size() + static_cast<std::size_t>(last - first));
  auto old = before.entries.begin();
  for (; first != last; ++first) {
    while (old != before.entries.end() && (*old)->key < *first->key) {
      after->entries.push_back(*old++);
    }
    if (old != before.entries.end() && (*old)->key == *first->key) ++old;
    if (!first->document->has_value()) continue;
    after->entries.push_back(std::make_shared<const Entry>(
        Entry{*first->key, **first->document, entry_digest(*first->key, **first->document)}));
  }
  after->entries.insert(after->entries.end(), old, before.entries.end());
  ledger::seal(*after);
  return after;
}

State State::with(const Changes& changes) const {
  std::vector<Change> sorted;
  sorted.reserve(changes.size());
  for (const auto& [key, document] : changes) {
    CHECK(key.size() <= key_max);
    sorted.push_back({bucket_of(key), &key, &document});
  }
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Change& a, const Change& b) { return a.bucket < b.bucket; });

  State out(*this);
  if (sorted.empty()) return out;
  auto tree = std::make_shared<Tree>(*tree_);
  std::shared_ptr<Group> group;
  for (auto first = sorted.begin(); first != sorted.end();) {
    const auto last = std::find_if(first, sorted.end(),
                                   [&](const Change& c) { return c.bucket != first->bucket; });
    const std::size_t slot = first->bucket / group_size;
    if (!group) group = std::make_shared<Group>(*tree->groups[slot]);
    auto& bucket = group->buckets[first->bucket % group_size];
    auto changed = change(*bucket, &*first, &*first + (last - first));
    tree->entries += changed->entries.size() - bucket->entries.size();
    tree->bytes += changed->bytes - bucket->bytes;
    bucket = std::move(changed);
    if (last == sorted.end() || last->bucket / group_size != slot) {
      seal(*group);
      tree->groups[slot] = std::move(group);
      group = nullptr;
    }
    first = last;
  }
  seal(*tree);
  out.tree_ = std::move(tree);
  return out;
}

State State::of_buckets(std::array<std::shared_ptr<const Bucket>, bucket_count> buckets) {
  auto tree = std::make_shared<Tree>();
  for (std::size_t i = 0; i < group_count; ++i) {
    auto group = std::make_shared<Group>();
    for (std::size_t j = 0; j < group_size; ++j) {
      group->buckets[j] = std::move(buckets[i * group_size + j]);
      CHECK(group->buckets[j] != nullptr);
      tree->entries += group->buckets[j]->entries.size();
      tree->bytes += group->buckets[j]->bytes;
    }
    seal(*group);
    tree->groups[i] = std::move(group);
  }
  seal(*tree);
  State out;
  out.tree_ = std::move(tree);
  return out;
}

}  // namespace ledger
