// The document that makes a mesh: its name, when it was made, and its first validators. The mesh id
// is a digest of its bytes, so whoever holds the file can check what it is a member of, and a
// changed byte is another mesh. Without a file a node is in the open mesh `default`, whose document
// is built in.
//
// The state that the validators decide about begins with what the document says: founding().
//
//   mesh id = BLAKE2b-256("mesh.genesis.v1" ‖ 0 ‖ bytes of the document)
#pragma once

#include "base/ids.h"
#include "base/result.h"
#include "ledger/genesis.h"
#include "storage/key_file.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace node {

struct Genesis {
  std::string name;
  std::string created;  // RFC 3339, UTC, "" in the built-in document
  ledger::Admission admission = ledger::Admission::open;
  std::vector<storage::Validator> validators;
  base::MeshId mesh;
  std::string document;  // the exact bytes

  static constexpr std::size_t document_max = std::size_t{1024} * 1024;
  static constexpr std::size_t validators_max = ledger::seats_max;
  static constexpr std::size_t name_max = 64;
};

[[nodiscard]] Genesis open_mesh();
// JSON or YAML. `file` is for the error, which is one line for people.
[[nodiscard]] base::Result<Genesis, std::string> parse_genesis(const std::string& document,
                                                               const std::string& file);
// "" gives the open mesh.
[[nodiscard]] base::Result<Genesis, std::string> load_genesis(const std::string& file);
// A new mesh: the document to print. `validators` as keygen gave them ("pv1:..."); `created` is
// the calendar's time in RFC 3339.
[[nodiscard]] base::Result<Genesis, std::string> make_genesis(
    const std::string& name, const std::vector<std::string>& validators, const std::string& created,
    ledger::Admission admission = ledger::Admission::open);

// What the ledger begins with. Nothing in a mesh without validators: nobody decides there.
[[nodiscard]] std::optional<ledger::Genesis> founding(const Genesis& genesis);

}  // namespace node
