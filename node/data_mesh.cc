#include "node/data_mesh.h"

#include "ledger/records.h"
#include "storage/archive.h"

namespace node {

namespace {

std::string named(const std::string& name, const base::MeshId& id) {
  return "mesh " + name + " (" + id.hex() + ")";
}

}  // namespace

base::Result<void, std::string> check_data_mesh(const std::string& directory,
                                                const Genesis& genesis) {
  const auto document = storage::Archive::read_document(directory, ledger::key::mesh);
  if (!document) return base::Unexpected{document.error().text()};
  if (!*document) return {};
  const auto mesh = ledger::parse<ledger::MeshRecord>(**document);
  if (!mesh || mesh->id == genesis.mesh) return {};
  return base::Unexpected{
      directory + " has what " + named(mesh->name, mesh->id) +
      " decided, and the genesis is that of " + named(genesis.name, genesis.mesh) +
      "; give the genesis file of the former with --genesis, or another directory with --data"};
}

}  // namespace node
