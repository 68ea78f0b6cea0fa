#include "api/proof_file.h"

#include "api/json_body.h"
#include "base/bytes.h"
#include "base/strings.h"
#include "consensus/statements.h"
#include "wire/agreement_codec.h"

#include <nlohmann/json.hpp>

#include <optional>
#include <utility>

namespace api {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view format = "parley.decision.2";

std::optional<base::Bytes> bytes_of(const Json& value) {
  if (!value.is_string()) return std::nullopt;
  const auto& hex = value.get_ref<const std::string&>();
  if (hex.size() % 2 != 0) return std::nullopt;
  base::Bytes out(hex.size() / 2);
  if (!base::from_hex(hex, out)) return std::nullopt;
  return out;
}

template <class Id>
bool take(const Json& value, Id& out) {
  const auto bytes = bytes_of(value);
  const auto id = bytes ? Id::from_view(*bytes) : std::nullopt;
  if (id) out = *id;
  return id.has_value();
}

bool take(const Json& value, consensus::BlockHeader& out) {
  const auto bytes = bytes_of(value);
  const auto header = bytes ? consensus::parse_header(*bytes) : std::nullopt;
  if (header) out = *header;
  return header.has_value();
}

bool take(const Json& value, consensus::EpochProof& out) {
  const auto bytes = bytes_of(value);
  if (!bytes) return false;
  auto proof = wire::decode_epoch_proof(*bytes);
  if (proof) out = std::move(*proof);
  return proof.has_value();
}

bool take(const Json& value, consensus::EpochDescriptor& out) {
  const auto bytes = bytes_of(value);
  if (!bytes) return false;
  auto descriptor = wire::decode_epoch_descriptor(*bytes);
  if (descriptor) out = std::move(*descriptor);
  return descriptor.has_value();
}

template <class T>
bool take_all(const Json& value, std::vector<T>& out) {
  if (!value.is_array()) return false;
  for (const Json& item : value) {
    if (!take(item, out.emplace_back())) return false;
  }
  return true;
}

bool take(const Json& json, ProofFile& out) {
  for (const char* name : {"format", "mesh", "id", "op", "index", "path", "header", "above",
                           "finalization", "first", "epochs"}) {
    if (!json.contains(name)) return false;
  }
  const auto op = bytes_of(json["op"]);
  const auto finalization = bytes_of(json["finalization"]);
  if (!op || !finalization || !json["index"].is_number_unsigned()) return false;
  auto proven = wire::decode_decision_proof(*finalization);
  if (!proven || !proven->tail.empty()) return false;
  out.proof.op = *op;
  out.proof.index = json["index"].get<std::uint32_t>();
  out.proof.finalization = std::move(proven->finalization);
  return json["format"] == format && take(json["mesh"], out.mesh) && take(json["id"], out.op) &&
         take_all(json["path"], out.proof.path) && take(json["header"], out.proof.header) &&
         take_all(json["above"], out.proof.above) && take(json["first"], out.first) &&
         take_all(json["epochs"], out.epochs);
}

// Of a version that wrote other files.
std::optional<std::string> other_format(const Json& json) {
  constexpr std::string_view family = "parley.decision.";
  const auto named = json.find("format");
  if (named == json.end() || !named->is_string()) return std::nullopt;
  const auto& name = named->get_ref<const std::string&>();
  if (name == format || !name.starts_with(family)) return std::nullopt;
  if (!base::parse_unsigned(std::string_view(name).substr(family.size()))) return std::nullopt;
  return "format: it is a " + name + " file, and this version reads " + std::string(format) +
         "; have a node write it anew: parley decisions show ID --proof FILE";
}

std::string hex(const consensus::BlockHeader& header) {
  return base::to_hex(consensus::header_bytes(header));
}

}  // namespace

std::string proof_text(const ProofFile& file) {
  const consensus::DecisionProof& proof = file.proof;
  Json path = Json::array();
  for (const base::Digest& digest : proof.path) path.push_back(digest.hex());
  Json above = Json::array();
  for (const consensus::BlockHeader& header : proof.above) above.push_back(hex(header));
  Json epochs = Json::array();
  for (const consensus::EpochProof& ended : file.epochs) {
    epochs.push_back(base::to_hex(wire::encode(ended)));
  }
  const Json out{
      {"format", format},
      {"mesh", file.mesh.hex()},
      {"id", file.op.hex()},
      {"op", base::to_hex(proof.op)},
      {"index", proof.index},
      {"path", std::move(path)},
      {"header", hex(proof.header)},
      {"above", std::move(above)},
      {"finalization", base::to_hex(wire::encode(wire::DecisionProof{proof.finalization, {}}))},
      {"first", base::to_hex(wire::encode(file.first))},
      {"epochs", std::move(epochs)}};
  return out.dump(2) + "\n";
}

base::Result<ProofFile, std::string> read_proof(std::string_view text) {
  if (!is_shallow(text)) return base::Unexpected{std::string("format: it is no proof file")};
  const Json json = Json::parse(text, nullptr, false);
  ProofFile out;
  if (json.is_object()) {
    if (auto other = other_format(json)) return base::Unexpected{*std::move(other)};
  }
  if (!json.is_object() || !take(json, out)) {
    return base::Unexpected{
        std::string("format: it is no proof file, or a part of it cannot be "
                    "read")};
  }
  if (proof_text(out) != text) {
    return base::Unexpected{std::string("format: it is not exactly as it was written")};
  }
  return out;
}

}  // namespace api
