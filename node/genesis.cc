#include "node/genesis.h"

#include "base/bytes.h"
#include "crypto/digest.h"
#include "node/setting.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>
#include <set>
#include <utility>

namespace node {

namespace {

// Part of the format: changing a byte of it makes the open mesh another mesh.
constexpr std::string_view open_document = "{\"name\":\"default\",\"open\":true}\n";

base::MeshId mesh_id(std::string_view document) {
  constexpr std::string_view tag("mesh.genesis.v1\0", 16);
  const base::Digest digest = crypto::digest({base::as_bytes(tag), base::as_bytes(document)});
  return *base::MeshId::from_view(digest.view());
}

base::Unexpected<std::string> refuse(const std::string& file, int line, const std::string& what) {
  return base::Unexpected{file + (line > 0 ? ":" + std::to_string(line) : "") + ": " + what};
}

bool is_mesh_name(std::string_view name) {
  const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  });
  return plain && !name.empty() && name.size() <= Genesis::name_max;
}

std::string scalar(const Setting& map, std::string_view key) {
  const Setting* found = map.find(key);
  return found != nullptr && found->kind == Setting::Kind::scalar ? found->scalar : "";
}

}  // namespace

Genesis open_mesh() {
  Genesis out;
  out.name = "default";
  out.document = open_document;
  out.mesh = mesh_id(open_document);
  return out;
}

base::Result<Genesis, std::string> parse_genesis(const std::string& document,
                                                 const std::string& file) {
  if (document.size() > Genesis::document_max) return refuse(file, 0, "is longer than 1 MiB");
  const auto setting = parse_yaml(document);
  if (!setting) return refuse(file, setting.error().line, setting.error().what);
  if (setting->kind != Setting::Kind::map) {
    return refuse(file, 0, "is no genesis file; make one with parley init");
  }
  Genesis out;
  out.document = document;
  out.mesh = mesh_id(document);
  out.name = scalar(*setting, "name");
  out.created = scalar(*setting, "created");
  if (!is_mesh_name(out.name)) {
    return refuse(file, setting->line,
                  "name: must have 1 to 64 small letters, digits, dots and dashes");
  }
  for (const Setting& value : setting->entries) {
    if (value.key != "name" && value.key != "created" && value.key != "admission" &&
        value.key != "validators") {
      return refuse(file, value.line,
                    value.key + ": unknown key; known: name, created, admission, validators");
    }
  }
  if (const Setting* admission = setting->find("admission"); admission != nullptr) {
    const auto named = ledger::admission_named(scalar(*setting, "admission"));
    if (!named) return refuse(file, admission->line, "admission: is open, invitation or vote");
    out.admission = *named;
  }
  const Setting* validators = setting->find("validators");
  if (validators == nullptr || validators->kind != Setting::Kind::list ||
      validators->items.empty()) {
    return refuse(file, setting->line, "validators: must list at least one validator");
  }
  if (validators->items.size() > Genesis::validators_max) {
    return refuse(file, validators->line, "validators: are more than 64");
  }
  std::set<base::NodeId> ids;
  std::set<storage::VoteKey> vote_keys;
  for (const Setting& entry : validators->items) {
    const auto id = base::NodeId::from_hex(scalar(entry, "id"));
    const auto vote_key = storage::VoteKey::from_hex(scalar(entry, "voteKey"));
    if (!id || !vote_key || entry.entries.size() != 2) {
      return refuse(file, entry.line,
                    "validators: each has an id and a voteKey of 64 hexadecimal digits");
    }
    if (!ids.insert(*id).second || !vote_keys.insert(*vote_key).second) {
      return refuse(file, entry.line, "validators: an id or a voteKey comes twice");
    }
    out.validators.push_back({*id, *vote_key});
  }
  return out;
}

base::Result<Genesis, std::string> load_genesis(const std::string& file) {
  if (file.empty()) return open_mesh();
  std::ifstream stream(file, std::ios::binary);
  if (!stream.is_open()) {
    return refuse(file, 0, "cannot be read; check its path and permissions");
  }
  std::string text(Genesis::document_max + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (stream.bad()) return refuse(file, 0, "cannot be read; is it a file?");
  text.resize(static_cast<std::size_t>(stream.gcount()));
  return parse_genesis(text, file);
}

base::Result<Genesis, std::string> make_genesis(const std::string& name,
                                                const std::vector<std::string>& validators,
                                                const std::string& created,
                                                ledger::Admission admission) {
  nlohmann::ordered_json document;
  document["name"] = name;
  document["created"] = created;
  document["admission"] = ledger::name_of(admission);
  document["validators"] = nlohmann::ordered_json::array();
  for (const std::string& text : validators) {
    const auto validator = storage::Validator::parse(text);
    if (!validator) {
      return refuse("--validator", 0,
                    "\"" + text + "\" is no validator; give what parley keygen prints, pv1:...");
    }
    document["validators"].push_back(
        {{"id", validator->id.hex()}, {"voteKey", validator->vote_key.hex()}});
  }
  // A name that is no UTF-8 has no JSON form; replaced, it fails the check of names below.
  return parse_genesis(
      document.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n",
      "the new genesis");
}

std::optional<ledger::Genesis> founding(const Genesis& genesis) {
  if (genesis.validators.empty()) return std::nullopt;
  ledger::Genesis out{.mesh = genesis.mesh,
                      .name = genesis.name,
                      .admission = genesis.admission,
                      .seats = {},
                      .parameters = {}};
  for (const storage::Validator& validator : genesis.validators) {
    out.seats.push_back({.node = validator.id, .vote_key = validator.vote_key});
  }
  std::sort(out.seats.begin(), out.seats.end());
  return out;
}

}  // namespace node
