#include "storage/log_format.h"

#include "base/check.h"
#include "crypto/digest.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>
#include <string_view>

namespace storage {

namespace {

static_assert(std::endian::native == std::endian::little, "integers are copied as they are");

constexpr std::string_view head_mark = "parley.log.1";
constexpr std::uint32_t record_mark = 0x31636572;  // "rec1"
constexpr std::size_t mark_bytes = 16;
constexpr std::size_t head_checksum_at = 24;
constexpr std::size_t head_checksum_bytes = 8;
constexpr std::size_t record_checksum_at = 24;
constexpr std::size_t record_checksum_bytes = 16;
constexpr std::size_t alignment = 8;

template <class Integer>
void put(Integer value, base::Bytes& out) {
  const auto* bytes = reinterpret_cast<const std::byte*>(&value);
  out.insert(out.end(), bytes, bytes + sizeof value);
}

template <class Integer>
Integer get(base::ByteView bytes, std::size_t at) {
  Integer value = 0;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

std::size_t padded(std::size_t bytes) {
  return (bytes + alignment - 1) / alignment * alignment;
}

struct Record {
  std::uint64_t position = 0;
  std::uint64_t synced = 0;
  base::ByteView payload;
  std::size_t bytes = 0;  // with its head and padding
};

std::optional<Record> record_at(base::ByteView file, std::size_t at) {
  if (at > file.size() || file.size() - at < log_record_head_bytes) return std::nullopt;
  const base::ByteView head = file.subspan(at, log_record_head_bytes);
  if (get<std::uint32_t>(head, 0) != record_mark) return std::nullopt;
  const std::size_t length = get<std::uint32_t>(head, 4);
  if (length > log_payload_bytes_max || padded(log_record_head_bytes + length) > file.size() - at) {
    return std::nullopt;
  }
  const base::ByteView payload = file.subspan(at + log_record_head_bytes, length);
  const base::Digest digest = crypto::digest({head.first(record_checksum_at), payload});
  if (!std::ranges::equal(digest.view().first(record_checksum_bytes),
                          head.subspan(record_checksum_at))) {
    return std::nullopt;
  }
  return Record{.position = get<std::uint64_t>(head, 8),
                .synced = get<std::uint64_t>(head, 16),
                .payload = payload,
                .bytes = padded(log_record_head_bytes + length)};
}

// What is behind the last record that holds.
LogEnding ending_of(base::ByteView file, std::size_t at, std::uint64_t last) {
  bool empty = true;
  for (; at < file.size(); at += alignment) {
    const base::ByteView word = file.subspan(at, std::min(alignment, file.size() - at));
    if (std::ranges::all_of(word, [](std::byte byte) { return byte == std::byte{0}; })) continue;
    empty = false;
    const auto record = record_at(file, at);
    if (record && record->synced > last) return LogEnding::damaged;
  }
  return empty ? LogEnding::whole : LogEnding::torn;
}

}  // namespace

void append_log_head(std::uint64_t position, base::Bytes& out) {
  base::Bytes head = base::to_bytes(head_mark);
  head.resize(mark_bytes);
  put(position, head);
  const base::Digest digest = crypto::digest(head);
  const base::ByteView checksum = digest.view().first(head_checksum_bytes);
  out.insert(out.end(), head.begin(), head.end());
  out.insert(out.end(), checksum.begin(), checksum.end());
}

void append_log_record(std::uint64_t position, std::uint64_t synced, base::ByteView payload,
                       base::Bytes& out) {
  CHECK(payload.size() <= log_payload_bytes_max);
  base::Bytes head;
  head.reserve(record_checksum_at);
  put(record_mark, head);
  put(static_cast<std::uint32_t>(payload.size()), head);
  put(position, head);
  put(synced, head);
  const base::Digest digest = crypto::digest({head, payload});
  const base::ByteView checksum = digest.view().first(record_checksum_bytes);
  const std::size_t end = out.size() + padded(log_record_head_bytes + payload.size());
  out.insert(out.end(), head.begin(), head.end());
  out.insert(out.end(), checksum.begin(), checksum.end());
  out.insert(out.end(), payload.begin(), payload.end());
  out.resize(end);
}

LogContent read_log(base::ByteView file) {
  LogContent content;
  if (file.size() < log_head_bytes) {
    content.ending = file.empty() ? LogEnding::whole : LogEnding::damaged;
    return content;
  }
  const base::Digest digest = crypto::digest(file.first(head_checksum_at));
  if (!std::ranges::equal(digest.view().first(head_checksum_bytes),
                          file.subspan(head_checksum_at, head_checksum_bytes)) ||
      base::as_text(file.first(head_mark.size())) != head_mark) {
    content.ending = LogEnding::damaged;
    return content;
  }
  content.position = get<std::uint64_t>(file, mark_bytes);
  content.bytes = log_head_bytes;
  while (const auto record = record_at(file, content.bytes)) {
    if (record->position != content.position + 1) break;
    content.records.emplace_back(record->payload.begin(), record->payload.end());
    content.position = record->position;
    content.bytes += record->bytes;
  }
  content.ending = ending_of(file, content.bytes, content.position);
  return content;
}

}  // namespace storage
