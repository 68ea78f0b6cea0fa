// What is decided, as documents by key, and the digest that stands for all of it (CONSENSUS 3.10):
//
//   bucket of a key = first 10 bits of BLAKE2b-256(key)
//   entry  = H("mesh.entry.v1"  ‖ key length u32 ‖ key ‖ document)
//   bucket = H("mesh.bucket.v1" ‖ its entries' digests, by key); 32 zero bytes when empty
//   group  = H("mesh.group.v1"  ‖ the digests of 32 buckets)
//   root   = H("mesh.state.v1"  ‖ the digests of 32 groups)
//
// A State never changes. with() makes the next one, which shares with this one every bucket that
// was not touched: a block that is not final yet costs what it changes, and dropping it is free.
#pragma once

#include "base/bytes.h"
#include "base/ids.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ledger {

// By key: the new document, or nothing where one is deleted.
using Changes = std::map<std::string, std::optional<base::Bytes>, std::less<>>;

struct Entry {
  std::string key;
  base::Bytes document;
  base::Digest digest;
};

struct Bucket {
  // Ascending by key. Owned by every bucket, of this State and of later ones, that has the entry.
  std::vector<std::shared_ptr<const Entry>> entries;
  std::uint64_t bytes = 0;  // of keys and documents
  base::Digest digest;
};

[[nodiscard]] base::Digest entry_digest(std::string_view key, base::ByteView document);
// Sets `digest` and `bytes` by the entries.
void seal(Bucket& bucket);

class State {
 public:
  static constexpr std::size_t bucket_count = 1024;
  static constexpr std::size_t group_count = 32;
  static constexpr std::size_t group_size = bucket_count / group_count;
  static constexpr std::size_t key_max = 512;

  State();  // without a document

  [[nodiscard]] const base::Digest& root() const { return tree_->root; }
  [[nodiscard]] std::size_t size() const { return tree_->entries; }
  [[nodiscard]] std::uint64_t bytes() const { return tree_->bytes; }

  // Valid as long as this State or a copy of it.
  [[nodiscard]] std::optional<base::ByteView> find(std::string_view key) const;
  // A change to what is there already, or away already, changes nothing.
  [[nodiscard]] State with(const Changes& changes) const;
  // Ascending by key; looks at every entry there is. Valid as find()'s.
  [[nodiscard]] std::vector<const Entry*> under(std::string_view prefix) const;

  [[nodiscard]] static std::size_t bucket_of(std::string_view key);
  [[nodiscard]] const Bucket& bucket(std::size_t index) const;
  // All there is, of buckets that were checked one by one.
  [[nodiscard]] static State of_buckets(
      std::array<std::shared_ptr<const Bucket>, bucket_count> buckets);

  // The root of 1024 digests of buckets.
  [[nodiscard]] static base::Digest root_of(const std::array<base::Digest, bucket_count>& digests);

 private:
  struct Group {
    // Owned by the groups of all States in which they are the same.
    std::array<std::shared_ptr<const Bucket>, group_size> buckets;
    base::Digest digest;
  };
  struct Tree {
    std::array<std::shared_ptr<const Group>, group_count> groups;  // owned as buckets are
    std::size_t entries = 0;
    std::uint64_t bytes = 0;
    base::Digest root;
  };
  struct Change;
  static void seal(Group& group);
  static void seal(Tree& tree);
  static std::shared_ptr<const Bucket> change(const Bucket& before, const Change* first,
                                              const Change* last);

  std::shared_ptr<const Tree> tree_;  // owned by all copies of this State
};

}  // namespace ledger
