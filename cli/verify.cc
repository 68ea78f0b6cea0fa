#include "api/proof_file.h"
#include "cli/shared_options.h"
#include "cli/verbs.h"
#include "consensus/decision_proof.h"
#include "ledger/op.h"
#include "node/genesis.h"
#include "node/kernel/decided_state.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <CLI/Option.hpp>
#include <nlohmann/json.hpp>

#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>

namespace cli {
namespace {

struct VerifyOptions {
  Format format = Format::table;
  std::string file;
  std::string genesis;
  std::string checkpoint;
};

// What somebody trusts who was not there: the id of an epoch, and of which mesh, if that is known.
struct Trusted {
  base::Digest epoch;
  std::optional<base::MeshId> mesh;
};

base::Result<Trusted, std::string> trusted_by(const VerifyOptions& options) {
  if (!options.checkpoint.empty()) {
    const auto id = base::Digest::from_hex(options.checkpoint);
    if (id) return Trusted{.epoch = *id, .mesh = std::nullopt};
    return base::Unexpected{
        std::string("--checkpoint must be the id of an epoch, 64 hexadecimal "
                    "digits; GET /v1/agreement of a node that you trust has "
                    "one, and parley verify prints one")};
  }
  const auto genesis = node::load_genesis(options.genesis);
  if (!genesis) return base::Unexpected{genesis.error()};
  const auto founded = node::founding(*genesis);
  if (!founded) return base::Unexpected{options.genesis + " names no validators"};
  const consensus::Epoch first(
      consensus::EpochDescriptor::first(genesis->mesh, kernel::committee_of(founded->seats),
                                        kernel::parameters_of(founded->parameters)));
  return Trusted{.epoch = first.id(), .mesh = genesis->mesh};
}

base::Result<Json, std::string> verified(const std::string& text, const Trusted& trusted) {
  const auto read = api::read_proof(text);
  if (!read) return base::Unexpected{read.error()};
  if (trusted.mesh && read->mesh != *trusted.mesh) {
    return base::Unexpected{std::string("mesh: the file is of another mesh than the genesis")};
  }
  if (read->mesh != read->first.mesh) {
    return base::Unexpected{std::string("mesh: the file names two of them")};
  }
  const auto proven = consensus::verify(read->proof, read->epochs, read->first, trusted.epoch);
  if (!proven) return base::Unexpected{proven.error()};
  const auto op = ledger::Op::parse(read->proof.op, read->mesh);
  if (!op || op->id() != read->op) {
    return base::Unexpected{std::string("op: it is not the one that the file is named for")};
  }
  std::vector<crypto::SignatureCheck> checks;
  op->append_checks(kernel::StatementsOfAgreement(), checks);
  for (const crypto::SignatureCheck& check : checks) {
    if (!crypto::check(check).holds()) {
      return base::Unexpected{std::string("op: a signature in it does not hold")};
    }
  }
  return Json{{"holds", true},
              {"id", op->id().hex()},
              {"kind", ledger::name_of(op->kind())},
              {"author", op->author().hex()},
              {"height", proven->height},
              {"epoch", proven->epoch},
              {"epoch_id", proven->epoch_id.hex()},
              {"timestamp_ms", proven->timestamp_ms}};
}

int verify(Console& console, const VerifyOptions& options) {
  const auto trusted = trusted_by(options);
  if (!trusted) return fail_usage(console, trusted.error());
  std::ifstream file(options.file, std::ios::binary);
  if (!file) return fail_usage(console, "cannot read " + options.file);
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const auto result = verified(text, *trusted);
  if (!result) return fail(console, options.file + " does not hold: " + result.error());
  console.out << render_object(*result, options.format) << std::flush;
  return exit_done;
}

}  // namespace

void add_verify(CLI::App& app, Action& action) {
  auto options = std::make_shared<VerifyOptions>();  // owned by the callback below
  CLI::App* verb = app.add_subcommand("verify", "Check a decision offline");
  verb->footer(
      "Needs the file and the mesh's genesis, or the id of an epoch that the file passes, and no\n"
      "network. Exit code 0 if it holds, 1 if not.\n"
      "Example:\n  parley verify decision.json --genesis genesis.json");
  verb->add_option("file", options->file, "What parley decisions show --proof wrote")->required();
  auto* trust = verb->add_option_group("trust", "What you trust: one of");
  trust->add_option("--genesis", options->genesis, "The mesh's genesis file");
  trust->add_option("--checkpoint", options->checkpoint, "The id of a later epoch");
  trust->require_option(1);
  add_format_option(*verb, options->format);
  verb->callback([options, &action] {
    action = [options](Console& console) { return verify(console, *options); };
  });
}

}  // namespace cli
