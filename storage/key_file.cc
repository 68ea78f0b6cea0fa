#include "storage/key_file.h"

#include "base/bytes.h"
#include "base/strings.h"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <vector>

namespace storage {

namespace {

constexpr std::size_t file_size_max = 4096;

std::string reason(int error) {
  return std::error_code(error, std::generic_category()).message();
}

std::string header_of(KeyKind kind) {
  return kind == KeyKind::identity ? "parley identity key v1" : "parley voter key v1";
}

// Closes with the scope.
class File {
 public:
  File(const std::string& path, int flags, mode_t mode = 0)
      : descriptor_(::open(path.c_str(), flags | O_CLOEXEC, mode)) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  [[nodiscard]] int get() const { return descriptor_; }

 private:
  int descriptor_;
};

base::Unexpected<FileError> refuse(std::string what, const std::string& path, std::string to_do) {
  return base::Unexpected{FileError{std::move(what), path, std::move(to_do)}};
}

const std::string restore = "restore it from a backup, or remove it to become a new node";

base::Result<crypto::Seed, FileError> parse(const std::string& text, const std::string& path,
                                            KeyKind kind) {
  const std::vector<std::string_view> lines = base::split(text, '\n');
  if (lines[0] != header_of(kind)) {
    return refuse("is no key file: its first line is not \"" + header_of(kind) + "\"", path,
                  restore);
  }
  if (lines.size() < 4 || !lines[3].empty()) return refuse("is cut off or too long", path, restore);
  const std::string_view secret_label = "secret ";
  const std::string_view public_label = "public ";
  if (!lines[1].starts_with(secret_label) || !lines[2].starts_with(public_label)) {
    return refuse("is damaged: expected the lines \"secret ...\" and \"public ...\"", path,
                  restore);
  }
  const auto seed = crypto::Seed::from_hex(lines[1].substr(secret_label.size()));
  const auto id = base::NodeId::from_hex(lines[2].substr(public_label.size()));
  if (!seed || !id) return refuse("is damaged: a key is 64 hexadecimal digits", path, restore);
  if (crypto::Identity::from_seed(*seed).id() != *id) {
    return refuse("is damaged: its secret and public keys do not belong together", path, restore);
  }
  return *seed;
}

// Nothing, or why the file could not be made. A file that is there already stays.
std::optional<FileError> create(const std::string& directory, const std::string& path, KeyKind kind,
                                const crypto::Seed& seed) {
  const std::string text = header_of(kind) + "\nsecret " + seed.hex() + "\npublic " +
                           crypto::Identity::from_seed(seed).id().hex() + "\n";
  const std::string draft = path + "." + std::to_string(::getpid()) + ".new";
  const std::string to_do = "let the user of this process write there, and free some space";
  ::unlink(draft.c_str());  // of a process of the same number that did not finish
  {
    const File file(draft, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (file.get() < 0) return FileError{"cannot make it: " + reason(errno), path, to_do};
    const ssize_t written = ::write(file.get(), text.data(), text.size());
    if (written != static_cast<ssize_t>(text.size()) || ::fsync(file.get()) != 0) {
      const std::string why = written >= 0 ? "no space left" : reason(errno);
      ::unlink(draft.c_str());
      return FileError{"cannot write it: " + why, path, to_do};
    }
  }
  // Unlike rename(), link() never replaces a key that somebody made meanwhile.
  const int linked = ::link(draft.c_str(), path.c_str()) == 0 ? 0 : errno;
  ::unlink(draft.c_str());
  if (linked != 0 && linked != EEXIST) {
    return FileError{"cannot make it: " + reason(linked), path, to_do};
  }
  const File parent(directory, O_RDONLY | O_DIRECTORY);
  if (parent.get() < 0 || ::fsync(parent.get()) != 0) {
    return FileError{"cannot make it durable: " + reason(errno), path, to_do};
  }
  return std::nullopt;
}

}  // namespace

std::string key_path(const std::string& directory, KeyKind kind) {
  return directory + (kind == KeyKind::identity ? "/identity.key" : "/voter.key");
}

base::Result<crypto::Seed, FileError> load_key(const std::string& directory, KeyKind kind) {
  const std::string path = key_path(directory, kind);
  const File file(path, O_RDONLY);
  if (file.get() < 0) {
    if (errno == ENOENT) return refuse("there is no key", path, "make one with parley keygen");
    return refuse("cannot read it: " + reason(errno), path, "let the user of this process read it");
  }
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return refuse(reason(errno), path, restore);
  if (!S_ISREG(status.st_mode)) return refuse("is no regular file", path, "remove it");
  if ((status.st_mode & 077) != 0) {
    return refuse("others may read or change it", path, "run chmod 600 on it");
  }
  std::array<char, file_size_max> buffer{};
  const ssize_t size = ::read(file.get(), buffer.data(), buffer.size());
  if (size < 0) return refuse("cannot read it: " + reason(errno), path, restore);
  if (size == 0) return refuse("is empty", path, restore);
  std::string text(buffer.data(), static_cast<std::size_t>(size));
  auto seed = parse(text, path, kind);
  sodium_memzero(buffer.data(), buffer.size());
  sodium_memzero(text.data(), text.size());
  return seed;
}

base::Result<crypto::Seed, FileError> load_or_create_key(const std::string& directory,
                                                         KeyKind kind) {
  const std::string path = key_path(directory, kind);
  if (::access(path.c_str(), F_OK) != 0 && errno == ENOENT) {
    if (sodium_init() < 0) return refuse("no entropy", path, "give the machine a random device");
    crypto::Seed seed;
    randombytes_buf(seed.bytes.data(), seed.bytes.size());
    if (auto error = create(directory, path, kind, seed)) return base::Unexpected{*error};
  }
  return load_key(directory, kind);
}

std::uint64_t draw_seed() {
  std::uint64_t seed = 0;
  randombytes_buf(&seed, sizeof seed);
  return seed;
}

std::string Validator::to_string() const {
  return "pv1:" + id.hex() + ":" + vote_key.hex();
}

std::optional<Validator> Validator::parse(std::string_view text) {
  const std::vector<std::string_view> parts = base::split(text, ':');
  if (parts.size() != 3 || parts[0] != "pv1") return std::nullopt;
  const auto id = base::NodeId::from_hex(parts[1]);
  const auto vote_key = VoteKey::from_hex(parts[2]);
  if (!id || !vote_key) return std::nullopt;
  return Validator{*id, *vote_key};
}

base::Result<Validator, FileError> load_or_create_validator(const std::string& directory) {
  const auto identity = load_or_create_key(directory, KeyKind::identity);
  if (!identity) return base::Unexpected{identity.error()};
  const auto voter = load_or_create_key(directory, KeyKind::voter);
  if (!voter) return base::Unexpected{voter.error()};
  const crypto::Identity votes = crypto::Identity::from_seed(*voter);
  return Validator{crypto::Identity::from_seed(*identity).id(),
                   *VoteKey::from_view(votes.id().view())};
}

}  // namespace storage
